"""`ansible-playbook` with a border between reading its arguments and reading anything they name.

While it waits it imports and loads what every play needs, from Ansible's own files only: nothing of the snapshot is
touched before the play is let go.
"""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NoReturn

from ansible.cli import CLI
from ansible.cli.playbook import PlaybookCLI
from ansible.parsing.dataloader import DataLoader
from ansible.plugins import loader as plugins
from ansible.template import Templar, trust_as_template

from runner.engine.ansible_side import session
from runner.engine.ansible_side.border import Border, Exit
from runner.engine.ansible_side.talk import Talk

_COLLECT_AFTER = 20_000
"""Objects made between two garbage collections; a play lives too short for Python's default to pay."""

_ACTIONS = (
    "normal",
    "command",
    "copy",
    "template",
    "set_fact",
    "debug",
    "assert",
    "gather_facts",
    "set_stats",
    "service",
)
"""Actions nearly every playbook uses; each forked worker would otherwise import its own again."""

_EXECUTION = (
    "ansible.executor.module_common",
    "ansible.executor.process.worker",
    "ansible.playbook.handler_task_include",
    "multiprocessing.popen_fork",
    "multiprocessing.synchronize",
)
"""Modules that Ansible imports only once a task runs."""


def run_playbook(border: Border, talk: Talk, argv: list[str]) -> NoReturn:
    """Run `ansible-playbook` behind the border.

    Raises:
        SystemExit: always, with the exit status of Ansible or of the border.
    """
    given: dict[str, str] = {}

    class _Border(CLI):  # type: ignore[misc]  # ansible-core ships no types
        """Stands between `PlaybookCLI` and `CLI`: its `run` comes after the arguments and before all else."""

        def run(self) -> None:
            super().run()
            _get_ready(border)
            go = border.wait_for_go(argv)
            given.update(go.secrets)
            talk.begin(session.begin(border, go))

    class _BorderedPlaybookCLI(PlaybookCLI, _Border):  # type: ignore[misc]  # as above
        """`ansible-playbook` that waits at the border, and whose plays find what was given there."""

        def _play_prereqs(self) -> tuple[Any, Any, Any]:
            loader, inventory, variables = super()._play_prereqs()
            # Python text is data to Ansible: no template in it is ever evaluated.
            variables._extra_vars.update(given)  # noqa: SLF001 - Ansible takes such variables from files and arguments only
            return loader, inventory, variables

    _BorderedPlaybookCLI.cli_executor(argv)
    raise SystemExit(Exit.BROKEN)


def _get_ready(border: Border) -> None:
    """Load what plays need until the driver has decided; what is left over the play loads by itself."""
    for load in _loads():
        if border.is_wanted():
            break
        load()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 50)
    gc.enable()


def _loads() -> Iterator[Callable[[], object]]:
    """Pieces of getting ready, the most useful first."""
    for loader in (
        plugins.connection_loader,
        plugins.shell_loader,
        plugins.become_loader,
        plugins.callback_loader,
        plugins.vars_loader,
    ):
        yield partial(_load_all, loader)
    yield _import_execution
    for loader, name in (
        (plugins.strategy_loader, "linear"),
        (plugins.inventory_loader, "yaml"),
        (plugins.cache_loader, "memory"),
        *((plugins.action_loader, action) for action in _ACTIONS),
    ):
        yield partial(_load, loader, name)
    yield _warm_templates


def _load_all(loader: plugins.PluginLoader) -> None:
    for _plugin in loader.all(class_only=True):
        pass


def _load(loader: plugins.PluginLoader, name: str) -> None:
    loader.get(name, class_only=True)


def _import_execution() -> None:
    """Import what runs tasks, so that no worker has to do it for itself."""
    for name in _EXECUTION:
        importlib.import_module(name)


def _warm_templates() -> None:
    """Load the filters and tests, which the first template anywhere needs."""
    template = trust_as_template("{{ 'a' | default('b') is string }}")
    Templar(loader=DataLoader(), variables={}).template(template)
