"""Runbooks and plans for tests, made of as little as the case needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from runner.model.document import JsonValue
from runner.model.plan import Binding, Connection, Group, Host
from runner.model.runbook import (
    Family,
    ManualWork,
    Once,
    Output,
    PlaybookWork,
    PlayRef,
    Probe,
    ProbeKind,
    RemoteWork,
    Risk,
    Rollback,
    Runbook,
    SoakWork,
    Step,
    Targets,
)
from runner.model.text import Text
from runner.model.time import Seconds, Window
from runner.rules.expansion import Expansion, expand

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""When the runs of tests begin."""

TITLE = Text("A change", "变更")


def window(hours: float = 4) -> Window:
    """A window that opens an hour before `NOON` and closes some hours after it."""
    return Window(NOON - timedelta(hours=1), NOON + timedelta(hours=hours))


def play(name: str, **variables: JsonValue) -> PlayRef:
    return PlayRef(f"{name}.yml", variables)


def undo(name: str, **changes: object) -> Rollback:
    """A rollback by the play `NAME_undo.yml`, with its own verification."""
    return replace(Rollback(play(f"{name}_undo"), verify=play(f"{name}_undone")), **changes)  # type: ignore[arg-type]  # fields of Rollback, as the test wants them


def change(name: str, *, rollback: Rollback | None = None, once: Once | None = None, **fields: object) -> Step:
    """A mutating playbook step with verification and rollback."""
    work = PlaybookWork(play(name), verify=play(f"{name}_verify"), rollback=rollback or undo(name))
    return Step(name, replace(work, **fields), once=once)  # type: ignore[arg-type]  # fields of PlaybookWork


def added(name: str, *outputs: Output) -> Step:
    """A mutating step that needs no rollback."""
    because = Text("it only adds a file", "只新增文件")
    return Step(name, PlaybookWork(play(name), verify=play(f"{name}_verify"), outputs=outputs, because=because))


def look(name: str, once: Once | None = None) -> Step:
    """A read-only playbook step."""
    return Step(name, PlaybookWork(play(name), read_only=True), once=once)


def probe(name: str) -> Step:
    return Step(name, RemoteWork((Probe(ProbeKind.REACHABLE),)))


def soak(name: str, lasts: int = 60, every: int = 30, tolerate: int = 0) -> Step:
    return Step(name, SoakWork(play(name), Seconds(lasts), Seconds(every), tolerate))


def by_hand(name: str, *, rollback: bool = True) -> Step:
    """A mutating manual step."""
    way_back = Text("turn it back", "恢复原状") if rollback else None
    because = None if rollback else Text("nothing to undo", "无需回退")
    return Step(name, ManualWork(Text("turn it", "操作"), rollback=way_back, because=because))


def runbook(*steps: Step, **fields: object) -> Runbook:
    made = Runbook(
        id="change",
        version=1,
        family=Family.MAINTENANCE,
        title=TITLE,
        owner="operations",
        risk=Risk.ORDINARY,
        targets=Targets(group="all"),
        steps=steps,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of Runbook, as the test wants them


def host(name: str, **variables: JsonValue) -> Host:
    return Host(name, Connection.LOCAL, f"local:{name}", variables=variables)


def binding(
    *batches: Sequence[str],
    parameters: Mapping[str, JsonValue] | None = None,
    groups: tuple[Group, ...] = (),
    hosts: Sequence[Host] | None = None,
) -> Binding:
    """Hosts in these batches."""
    names = sorted(name for batch in batches for name in batch)
    return Binding(
        environment="demo",
        production=False,
        hosts=tuple(hosts) if hosts is not None else tuple(host(name) for name in names),
        groups=groups or (Group("all", tuple(names)),),
        batches=tuple(tuple(batch) for batch in batches),
        parameters=parameters or {},
        window=None,
    )


def expansion(*steps: Step, batches: Sequence[Sequence[str]] = (("a",),), **fields: object) -> Expansion:
    """Those steps on those batches of hosts."""
    return expand(runbook(*steps, **fields), binding(*batches))
