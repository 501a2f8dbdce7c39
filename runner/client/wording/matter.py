"""What a run is about now, before any log: what failed or is asked, what it means, and what can be chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from runner.client.wording.line import Line, Meaning, Part, label, line, listed
from runner.client.wording.present import Present, clock, span
from runner.model.plan import Role
from runner.model.run import Attempt, AttemptState, Choice, HostOutcome, Question, RunKind, RunState
from runner.model.statement import StatementKind
from runner.wire.api_request import Act
from runner.wire.api_run import Asked, RunShown, StepShown, StepState
from runner.wire.spoken import spoken
from runner.words import N_, _, current_language

UNDOING: Final = (Role.WRITES_OFF, Role.ROLLBACK, Role.ROLLBACK_VERIFY)
"""What an attempt does when its step is undone."""
QUESTIONS: Final = {
    Question.OUTCOME_UNKNOWN: N_("the end of step {step} was not seen; what became of its hosts is not known"),
    Question.STEP_FAILED: N_("step {step} has failed"),
    Question.PAUSED: N_("the run is paused at step {step}"),
    Question.GATE_LATE: N_("nobody has passed the gate of step {step} in time"),
    Question.WINDOW_CLOSED: N_("the window has closed before step {step}"),
    Question.PAST_ROLLBACK_DECISION: N_("after step {step} a rollback would no longer end inside the window"),
    Question.DATA_WOULD_BE_LOST: N_("undoing step {step} loses data written since, and writes are not proven off"),
    Question.ROLLBACK_FAILED: N_("undoing step {step} has failed"),
}
"""Why a run waits, in a sentence."""
_STOPPED: Final = N_("step {step} was stopped at a task border, as was asked; no host was in mid-task")
CONSEQUENCES: Final = {
    Choice.REPEAT: N_("it is done once more, as a new attempt"),
    Choice.MARK_DONE: N_("it is taken as done; the run goes on with its verification"),
    Choice.ROLL_BACK: N_("what was done is undone, newest first"),
    Choice.ABANDON: N_("the run ends where it stands; nothing is undone"),
    Choice.CONTINUE: N_("the run goes on"),
}
"""What follows from each choice."""
_FAILED: Final = (StepState.FAILED, StepState.ROLLING_BACK, StepState.ROLLED_BACK)
_UNWELL: Final = (HostOutcome.FAILED, HostOutcome.UNREACHABLE, HostOutcome.STOPPED)
_RESULTS: Final = {
    RunState.SUCCEEDED: (N_("everything is done and verified; executor and confirmer sign the result"), Meaning.GOOD),
    RunState.ROLLED_BACK: (N_("everything is undone and proven; executor and confirmer sign the result"), Meaning.BAD),
    RunState.FAILED: (
        N_("it failed and nothing was to be undone; executor and confirmer sign the result"),
        Meaning.BAD,
    ),
    RunState.ABANDONED: (N_("two people ended it where it stood; executor and confirmer sign the result"), Meaning.BAD),
    RunState.AWAITING_BUSINESS: (N_("the result is signed by both; a business owner verifies it"), Meaning.WAIT),
    RunState.DISPUTED: (
        N_("the business does not accept it: it is mended and verified again, or closed as not accepted"),
        Meaning.BAD,
    ),
    RunState.ON_TRIAL: (N_("on trial; what a way back needs is kept"), Meaning.WAIT),
    RunState.NOT_ACCEPTED: (N_("it is over, and was not accepted"), Meaning.BAD),
    RunState.CLOSED: (N_("the result is signed by both"), Meaning.PLAIN),
    RunState.LAPSED: (N_("the confirmer did not sign in time; nothing began"), Meaning.PLAIN),
}

_CHECKED: Final = {
    RunState.SUCCEEDED: (N_("the check has ended; nothing was changed, and nothing is left to sign"), Meaning.GOOD),
    RunState.FAILED: (N_("the check has failed; nothing was changed, and nothing is left to sign"), Meaning.BAD),
}
"""What a plan carried out in check mode has come to."""


def matter_lines(shown: RunShown, present: Present) -> tuple[Line, ...]:
    """What the two people must know now; empty while the run simply works."""
    return tuple(_lines(shown, present))


def _lines(shown: RunShown, present: Present) -> Iterator[Line]:
    state = shown.row.state
    if shown.asked is not None:
        yield from _question(shown, shown.asked, present)
    elif state is RunState.AT_GATE:
        yield from gate_lines(shown)
    elif state is RunState.AT_SHEET:
        yield from _sheet(shown)
    elif state in _RESULTS:
        yield from _failures(shown)
        sentence, meaning = (_CHECKED if shown.row.kind is RunKind.CHECK else _RESULTS).get(state, _RESULTS[state])
        yield line(_(sentence), meaning, indent=2)
    elif state is RunState.ROLLING_BACK:
        yield from _failures(shown)
        takes = _("what was done is undone by itself, newest first; it takes about {span}")
        yield line(takes.format(span=span(shown.rollback_estimate)), Meaning.WAIT, indent=2)
    else:
        yield from _failures(shown)
    yield from _wishes(shown)
    yield from _first_signature(shown.act, present)


def _question(shown: RunShown, asked: Asked, present: Present) -> Iterator[Line]:
    """Expected, found, consequence, choices: before any output."""
    attempt = _attempt_asked(shown, asked)
    stopped = attempt is not None and attempt.state is AttemptState.CANCELLED
    question = _STOPPED if stopped else QUESTIONS[asked.question]
    meaning = Meaning.ALARM if asked.question is Question.OUTCOME_UNKNOWN else Meaning.BAD
    yield line(_(question).format(step=asked.step or "-"), meaning, indent=2)
    if asked.reason and not stopped:
        yield Line((Part(_("found: "), Meaning.FAINT), Part(asked.reason, Meaning.BAD)), 2)
    if attempt is not None:
        yield from _known(attempt, present)
    for choice in asked.choices:
        consequence = _(CONSEQUENCES[choice])
        yield Line((Part("  " + label(spoken(choice.value)), Meaning.STRONG), Part(consequence)), 4)


def _failures(shown: RunShown) -> Iterator[Line]:
    """What has failed, and what was found, of every step that stands failed or is undone because of it."""
    for step in shown.steps:
        last = next((each for each in reversed(step.attempts) if each.key.role not in UNDOING), None)
        if last is not None and last.state is AttemptState.FAILED and step.state in _FAILED:
            found = last.reason or "-"
            hosts = [host for host, outcome in last.outcomes.items() if outcome in _UNWELL]
            text = _("step {step} has failed on {hosts}: ").format(step=step.id, hosts=listed(hosts) or "-")
            if found.startswith(tuple(f"{host}: " for host in hosts)):
                text = _("step {step} has failed: ").format(step=step.id)
            yield Line((Part(text, Meaning.BAD), Part(found)), 2)


def _known(attempt: Attempt, present: Present) -> Iterator[Line]:
    """What is known of an attempt whose end was not seen."""
    unknown = [host for host, outcome in attempt.outcomes.items() if outcome is HostOutcome.UNKNOWN]
    if attempt.state is not AttemptState.UNKNOWN:
        return
    began = clock(attempt.began_at, present) or "-"
    text = _("known: it began at {began}; no end was seen on {hosts}").format(
        began=began, hosts=listed(unknown or attempt.hosts)
    )
    yield line(text, indent=2)
    for host, found in attempt.settled.items():
        yield line(_("the probe found on {host}: {found}").format(host=host, found=spoken(found)), indent=2)


def gate_lines(shown: RunShown) -> Iterator[Line]:
    """What the two people at a gate let happen, and the way back from there."""
    step = _step_at(shown)
    if step is None:
        return
    says = step.gate_says.in_language(current_language()) if step.gate_says else ""
    yield line(_("gate before step {step}: both sign to go on").format(step=step.id), Meaning.WAIT, indent=2)
    if says:
        yield line(says, Meaning.STRONG, indent=2)
    yield line(_("hosts: {hosts}").format(hosts=listed(step.hosts)), indent=2)
    if step.rollback:
        way_back = _("from here the way back is {play}").format(play=step.rollback)
        loss = _("REWINDS DATA written from now on") if step.rewinds_data else ""
        yield Line((Part(way_back), Part(f"  {loss}" if loss else "", Meaning.BAD)), 2)
    elif step.because:
        because = step.because.in_language(current_language())
        yield line(_("it has no rollback, because {reason}").format(reason=because), Meaning.WAIT, indent=2)


def _sheet(shown: RunShown) -> Iterator[Line]:
    step = _step_at(shown)
    if step is None or step.instruct is None:
        return
    instruct = step.instruct.in_language(current_language())
    undoing = any(attempt.key.role in UNDOING for attempt in step.attempts) or bool(
        shown.act and shown.act.role == "rollback"
    )
    text = _("undo by hand: {text}") if undoing else _("by hand: {text}")
    yield line(text.format(text=instruct), Meaning.WAIT, indent=2)
    yield line(_("when it is done, both sign its sheet"), indent=2)


def _wishes(shown: RunShown) -> Iterator[Line]:
    if shown.asked is not None:
        return
    if shown.wish.abort:
        yield line(_("it was asked to stop: it ends at the next task border, then a decision is needed"), Meaning.WAIT)
    elif shown.wish.pause:
        yield line(_("it was asked to pause: it pauses before the next step"), Meaning.WAIT)


def _first_signature(act: Act | None, present: Present) -> Iterator[Line]:
    """What the first of two people has signed, and who still has to."""
    if act is None or not act.signed or act.kind is StatementKind.CONFIRM:
        return
    content = act.content or {}
    stated = [str(content[name]) for name in ("achieved", "reason") if content.get(name)]
    if choice := content.get("choice"):
        stated.insert(0, spoken(str(choice)))
    text = _("{signed} has signed: {stated}; {people} still has to sign the same").format(
        signed=listed(act.signed),
        stated=_("; ").join(stated) or spoken(act.kind.value),
        people=listed(act.people) or "-",
    )
    until = "  " + _("until {until}").format(until=clock(act.until, present)) if act.until else ""
    yield Line((Part(text, Meaning.WAIT), Part(until, Meaning.WAIT)), 2)


def _step_at(shown: RunShown) -> StepShown | None:
    """The step the run stands at."""
    return next((step for step in shown.steps if (step.batch, step.id) == shown.current), None)


def _attempt_asked(shown: RunShown, asked: Asked) -> Attempt | None:
    for step in shown.steps:
        for attempt in step.attempts:
            key = attempt.key
            if (key.batch, key.step, key.role, key.number) == (asked.batch, asked.step, asked.role, asked.number):
                return attempt
    return None
