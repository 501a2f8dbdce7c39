"""Ansible's own syntax check, for `lint`: run as the person who asks, without anything of the service.

Roles, included files that are named plainly, modules and collections are looked for in the given `playbooks/` folder
and nowhere else, as in a run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.errors import UsageError
from runner.runbook.ansible_folders import FOLDERS, NOT_FROM_CONTENT
from runner.runbook.problems import Problem
from runner.words import N_

_PROCESS = Path(__file__).with_name("syntax_process.py")
_HANDED_ON = ("HOME", "LOGNAME", "PATH", "TMPDIR", "USER")
_LOCALE = "C.UTF-8"
_SECONDS = 300
_MESSAGE = re.compile(r"^\[ERROR\]: (.*?)(?=^\[(?:ERROR|WARNING|DEPRECATION WARNING)\]: |\Z)", re.DOTALL | re.MULTILINE)
_ORIGIN = re.compile(r"^Origin: (?P<path>.+?)(?::(?P<line>\d+))?(?::(?P<column>\d+))?$", re.MULTILINE)


def syntax_check(playbooks: Sequence[Path], content: Path) -> tuple[Problem, ...]:
    """Let Ansible check playbooks, all in one process.

    Args:
        playbooks: what to check; places of problems are told in the way these paths are written.
        content: the `playbooks/` folder with roles and modules.

    Raises:
        UsageError: the check itself cannot be run.
    """
    if not playbooks:
        return ()
    with tempfile.TemporaryDirectory(prefix="twokey-lint-") as folder:
        checked = _run(playbooks, content.absolute(), Path(folder))
    problems = {
        problem
        for playbook, (status, output) in zip(playbooks, checked, strict=True)
        if status
        for problem in _problems(playbook, output)
    }
    return tuple(sorted(problems))


def _run(playbooks: Sequence[Path], content: Path, folder: Path) -> list[tuple[int, str]]:
    config = folder / "ansible.cfg"
    config.write_text(_config(content, folder), "utf-8")
    environment = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    environment |= {"LANG": _LOCALE, "LC_ALL": _LOCALE, "ANSIBLE_CONFIG": str(config), "ANSIBLE_HOME": str(folder)}
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_PROCESS)],
            input=json.dumps([str(playbook.absolute()) for playbook in playbooks]),
            env=environment,
            cwd=folder,
            check=True,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
        )
        return [(int(one["status"]), str(one["output"])) for one in json.loads(done.stdout)]
    except subprocess.CalledProcessError as error:
        raise _cannot_check(error.stderr.strip() or str(error)) from error
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise _cannot_check(str(error)) from error


def _cannot_check(reason: str) -> UsageError:
    return UsageError(N_("Ansible's syntax check cannot be run: {reason}"), reason=reason)


def _config(content: Path, folder: Path) -> str:
    settings: dict[str, object] = {
        **{setting: content / name for setting, name in FOLDERS.items()},
        **dict.fromkeys(NOT_FROM_CONTENT, folder / "nothing"),
        "collections_scan_sys_path": False,
        "duplicate_dict_key": "error",
        "local_tmp": folder / "tmp",
        "nocolor": True,
        "nocows": True,
    }
    return "[defaults]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())


def _problems(playbook: Path, output: str) -> Iterator[Problem]:
    """What Ansible said of a playbook that is wrong; when it is not understood, all of it is told."""
    messages = [found[1] for found in _MESSAGE.finditer(output)] or [output]
    for message in messages:
        origins = list(_ORIGIN.finditer(message))
        text = message[: origins[0].start()] if origins else message
        path, line, column = _place(origins[-1]) if origins else (None, 1, 1)
        yield Problem(_shown(path, playbook), line, column, " ".join(text.split()))


def _place(origin: re.Match[str]) -> tuple[Path, int, int]:
    return Path(origin["path"]), int(origin["line"] or 1), int(origin["column"] or 1)


def _shown(path: Path | None, playbook: Path) -> str:
    """A file in the way the playbook's own path is written."""
    if path is None or path == playbook.absolute():
        return str(playbook)
    return str(path) if playbook.is_absolute() else os.path.relpath(path)
