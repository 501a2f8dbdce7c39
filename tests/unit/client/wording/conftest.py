"""Words are read in English unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.model.site import Site
from runner.words import use_language
from tests.desk_site import write_site


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("en")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A small site, nothing of it published."""
    return write_site(tmp_path / "site")
