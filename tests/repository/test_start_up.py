"""What is not imported: an idle service stays small, the terminal UI and short commands start at once."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.repository.checkout import ROOT

_LATE = {"alembic", "ansible", "ansible_runner", "argon2", "fabric", "invoke", "paramiko", "pyotp", "rich", "textual"}

_FORBIDDEN = {
    "import runner.service.server, runner.service.stream": _LATE | {"httpx"},
    "import runner.service.app, runner.service.access.access": {"argon2", "pyotp"},
    "import runner.client.service, runner.client.signing": {
        "ansible",
        "fabric",
        "fastapi",
        "paramiko",
        "sqlalchemy",
        "textual",
        "uvicorn",
    },
    "import runner.store.store": _LATE | {"fastapi", "uvicorn"},
}
"""What a part may not bring into memory by being imported."""

_SHORT = "from runner.cli.main import main\ntry:\n    main(['--version'])\nexcept SystemExit:\n    pass"

_STANDARD = sys.stdlib_module_names | {"runner", "__main__", "sitecustomize", "usercustomize"}


@pytest.mark.parametrize("source", _FORBIDDEN)
def test_late_imports_stay_late(source: str) -> None:
    loaded = {name.partition(".")[0] for name in _loaded(source)}
    assert loaded & _FORBIDDEN[source] == set()


def test_the_version_needs_the_standard_library_only() -> None:
    added = _loaded(_SHORT) - _loaded("pass")
    assert {name for name in added if name.partition(".")[0] not in _STANDARD} == set()
    assert {"asyncio", "subprocess", "sqlite3", "ssl", "typing_extensions"} & added == set()


def test_loading_is_seen() -> None:
    assert "textual.app" in _loaded("import textual.app")


def _loaded(source: str) -> set[str]:
    """Names of the modules a fresh Python has loaded after running `source`."""
    told = subprocess.run(
        [sys.executable, "-c", f"{source}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"],
        check=True,
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
    ).stderr
    loaded: list[str] = json.loads(told.splitlines()[-1])
    return set(loaded)
