"""Runbooks, inventory and settings: from files with places to values."""
