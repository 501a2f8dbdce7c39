"""Measurements of Twokey, run by `make bench`."""
