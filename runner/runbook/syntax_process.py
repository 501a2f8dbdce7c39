"""Ansible's syntax check of many playbooks in one process; started by `runner.runbook.syntax`, never imported.

Ansible stops at the first playbook that is wrong and keeps what it learnt of it. So everything is imported once, and
each playbook is checked in a fork of its own. Standard input is a JSON list of playbooks; standard output is a JSON
list with, for each, what Ansible said and its exit status.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from typing import TypedDict

from ansible import context
from ansible.cli import CLI
from ansible.cli.playbook import PlaybookCLI
from ansible.plugins import loader as plugins
from ansible.utils.context_objects import CLIArgs


class Checked(TypedDict):
    """What became of one playbook."""

    status: int
    output: str


class _Checks:
    """The checks of this process; in a fork, the one it makes."""

    def __init__(self, playbooks: list[str]) -> None:
        self.playbooks = playbooks
        self.checked: list[Checked] = []
        self.is_fork = False

    def check_next(self) -> str | None:
        """In a fork, the playbook to check; in the process they all come from, None when all have been checked."""
        for playbook in self.playbooks:
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                self.is_fork = True
                os.dup2(writing, 1)
                os.dup2(writing, 2)
                return playbook
            os.close(writing)
            with os.fdopen(reading, encoding="utf-8", errors="replace") as said:
                output = said.read()
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            self.checked.append({"status": status, "output": output})
        return None


def main() -> None:
    """Check what standard input names."""
    checks = _Checks(json.load(sys.stdin))

    class _Forks(CLI):  # type: ignore[misc]  # ansible-core ships no types
        """Stands between `PlaybookCLI` and `CLI`: its `run` comes after the arguments and before all else."""

        def run(self) -> None:
            super().run()
            for loader in (plugins.connection_loader, plugins.shell_loader, plugins.become_loader):
                for _plugin in loader.all(class_only=True):
                    pass
            gc.freeze()
            playbook = checks.check_next()
            if playbook is None:
                raise SystemExit(0)
            context.CLIARGS = CLIArgs({**context.CLIARGS, "args": (playbook,)})

    class _ForkingPlaybookCLI(PlaybookCLI, _Forks):  # type: ignore[misc]  # as above
        """`ansible-playbook` that forks before it reads a playbook."""

    try:
        _ForkingPlaybookCLI.cli_executor(["ansible-playbook", "--syntax-check", "-i", "localhost,", *checks.playbooks])
    except SystemExit as end:
        if checks.is_fork:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code if isinstance(end.code, int) else 1)
        if end.code:
            raise
    json.dump(checks.checked, sys.stdout)


if __name__ == "__main__":
    gc.disable()
    sys.dont_write_bytecode = True
    main()
