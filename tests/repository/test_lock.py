"""`requirements.lock` pins everything by hash for every supported Python, and names no address."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.repository.checkout import PYTHONS, read

_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class _Pin:
    requirement: Requirement
    hashes: tuple[str, ...]


def test_lock_holds_nothing_but_pins() -> None:
    assert [
        str(pin.requirement) for pin in _pins() if not re.fullmatch(r"==[\w.!+]+", str(pin.requirement.specifier))
    ] == []
    assert [str(pin.requirement) for pin in _pins() if pin.requirement.url] == []


def test_every_pin_has_hashes() -> None:
    pins = list(_pins())
    assert len(pins) > 50
    assert [str(pin.requirement) for pin in pins if not pin.hashes] == []


def test_lock_names_no_address() -> None:
    assert "://" not in read("requirements.lock")
    assert [line for line in read("requirements.lock").splitlines() if line.startswith(("-", "#"))] == []


@pytest.mark.parametrize("python", PYTHONS)
def test_lock_meets_what_the_project_declares(python: str) -> None:
    """Each declared dependency is pinned once for each Python, within its bounds."""
    pinned: dict[str, list[Requirement]] = {}
    for pin in _pins():
        if _applies(pin.requirement, python):
            pinned.setdefault(canonicalize_name(pin.requirement.name), []).append(pin.requirement)
    assert [name for name, pins in pinned.items() if len(pins) != 1] == []
    unmet = [
        str(declared)
        for declared in _declared()
        if _applies(declared, python)
        and not any(
            declared.specifier.contains(str(pin.specifier).removeprefix("=="), prereleases=True)
            for pin in pinned.get(canonicalize_name(declared.name), [])
        )
    ]
    assert unmet == [], "make lock"


def _pins() -> Iterator[_Pin]:
    for block in read("requirements.lock").replace("\\\n", "").splitlines():
        requirement, *_ = block.split("--hash=")
        yield _Pin(Requirement(requirement.strip()), tuple(_HASH.findall(block)))


def _declared() -> Iterator[Requirement]:
    project = tomllib.loads(read("pyproject.toml"))
    declared = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return (Requirement(text) for text in declared)


def _applies(requirement: Requirement, python: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(
        {"python_version": python, "python_full_version": f"{python}.0"}
    )
