"""The wheel holds the two packages and what a site is made from, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import PurePosixPath

import pytest

import runner
from tests.repository.checkout import PRODUCT, ROOT, files

SITE = {
    "runbooks": "runner/site_files/runbooks",
    "playbooks": "runner/site_files/playbooks",
    "inventory/demo": "runner/site_files/inventory/demo",
    "inventory/example": "runner/site_files/inventory/example",
    "inventory/policy.schema.json": "runner/site_files/inventory/policy.schema.json",
    "inventory/secrets.schema.json": "runner/site_files/inventory/secrets.schema.json",
    "inventory/site.yml": "runner/site_files/inventory/site.yml",
}
"""What of the checkout `twokey init` makes a site from, and where the wheel keeps it."""

_METADATA = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        check=True,
        cwd=ROOT,
        capture_output=True,
    )
    (built,) = folder.iterdir()
    assert built.name == f"twokey-{runner.__version__}-py3-none-any.whl"
    return zipfile.ZipFile(built)


def test_the_wheel_holds_what_it_should_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    held = set(wheel.namelist())
    described = f"twokey-{runner.__version__}.dist-info"
    expected = {*_shipped().values(), *(f"{described}/{name}" for name in _METADATA)}
    assert sorted(held - expected) == []
    assert sorted(expected - held) == []


def test_there_is_something_to_make_a_site_from() -> None:
    shipped = _shipped().values()
    assert [
        place for place in SITE.values() if not any(PurePosixPath(name).is_relative_to(place) for name in shipped)
    ] == []


def test_programs_stay_executable(wheel: zipfile.ZipFile) -> None:
    wrong = [
        str(path)
        for path, name in _shipped().items()
        if bool((ROOT / path).stat().st_mode & 0o100) != bool(wheel.getinfo(name).external_attr >> 16 & 0o100)
    ]
    assert wrong == []


def test_the_command_is_declared(wheel: zipfile.ZipFile) -> None:
    entry_points = wheel.read(f"twokey-{runner.__version__}.dist-info/entry_points.txt").decode()
    assert entry_points.split() == ["[console_scripts]", "twokey", "=", "runner.cli.main:main"]


def _shipped() -> dict[PurePosixPath, str]:
    """Files of the checkout that belong into the wheel, and the names they get there."""
    shipped: dict[PurePosixPath, str] = {}
    for path in files():
        if path.parts[0] in PRODUCT:
            shipped[path] = str(path)
        for folder, place in SITE.items():
            if path.is_relative_to(folder):
                shipped[path] = str(PurePosixPath(place, path.relative_to(folder)))
    return shipped
