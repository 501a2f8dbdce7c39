"""What `make` says and does before anything is set up."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repository.checkout import ROOT, git, read

_TOOLS = ("cat", "dirname", "echo", "find", "git", "pwd", "rm", "sh", "ssh-keygen", "touch")
"""Programs that the targets need and that a test may take away."""

_GOOD_PYTHON = "#!/bin/sh\nexit 0\n"
_OLD_PYTHON = '#!/bin/sh\ncase "$2" in *version_info*) echo 3.9; exit 1;; esac\n'
_BROKEN_PYTHON = "#!/bin/sh\nexit 127\n"
_PYTHON_WITHOUT_VENV = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n'

_INSTALL = "Debian 12 or newer: apt-get install -y --no-install-recommends "


@pytest.fixture
def checkout(awkward_folder: Path) -> Path:
    """A checkout that was never set up, in a folder with an awkward name."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, awkward_folder)
    (awkward_folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/require", awkward_folder / ".ci")
    return awkward_folder


@pytest.mark.parametrize(
    "without, python, said, packages",
    [
        ("python3", None, "python3: not found (Python 3.11 or newer)", "python3 python3-venv"),
        ("", _OLD_PYTHON, "python3: Python 3.11 or newer is needed, this is 3.9 (", "python3 python3-venv"),
        (
            "",
            _BROKEN_PYTHON,
            "python3: Python 3.11 or newer is needed, this is one that does not start",
            "python3 python3-venv",
        ),
        ("", _PYTHON_WITHOUT_VENV, "the venv module of python3", "python3-venv"),
        ("git", _GOOD_PYTHON, "git: not found", "git"),
        ("ssh-keygen", _GOOD_PYTHON, "ssh-keygen: not found", "openssh-client"),
    ],
    ids=["no python", "old python", "broken python", "no venv", "no git", "no ssh-keygen"],
)
def test_what_is_missing_is_named(
    checkout: Path, tmp_path: Path, without: str, python: str | None, said: str, packages: str
) -> None:
    made = _make(checkout, _programs(tmp_path, without, python), "setup")
    assert made.returncode != 0
    assert "twokey: missing on this machine:" in made.stderr
    assert said in made.stderr
    assert f"{_INSTALL}{packages}\n" in made.stderr
    assert not (checkout / ".venv").exists()


def test_everything_missing_is_named_at_once(checkout: Path, tmp_path: Path) -> None:
    made = _make(checkout, _programs(tmp_path, "git ssh-keygen", None), "test")
    assert f"{_INSTALL}python3 python3-venv git openssh-client\n" in made.stderr


def test_another_python_can_be_named(checkout: Path, tmp_path: Path) -> None:
    made = _make(checkout, _programs(tmp_path, "", None), "requirements", "PYTHON=python3.99")
    assert "python3.99: not found" in made.stderr


def test_nothing_is_said_when_nothing_is_missing(checkout: Path, tmp_path: Path) -> None:
    made = _make(checkout, _programs(tmp_path, "", _GOOD_PYTHON), "requirements")
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")


def test_cleaning_needs_nothing_and_removes_what_is_read_only(checkout: Path, tmp_path: Path) -> None:
    snapshot = checkout / ".demo/state/snapshots/sha256"
    snapshot.mkdir(parents=True)
    (snapshot / "play.yml").touch()
    snapshot.chmod(0o500)
    for folder in ("runner", "tui", "tests", "bench", "playbooks"):
        (checkout / folder / "__pycache__").mkdir(parents=True)
    programs = _programs(tmp_path, "git ssh-keygen", None)
    (programs / "chmod").symlink_to(str(shutil.which("chmod")))
    made = _make(checkout, programs, "clean")
    assert made.returncode == 0, made.stderr
    assert not (checkout / ".demo").exists()
    assert list(checkout.rglob("__pycache__")) == []


def test_help_names_every_target_that_a_person_calls() -> None:
    described = re.findall(r'@echo "make (\w+) ', read("Makefile"))
    phony = re.search(r"^\.PHONY: help (.+)$", read("Makefile"), re.MULTILINE)
    assert phony is not None
    assert sorted(described) == sorted(phony[1].split())


def test_continuous_integration_runs_make_test() -> None:
    assert re.search(r"^make test\b", read(".ci/run"), re.MULTILINE)
    assert git("ls-files", "--stage", ".ci/run", ".ci/require").count("100755 ") == 2


def _programs(folder: Path, without: str, python: str | None) -> Path:
    """A folder to be the whole PATH: the usual tools, less some, and a `python3` made of a script."""
    programs = folder / "programs"
    programs.mkdir()
    for tool in _TOOLS:
        if tool not in without.split():
            (programs / tool).symlink_to(str(shutil.which(tool)))
    if python is not None:
        (programs / "python3").write_text(python, "utf-8")
        (programs / "python3").chmod(0o755)
    return programs


def _make(checkout: Path, programs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    make = shutil.which("make")
    assert make is not None
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "PYTHON"}
    return subprocess.run(
        [make, *arguments],
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=checkout,
        env={**inherited, "PATH": str(programs)},
    )
