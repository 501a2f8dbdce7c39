"""What happens in the demonstration's run, beat by beat; between two beats it waits for people where they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum

from runner.model.plan import Role
from runner.model.run import Choice, HostOutcome, Question, RunState
from runner.rules.expansion import AFTER_ROLLBACK
from runner.rules.tags import Tag
from tui.demo.run import DemoRun

Beat = Callable[[], None]


class Ending(StrEnum):
    """How the demonstration's run goes."""

    SUCCEEDS = "succeeds"
    ROLLS_BACK = "rolls_back"
    """The watch finds the new version unfit; the run rolls back by itself."""
    ASKS = "asks"
    """The end of the upgrade is not seen; two people decide."""


def beats(run: DemoRun, ending: Ending) -> Iterator[Beat]:
    """Everything that happens after the confirmer has signed."""
    yield lambda: _begin(run, "preflight", Role.DO, "reachable, free disk, clock")
    yield lambda: run.end(step_done=True)
    yield lambda: _begin(run, "backup", Role.DO, "dump the database")
    yield lambda: _work(run, "dump the database", HostOutcome.CHANGED, "41 GiB in 1 file")
    yield lambda: run.begin("backup", Role.VERIFY)
    yield lambda: run.end(step_done=True)
    yield lambda: run.wait_with_sheet("announce")
    yield lambda: run.wait_at_gate("upgrade")
    yield lambda: _begin(run, "upgrade", Role.DO, "replace the packages")
    if ending is Ending.ASKS:
        yield lambda: run.end(HostOutcome.UNKNOWN, "the shim is gone and left no result")
        yield lambda: _ask(run)
        return
    yield lambda: _work(run, "replace the packages", HostOutcome.CHANGED, "15.6 -> 15.7")
    yield lambda: run.begin("upgrade", Role.VERIFY)
    yield lambda: run.end(step_done=True)
    yield lambda: _begin(run, "observation", Role.SOAK, "look at health")
    if ending is Ending.SUCCEEDS:
        yield lambda: run.end(step_done=True)
        yield lambda: run.move(RunState.SUCCEEDED)
        return
    yield lambda: _fail(run)
    yield from undoing(run)


def undoing(run: DemoRun) -> Iterator[Beat]:
    """The rollback, newest first."""
    yield lambda: run.begin("upgrade", Role.WRITES_OFF)
    yield run.end
    yield lambda: _begin(run, "upgrade", Role.ROLLBACK, "restore the former version")
    yield lambda: _work(run, "restore the former version", HostOutcome.CHANGED, "15.7 -> 15.6")
    yield lambda: run.begin("upgrade", Role.ROLLBACK_VERIFY)
    yield lambda: run.end(step_done=True)
    yield lambda: run.begin(AFTER_ROLLBACK, Role.HEALTH)
    yield lambda: run.end(step_done=True)
    yield lambda: run.move(RunState.ROLLED_BACK)


def _begin(run: DemoRun, step: str, role: Role, task: str) -> None:
    run.begin(step, role)
    run.tell("task_start", task=task)
    for host in run.plan.binding.hosts:
        run.tell("host_start", host.name, task)


def _work(run: DemoRun, task: str, outcome: HostOutcome, message: str) -> None:
    for host in run.plan.binding.hosts:
        run.tell(outcome.value, host.name, task, result={"msg": message})
    run.end(outcome)


def _fail(run: DemoRun) -> None:
    first, second = (host.name for host in run.plan.binding.hosts)
    reason = "replication slot missing; application login: 3 of 20 failed"
    run.tell(
        "failed", first, "look at health", result={"msg": f"\x1b[31m{reason}\x1b[0m [bold]expected 20 of 20[/bold]"}
    )
    run.tell("ok", second, "look at health")
    run.end(HostOutcome.FAILED, f'task "look at health": {reason}', others=HostOutcome.OK)
    run.note(Tag.RUN_TURNED_BACK, {"cause": "step_failed", "scope": "batch", "failed": [first]})


def _ask(run: DemoRun) -> None:
    run.ask(
        Question.OUTCOME_UNKNOWN,
        "upgrade",
        (Choice.MARK_DONE, Choice.REPEAT, Choice.ROLL_BACK, Choice.ABANDON),
        "the shim is gone and left no result",
    )
