"""Screens: each composes its widgets, asks the backend in workers, and says what was chosen."""
