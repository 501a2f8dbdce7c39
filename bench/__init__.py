"""Benchmarks: what Twokey costs beside the raw commands, as ratios measured in one run (`make bench`)."""
