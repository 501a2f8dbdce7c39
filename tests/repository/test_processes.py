"""Processes start in few, named places, and never through a shell."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tests.repository.checkout import PRODUCT, Allowed, files, python_files, tree

STARTERS: dict[str, Allowed] = {
    "runner/audit/ssh_keygen.py": Allowed("the verifier of record for signatures of people", "audit"),
    "runner/cli/demo_stage.py": Allowed("the demo types the commands that its people type", "cli"),
    "runner/client/autostart.py": Allowed("starts the embedded service", "client"),
    "runner/engine/links.py": Allowed("starts the step shims, which live on without the service", "engine"),
    "runner/engine/notifier.py": Allowed("the site's own program tells people outside", "engine"),
    "runner/engine/secret_command.py": Allowed("the site's own program gives a secret", "engine"),
    "runner/engine/session.py": Allowed("probes of this machine itself", "engine"),
    "runner/engine/ssh_sharing.py": Allowed("ssh ends the connections that it kept", "engine"),
    "runner/runbook/syntax.py": Allowed("Ansible's syntax check, for lint", "runbook"),
    "runner/runbook/syntax_process.py": Allowed("checks each playbook in a fork of its own", "runbook"),
}
"""Modules of the product that may start a process."""

_CALLS = frozenset(
    {
        "asyncio.create_subprocess_exec",
        "asyncio.create_subprocess_shell",
        "os.fork",
        "os.forkpty",
        "os.popen",
        "os.posix_spawn",
        "os.posix_spawnp",
        "os.system",
        "pty.fork",
        "pty.spawn",
        *(f"os.exec{way}" for way in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
        *(f"os.spawn{way}" for way in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
        *(f"subprocess.{way}" for way in ("Popen", "call", "check_call", "check_output", "getoutput", "run")),
    }
)
_MODULES = frozenset({"multiprocessing", "pexpect", "ptyprocess"})


def test_processes_start_in_named_places_only() -> None:
    starting = [
        f"{path}:{line}" for path in python_files(*PRODUCT) for line in _starts(path) if str(path) not in STARTERS
    ]
    assert starting == []


def test_named_places_start_something() -> None:
    named = {PurePosixPath(name) for name in STARTERS}
    assert sorted(named - set(files())) == []
    assert [str(path) for path in named & set(files()) if not any(_starts(path))] == []


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess\nsubprocess.run(['ls'])",
        "from subprocess import Popen\nPopen(['ls'])",
        "import subprocess as s\ns.check_output(['ls'])",
        "import asyncio\nasync def f():\n    await asyncio.create_subprocess_exec('ls')",
        "import os\nos.execv('/bin/ls', [])",
        "import multiprocessing",
    ],
)
def test_a_start_is_seen(source: str) -> None:
    assert list(_starts_in(ast.parse(source))) != []


def test_names_alone_start_nothing() -> None:
    assert list(_starts_in(ast.parse("import subprocess\nend = subprocess.TimeoutExpired\nrun(1)"))) == []


def _starts(path: PurePosixPath) -> Iterator[int]:
    return _starts_in(tree(path))


def _starts_in(module: ast.Module) -> Iterator[int]:
    """Lines of a module that start a process or import what does nothing else."""
    names: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
            if any(alias.name.partition(".")[0] in _MODULES for alias in node.names):
                yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            if node.module.partition(".")[0] in _MODULES:
                yield node.lineno
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and _called(node.func, names) in _CALLS:
            yield node.lineno


def _called(function: ast.expr, names: dict[str, str]) -> str:
    """The full name of a called function, as far as the imports of its module tell."""
    if isinstance(function, ast.Name):
        return names.get(function.id, "")
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return f"{names.get(function.value.id, '')}.{function.attr}"
    return ""
