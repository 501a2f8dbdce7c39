"""Colours, named by what they mean; every state is a word as well."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

THEME: Final = Theme(
    name="twokey",
    primary="#5fafd7",
    secondary="#8a8a8a",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    success="#5faf5f",
    warning="#d7af5f",
    error="#ff5f5f",
    dark=True,
    variables={
        "good": "#5faf5f",
        "bad": "#ff6b6b",
        "wait": "#d7af5f",
        "strong": "#ffffff",
        "faint": "#8a8a8a",
        "alarm": "#ffffff",
        "alarm-ground": "#af0000",
        "cursor-ground": "#005f87",
        "cursor-idle-ground": "#303030",
    },
)
