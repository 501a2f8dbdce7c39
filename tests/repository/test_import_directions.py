"""The import contracts of `pyproject.toml` let the design pass, and catch what it forbids.

`make check` holds the product to the contracts; these tests hold the contracts to the design, with two small trees of
modules: one that does everything that is allowed, one that does everything that is not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.repository.checkout import ROOT, read

ALLOWED = {
    "runner/cli/tui.py": ["tui.app", "runner.client.api"],
    "runner/cli/audit.py": ["runner.audit.log", "runner.store.rows"],
    "runner/client/api.py": ["httpx", "runner.wire.shapes", "runner.runbook.loader", "runner.proof.note"],
    "runner/client/signer.py": ["paramiko"],
    "runner/service/app.py": ["fastapi", "uvicorn", "runner.engine.machine", "runner.store.rows", "runner.audit.log"],
    "runner/engine/machine.py": ["subprocess", "runner.store.rows", "runner.audit.log", "runner.rules.moves"],
    "runner/engine/ansible.py": ["ansible_runner"],
    "runner/engine/remote.py": ["fabric"],
    "runner/engine/host_keys.py": ["paramiko"],
    "runner/store/rows.py": ["sqlalchemy", "alembic", "runner.wire.shapes", "runner.model.value"],
    "runner/audit/log.py": ["runner.proof.note", "runner.model.value"],
    "runner/runbook/loader.py": ["pydantic", "runner.rules.moves"],
    "runner/rules/moves.py": ["runner.proof.note", "runner.model.value"],
    "runner/wire/shapes.py": ["pydantic", "runner.model.value"],
    "runner/proof/note.py": ["cryptography", "runner.model.value"],
    "runner/model/value.py": ["datetime", "runner.errors"],
    "runner/errors.py": ["runner.words"],
    "runner/words.py": ["os"],
    "tui/app.py": ["textual", "runner.client.api", "runner.wire.shapes", "runner.rules.moves", "runner.words"],
}

FORBIDDEN = {
    "layers": [
        ("runner.model.value", "runner.rules.moves"),
        ("runner.words", "runner.errors"),
        ("runner.store.rows", "runner.audit.log"),
        ("runner.audit.log", "runner.store.rows"),
        ("runner.rules.moves", "runner.wire.shapes"),
        ("runner.client.api", "runner.service.app"),
        ("runner.engine.machine", "runner.service.app"),
    ],
    "client": [("runner.client.api", "runner.engine.machine"), ("runner.client.signer", "runner.store.rows")],
    "tui": [("tui.app", "runner.engine.machine"), ("tui.app", "runner.cli.audit")],
    "no-tui": [("runner.service.app", "tui.app"), ("runner.cli.audit", "tui.app")],
    "ansible": [("runner.engine.machine", "ansible_runner")],
    "fabric": [("runner.engine.machine", "fabric"), ("runner.engine.ansible", "fabric")],
    "paramiko": [("runner.engine.remote", "paramiko"), ("runner.client.api", "paramiko")],
    "pydantic": [("runner.rules.moves", "pydantic"), ("runner.service.app", "pydantic"), ("tui.app", "pydantic")],
    "screen": [("runner.cli.audit", "rich"), ("runner.client.api", "textual")],
    "database": [("runner.engine.machine", "sqlalchemy"), ("runner.audit.log", "sqlalchemy")],
    "web": [("runner.engine.machine", "httpx"), ("runner.cli.audit", "fastapi"), ("tui.app", "httpx")],
    "pure": [("runner.rules.moves", "os"), ("runner.proof.note", "subprocess"), ("runner.model.value", "time")],
}


def test_the_design_passes(tmp_path: Path) -> None:
    _write(tmp_path, ALLOWED)
    report = _lint(tmp_path)
    assert set(re.findall(r"^(.+) KEPT\b", report, re.MULTILINE)) == set(_names().values()), report


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report about a tree that breaks every contract."""
    tree = tmp_path_factory.mktemp("broken")
    modules = {path: list(imports) for path, imports in ALLOWED.items()}
    for importer, imported in (pair for pairs in FORBIDDEN.values() for pair in pairs):
        modules[f"{importer.replace('.', '/')}.py"].append(imported)
    _write(tree, modules)
    return _lint(tree)


@pytest.mark.parametrize("contract", FORBIDDEN)
def test_a_contract_is_broken_by_what_it_forbids(broken: str, contract: str) -> None:
    name = _names()[contract]
    assert f"{name} BROKEN" in broken
    told = broken.partition("Broken contracts")[2].partition(f"\n{name}\n")[2]
    for importer, imported in FORBIDDEN[contract]:
        assert re.search(rf"\b{re.escape(importer)} -> {re.escape(imported)}\b", told), (importer, imported)


def test_every_contract_has_an_example() -> None:
    assert set(FORBIDDEN) == set(_names())


def test_a_package_beside_the_layers_is_noticed(tmp_path: Path) -> None:
    _write(tmp_path, {**ALLOWED, "runner/misplaced/thing.py": []})
    assert "runner.misplaced" in _lint(tmp_path)


def _names() -> dict[str, str]:
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    return {contract["id"]: contract["name"] for contract in contracts}


def _write(tree: Path, modules: dict[str, list[str]]) -> None:
    settings = re.search(r"^\[tool\.importlinter\]\n.*", read("pyproject.toml"), re.DOTALL | re.MULTILINE)
    assert settings is not None
    (tree / "pyproject.toml").write_text(settings[0], "utf-8")
    for name, imports in modules.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"import {module}\n" for module in imports), "utf-8")
        for package in (folder for folder in path.relative_to(tree).parents if folder != Path()):
            (tree / package / "__init__.py").touch()


def _lint(tree: Path) -> str:
    report = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "400"},
    )
    assert str(ROOT) not in report.stdout
    return report.stdout + report.stderr
