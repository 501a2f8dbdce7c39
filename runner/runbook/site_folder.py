"""Which folders are sites; told without reading anything in them, since every command asks."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SITE_FILE: Final = "inventory/site.yml"
"""What makes a folder a site."""


def is_site(folder: Path) -> bool:
    """Whether a folder is a site."""
    return (folder / SITE_FILE).is_file()


def find_site(start: Path) -> Path | None:
    """The nearest folder, from `start` upwards, that is a site."""
    here = start.absolute()
    return next((folder for folder in (here, *here.parents) if is_site(folder)), None)
