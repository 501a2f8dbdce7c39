"""What the project says about itself agrees with itself."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import runner
from tests.repository.checkout import PYTHONS, ROOT, files, read


def test_classifiers_name_the_supported_pythons() -> None:
    minor = r"Programming Language :: Python :: (3\.\d+)"
    named = [match[1] for line in _project()["classifiers"] if (match := re.fullmatch(minor, line))]
    assert tuple(named) == PYTHONS
    assert _project()["requires-python"] == f">={PYTHONS[0]}"
    tools = tomllib.loads(read("pyproject.toml"))["tool"]
    assert tools["mypy"]["python_version"] == PYTHONS[0]
    assert tools["ruff"]["target-version"] == f"py{PYTHONS[0].replace('.', '')}"


def test_licence_is_shipped() -> None:
    assert _project()["license"] == "Apache-2.0"
    assert _project()["license-files"] == ["LICENSE"]
    assert "Apache License" in read("LICENSE")
    assert "Version 2.0, January 2004" in read("LICENSE")


def test_changelog_has_a_place_for_this_version() -> None:
    headings = re.findall(r"^## \[([^\]]+)\]", read("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] in {"Unreleased", runner.__version__}
    assert len(headings) == len(set(headings))


def test_every_dependency_has_a_reason() -> None:
    reasons = read("docs/adr/0007-dependencies.md")
    names = [re.split(r"[^\w-]", line)[0] for line in _project()["dependencies"]]
    assert [
        name for name in names if not re.search(rf"^\|.*\b{re.escape(name)}\b.*\|.*\|$", reasons, re.MULTILINE)
    ] == []


def test_packages_carry_their_types() -> None:
    assert (ROOT / "runner/py.typed").is_file()
    assert (ROOT / "tui/py.typed").is_file()


def test_texts_end_with_one_line_break() -> None:
    kinds = {".py", ".md", ".toml", ".yml", ".yaml", ".json", ".tcss", ".lock"}
    cases = "tests/cases"  # bad input may end as it likes
    texts = [path for path in files() if path.suffix in kinds and not path.is_relative_to(cases) and read(path)]
    assert [str(path) for path in texts if not read(path).endswith("\n") or read(path).endswith("\n\n")] == []


def test_what_is_called_as_a_program_is_executable() -> None:
    scripts = [path for path in files() if (ROOT / path).read_bytes().startswith(b"#!")]
    assert [str(path) for path in scripts if not (ROOT / path).stat().st_mode & 0o111] == []


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads(read("pyproject.toml"))["project"]
    return project
