"""Frozen value types of Twokey; no I/O, no clock, no third-party library."""
