"""Writes `docs/states.md` from the tables of transitions: `python -m tests.states_page`."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from runner.model import request, run
from runner.model.request import RequestState
from runner.model.run import AttemptState, RunState
from runner.rules.transitions import ATTEMPTS, REQUESTS, RUNS

State = TypeVar("State", bound=StrEnum)

PAGE = Path(__file__).parents[1] / "docs" / "states.md"

_GROUPS: Mapping[str, Sequence[RunState]] = {
    "starting": (RunState.CONFIRMING,),
    "forward": (
        RunState.RUNNING,
        RunState.VERIFYING,
        RunState.OBSERVING,
        RunState.AT_GATE,
        RunState.AT_SHEET,
    ),
    "people": (RunState.PAUSED, RunState.AWAITING_DECISION, RunState.OUTCOME_UNKNOWN),
    "back": (RunState.ROLLING_BACK, RunState.ROLLBACK_FAILED),
    "result": (RunState.SUCCEEDED, RunState.ROLLED_BACK, RunState.FAILED, RunState.ABANDONED),
    "over": (RunState.LAPSED, RunState.CLOSED),
}
"""States of a run that belong together; the drawing shows arrows between groups, the matrix every single one."""

_INTRODUCTION = """\
# States

What a request, a run and an attempt may become. The tables are `runner.rules.transitions`; this page is written from
them by `python -m tests.states_page`, and a test checks that it is current. Every transition is one database
transaction that also writes its log entry.
"""

_GROUPING = """\
The drawing shows groups of states; a run in a group may go wherever an arrow leads, as far as the matrix below allows
it.
"""


def page() -> str:
    """The whole page."""
    parts = [
        _INTRODUCTION,
        "## Requests\n",
        _drawing(REQUESTS),
        _meanings(RequestState, _docs(request)),
        "## Runs\n",
        _GROUPING,
        _groups(),
        _matrix(),
        _meanings(RunState, _docs(run)),
        "## Attempts\n",
        _drawing(ATTEMPTS),
        _meanings(AttemptState, _docs(run)),
    ]
    return "\n".join(parts)


def _drawing(table: Mapping[State, frozenset[State]]) -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {next(iter(table))}"]
    for old, allowed in table.items():
        lines += [f"    {old} --> {new}" for new in sorted(allowed)]
        lines += [] if allowed else [f"    {old} --> [*]"]
    return "\n".join([*lines, "```", ""])


def _groups() -> str:
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> starting"]
    for name, states in _GROUPS.items():
        lines.append(f"    state {name} {{")
        lines += [f"        {state}" for state in states]
        lines.append("    }")
    for source, olds in _GROUPS.items():
        for target, news in _GROUPS.items():
            if source != target and any(new in RUNS[old] for old in olds for new in news):
                lines.append(f"    {source} --> {target}")
    return "\n".join([*lines, "    over --> [*]", "```", ""])


def _matrix() -> str:
    columns = [state for state in RunState if any(state in allowed for allowed in RUNS.values())]
    head = "| from \\ to | " + " | ".join(columns) + " |"
    rule = "|---|" + "---|" * len(columns)
    rows = [
        f"| **{old}** | " + " | ".join("●" if new in allowed else " " for new in columns) + " |"
        for old, allowed in RUNS.items()
        if allowed
    ]
    return "\n".join([head, rule, *rows, ""])


def _meanings(states: type[StrEnum], docs: Mapping[str, Mapping[str, str]]) -> str:
    """What the states mean that say so where they are defined."""
    told = docs[states.__name__]
    lines = [f"* `{state}`: {told[state.name]}" for state in states if state.name in told]
    return "\n".join([*lines, ""])


def _docs(module: ModuleType) -> Mapping[str, Mapping[str, str]]:
    """The texts under the members of a module's enums."""
    tree = ast.parse(inspect.getsource(module))
    found: dict[str, dict[str, str]] = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        texts = found.setdefault(node.name, {})
        for member, text in zip(node.body, node.body[1:], strict=False):
            if (
                isinstance(member, ast.Assign)
                and isinstance(member.targets[0], ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            ):
                texts[member.targets[0].id] = " ".join(str(text.value.value).split())
    return found


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
