"""Widgets: lines and rows painted one by one, the three top lines, the notice line, the key bar."""
