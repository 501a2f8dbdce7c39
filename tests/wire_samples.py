"""What a service says, for tests of what is made of it: one change on a small site, at noon of one day."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from runner.model.document import JsonObject
from runner.model.people import KeyHolder
from runner.model.plan import Digests, Role
from runner.model.request import Approval, Request, RequestState, StandingTerms
from runner.model.run import (
    Attempt,
    AttemptKey,
    AttemptState,
    Choice,
    Decision,
    HostOutcome,
    Question,
    RunKind,
    RunState,
    Wish,
)
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.model.text import Text
from runner.model.time import Seconds, Window
from runner.rules.tags import Tag
from runner.wire.api import People, ServiceStatus, Words
from runner.wire.api_audit import EntryPage, EntryShown
from runner.wire.api_request import (
    Act,
    Outcome,
    RequestPage,
    RequestShown,
    RunOfRequest,
    StandingList,
    StandingRow,
    StatementShown,
    Waiting,
)
from runner.wire.api_run import Asked, RunPage, RunRow, RunShown, StepShown, StepState, WorkKind

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""Noon in Shanghai."""
WINDOW = Window(NOON - timedelta(hours=1), NOON + timedelta(hours=2))
NUMBER = "BG-2026-0001"
RUN = f"{NUMBER}/1"
PLAN = "sha256:" + "4" * 64
CONTENT = "sha256:" + "1" * 64
WANG = KeyHolder("王", "ssh-ed25519 AAAA", "SHA256:wang")
LI = KeyHolder("li", "ssh-ed25519 AAAB", "SHA256:li")
PEOPLE = People((LI, WANG))
TITLE = Text("Upgrade the register", "升级登记系统")

STATUS = ServiceStatus(
    site="test",
    root="/srv/site",
    state="/srv/state",
    environment="test",
    production=False,
    embedded=True,
    origin="test.example/twokey",
    timezone="Asia/Shanghai",
    version="0.1.0",
    pid=4711,
    epoch="e1",
    started_at=NOON - timedelta(hours=2),
    now=NOON,
    log_size=41,
    log_waiting=1,
    log_key="test.example/twokey+00000000+AAAA",
    runs_in_progress=1,
    people=("li", "王"),
)

REQUEST = Request(
    number=NUMBER,
    revision=1,
    plan=PLAN,
    content=CONTENT,
    runbook_id="register-upgrade",
    title_en=TITLE.en,
    title_zh=TITLE.zh,
    requester="王",
    reason="安全修复",
    risk=Risk.ORDINARY,
    state=RequestState.APPROVED,
    window=WINDOW,
    at=NOON - timedelta(minutes=50),
)
CONFIRM = Act(
    kind=StatementKind.CONFIRM,
    subject=RUN,
    title=Words("run {run}: confirm its start by {executor}", {"run": RUN, "executor": "王"}),
    people=("li",),
    until=NOON + timedelta(minutes=5),
    request=NUMBER,
    run=RUN,
)
ROW = RunRow(
    id=RUN,
    kind=RunKind.CHANGE,
    request=NUMBER,
    title=TITLE,
    runbook_id="register-upgrade",
    state=RunState.RUNNING,
    production=False,
    risk=Risk.ORDINARY,
    executor="王",
    confirmer="li",
    created_at=NOON - timedelta(minutes=3),
    started_at=NOON - timedelta(minutes=2),
    ended_at=None,
    window=WINDOW,
)


def statement(
    kind: StatementKind, person: KeyHolder, subject: str, content: JsonObject | None = None
) -> StatementShown:
    """A recorded statement whose signature is only a word."""
    said: JsonObject = {"kind": kind.value, "content": content or {}}
    return StatementShown(
        id=kind.value[0] * 64,
        kind=kind,
        person=person.name,
        key=person.fingerprint,
        subject=subject,
        at=NOON - timedelta(minutes=3),
        recorded=NOON - timedelta(minutes=3),
        statement=json.dumps(said),
        signature="signature",
    )


def attempt(step: str, state: AttemptState, outcome: HostOutcome, role: Role = Role.DO, reason: str = "") -> Attempt:
    """An attempt of half a minute on one host."""
    return Attempt(
        key=AttemptKey(RUN, 1, step, role, 1),
        state=state,
        mutating=role is Role.DO,
        hosts=("web1",),
        intended_at=NOON - timedelta(seconds=90),
        deadline=NOON + timedelta(minutes=20),
        began_at=NOON - timedelta(seconds=89),
        ended_at=NOON - timedelta(seconds=59),
        outcomes={"web1": outcome},
        reason=reason,
        imported=12,
    )


def step(
    id: str, state: StepState, *attempts: Attempt, gate: bool = False, kind: WorkKind = WorkKind.PLAYBOOK
) -> StepShown:
    """A step of the only batch."""
    return StepShown(
        batch=1,
        id=id,
        title=Text(id.capitalize(), "步骤"),
        kind=kind,
        mutating=kind is WorkKind.PLAYBOOK,
        hosts=("web1",),
        state=state,
        gate=gate,
        gate_passed=False,
        gate_says=None,
        playbook=f"web/{id}.yml" if kind is WorkKind.PLAYBOOK else "",
        rollback="web/undo.yml",
        rewinds_data=False,
        because=None,
        timeout=Seconds(600),
        attempts=attempts,
        outputs={"path": "/var/backups/a.tar"} if id == "backup" else {},
    )


RUN_SHOWN = RunShown(
    row=ROW,
    plan=PLAN,
    content=CONTENT,
    batches=(("web1",),),
    steps=(
        step("backup", StepState.DONE, attempt("backup", AttemptState.SUCCEEDED, HostOutcome.CHANGED)),
        step("upgrade", StepState.RUNNING, gate=True),
        step("read", StepState.PENDING, kind=WorkKind.MANUAL),
    ),
    current=(1, "upgrade"),
    act=None,
    asked=None,
    rollback_decision_by=NOON + timedelta(minutes=90),
    rollback_estimate=Seconds(1200),
    overrun=False,
    otherwise=Words("the run goes on by itself"),
    wish=Wish(),
    decisions=(),
    statements=(statement(StatementKind.START, WANG, NUMBER), statement(StatementKind.CONFIRM, LI, RUN)),
    holding=("web1",),
    event=40,
    now=NOON,
)
QUESTION = Asked(
    question=Question.STEP_FAILED,
    choices=(Choice.REPEAT, Choice.ROLL_BACK),
    batch=1,
    step="upgrade",
    role=Role.DO,
    number=1,
    reason="the service did not start",
)
DECISION = Decision(Question.PAUSED, Choice.CONTINUE, 1, "upgrade", Role.DO, 0, NOON - timedelta(minutes=1))

REQUEST_SHOWN = RequestShown(
    request=REQUEST,
    digests=Digests(CONTENT, "sha256:" + "2" * 64, "sha256:" + "3" * 64, PLAN),
    statements=(statement(StatementKind.REQUEST, WANG, PLAN), statement(StatementKind.APPROVE, LI, NUMBER)),
    approvals=(Approval(NUMBER, PLAN, "li", "a" * 64, WINDOW.opens, WINDOW.closes, 1, 1),),
    runs=(RunOfRequest(RUN, RunState.RUNNING, "王", "li", NOON - timedelta(minutes=3), None),),
    acts=(),
    hindrances=(),
    otherwise=Words("nothing: the approval lapses at {until}", {"until": "2026-11-23T06:00:00Z"}),
    approval_valid_for=Seconds(7 * 86400),
)
OUTCOME = Outcome(
    statement="c" * 64,
    kind=StatementKind.START,
    subject=NUMBER,
    state="confirming",
    complete=True,
    message=Words("run {run} waits for its confirmer", {"run": RUN}),
    next=CONFIRM,
    request=NUMBER,
    run=RUN,
)
WAITING = Waiting((CONFIRM,))
RUNS = RunPage((ROW,), None)
REQUESTS = RequestPage((REQUEST,), None)
STANDING = StandingList(
    (
        StandingRow(
            request=replace(REQUEST, window=None, standing=StandingTerms(NOON + timedelta(days=7), 5)),
            approvals=(),
            until=NOON + timedelta(days=7),
            left=5,
            runs=(),
        ),
    )
)


def entry(number: int, tag: str, payload: JsonObject | None = None, **about: object) -> EntryShown:
    """A log entry of the run."""
    leaf: JsonObject = {
        "about": {"request": NUMBER, "run": RUN, **about},  # type: ignore[dict-item]  # names and numbers
        "actor": {"id": "twokey", "kind": "service"},
        "mode": "embedded",
        "occurred": "2026-11-23T04:00:00.250000Z",
        "payload": None if payload is None else "sha256:" + "5" * 64,
        "recorded": "2026-11-23T04:00:00.260000Z",
        "tag": tag,
        "v": 1,
    }
    return EntryShown(number, number - 1, leaf, payload, None if payload is None else "ab" * 16)


ENTRIES = EntryPage(
    (
        entry(41, Tag.RUN_MOVED, {"from": "running", "to": "succeeded", "why": ""}),
        entry(40, Tag.ATTEMPT_BEGUN, None, batch=1, step="upgrade", role="do", attempt=1),
    ),
    "40",
)
