"""Twokey: runbook automation under two-person control."""

__version__ = "0.1.0"
