"""Dialogs over a screen: they end with an answer, or with none."""
