"""Steps of a change as 王 and li type them, for tests that are about something else."""

from __future__ import annotations

from tests.acceptance.installed import LI, WANG, Installed


def publish(installed: Installed, runbook: str = "note-write") -> None:
    for person in (WANG, LI):
        installed.sign("runbook", "publish", runbook, by=person)


def approved(installed: Installed, *parameters: str) -> str:
    """A request by 王 for a note, approved by li; its number."""
    given = [word for pair in parameters for word in ("-p", pair)]
    window = ("--from", "now", "--to", "+2h", "--reason", "acceptance")
    number = str(installed.sign("request", "note-write", *given, *window, by=WANG)["request"])
    installed.sign("approve", number, by=LI)
    return number


def begun(installed: Installed, number: str) -> str:
    """Start and confirm an approved request; the run."""
    installed.sign("start", number, by=WANG)
    return str(installed.sign("confirm", number, by=LI)["run"])


def pass_gate(installed: Installed, run: str) -> None:
    assert installed.do("run", "watch", run, "--until-waiting")
    for person in (WANG, LI):
        installed.sign("gate", run, by=person)


def close(installed: Installed, run: str, *reason: str) -> None:
    for person in (WANG, LI):
        installed.sign("close", run, "--achieved", "as seen", "--configuration", "no_change", *reason, by=person)
