from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from runner.errors import SignatureError, fill
from runner.model.document import JsonObject, JsonValue
from runner.model.grant import GrantKind, Suspend
from runner.model.people import KeyHolder
from runner.model.plan import Digests, Role
from runner.model.request import Request, RequestState
from runner.model.result import Acceptance, Achievement, Findings
from runner.model.review import Verdict
from runner.model.run import AttemptKey, Choice, HandOver, Part, Question, RunState
from runner.model.runbook import Risk
from runner.model.statement import Seen, Statement, StatementKind
from runner.proof.canonical import canonical_bytes
from runner.rules import grant_statements, statements
from runner.rules.sentences import describe
from runner.rules.statements import require_content
from tests.registers import applied
from tests.runbooks import NOON, window

DIGESTS = Digests(content="sha256:c0", binding="sha256:b0", runtime="sha256:r0", plan="sha256:50")
WINDOW = window(4)
REQUEST = Request(
    number="BG-2026-0153",
    revision=2,
    plan="sha256:50",
    content="sha256:c0",
    runbook_id="postgres-minor-upgrade",
    title_en="Upgrade",
    title_zh="升级",
    requester="A",
    reason="security fix",
    risk=Risk.ORDINARY,
    state=RequestState.SUBMITTED,
    window=WINDOW,
    at=NOON,
)
RUN = "BG-2026-0153/1"
AT = AttemptKey(RUN, 1, "upgrade", Role.DO, 1)
SUSPENSION: JsonObject = {"person": "B", "reason": "lost key"}
GRANT = applied(Suspend("B", "lost key"), "A")

CONTENTS: Mapping[StatementKind, JsonObject] = {
    StatementKind.GENESIS: statements.genesis_content(
        statements.Founded("demo/log", "demo", "lab", production=False, log_key="k", policy="p"),
        [KeyHolder("B", "ssh-ed25519 b", "SHA256:b"), KeyHolder("A", "ssh-ed25519 a", "SHA256:a")],
        {"A": ("security_admin",), "B": ("system_admin",)},
    ),
    StatementKind.PUBLISH: statements.publish_content("sha256:c0", "postgres-minor-upgrade", 3, statements.AUTHOR),
    StatementKind.REQUEST: statements.request_content(
        DIGESTS, "postgres-minor-upgrade", 3, Risk.ORDINARY, WINDOW, "security fix"
    ),
    StatementKind.APPROVE: statements.approve_content(REQUEST, NOON, NOON + timedelta(hours=1), 1),
    StatementKind.REJECT: statements.reject_content(REQUEST, "not now"),
    StatementKind.WITHDRAW: statements.withdraw_content(REQUEST, "not needed"),
    StatementKind.REVOKE: statements.revoke_content(REQUEST, "no longer needed"),
    StatementKind.CHECK: statements.check_content(DIGESTS, "postgres-minor-upgrade", 3),
    StatementKind.START: statements.start_content(REQUEST),
    StatementKind.CONFIRM: statements.confirm_content(REQUEST, RUN, "ab" * 32, "A"),
    StatementKind.GATE: statements.gate_content(RUN, "sha256:50", 1, "upgrade", ["db1", "db2"]),
    StatementKind.SHEET: statements.sheet_content(RUN, "sha256:50", 1, "valve", {"reading": 7}),
    StatementKind.PAUSE: statements.pause_content(RUN, "wait"),
    StatementKind.ABORT: statements.abort_content(RUN, "smoke"),
    StatementKind.DECIDE: statements.decide_content(AT, Question.OUTCOME_UNKNOWN, Choice.MARK_DONE, "seen running"),
    StatementKind.CLOSE: statements.close_content(
        RUN, "sha256:50", RunState.ROLLED_BACK, Achievement("old version", "check failed")
    ),
    StatementKind.VERIFY: statements.verify_content(
        RUN, "sha256:50", RunState.SUCCEEDED, Findings(accepted=True, verified="a transfer and its statement")
    ),
    StatementKind.ACCEPT: statements.accept_content(
        RUN, "sha256:50", WINDOW.closes, Acceptance(accepted=True, conclusion="seven quiet days")
    ),
    StatementKind.HAND_OVER: statements.hand_over_content(
        RUN, "sha256:50", HandOver(Part.EXECUTOR, "A", "C", reason="end of the shift")
    ),
    StatementKind.REVIEW: statements.review_content(
        RUN, "sha256:50", Verdict(("nobody watched the volume", "the runbook is old"), "it was right", "BG-2026-0154")
    ),
    StatementKind.APPLY: grant_statements.apply_content(GrantKind.SUSPEND, SUSPENSION, "lost key"),
    StatementKind.GRANT: grant_statements.grant_content(GRANT, SUSPENSION),
    StatementKind.DENY: grant_statements.end_content(GRANT, SUSPENSION, "no reason seen"),
    StatementKind.RETRACT: grant_statements.end_content(GRANT, SUSPENSION, "found again"),
    StatementKind.INSPECT: grant_statements.inspect_content(GRANT, SUSPENSION),
}


def statement(kind: StatementKind, content: JsonObject | None = None, subject: str = "subject") -> Statement:
    return Statement(
        kind=kind,
        origin="demo/log",
        person="A",
        key="SHA256:a",
        subject=subject,
        content=CONTENTS[kind] if content is None else content,
        at=NOON,
        nonce="00" * 16,
        seen=Seen(0, ""),
    )


def test_every_kind_has_its_content() -> None:
    assert set(CONTENTS) == set(StatementKind)


@pytest.mark.parametrize("kind", list(StatementKind))
def test_content_has_canonical_bytes(kind: StatementKind) -> None:
    assert canonical_bytes(CONTENTS[kind])


def test_people_are_named_in_order_whoever_lists_them() -> None:
    people = CONTENTS[StatementKind.GENESIS]["people"]
    assert isinstance(people, list)
    assert [person["name"] for person in people if isinstance(person, dict)] == ["A", "B"]


def test_an_approval_says_everything_it_binds() -> None:
    assert CONTENTS[StatementKind.APPROVE] == {
        "request": "BG-2026-0153",
        "revision": 2,
        "plan": "sha256:50",
        "content": "sha256:c0",
        "requester": "A",
        "risk": "ordinary",
        "window": {"opens": "2026-11-23T11:00:00Z", "closes": "2026-11-23T16:00:00Z"},
        "not_before": "2026-11-23T12:00:00Z",
        "not_after": "2026-11-23T13:00:00Z",
        "max_runs": 1,
        "trial": 0,
    }


def test_a_confirmation_names_the_very_start_it_confirms() -> None:
    start, confirm = CONTENTS[StatementKind.START], CONTENTS[StatementKind.CONFIRM]
    assert {name: confirm[name] for name in start} == start
    assert confirm["start"] == "ab" * 32
    assert confirm["executor"] == "A"


@pytest.mark.parametrize("kind", list(StatementKind))
def test_a_statement_as_expected_is_accepted(kind: StatementKind) -> None:
    require_content(statement(kind), kind, "subject", dict(CONTENTS[kind]))


@pytest.mark.parametrize("kind", list(StatementKind))
def test_any_other_field_is_refused_by_its_name(kind: StatementKind) -> None:
    content = CONTENTS[kind]
    for name in content:
        forged = {**content, name: _other(content[name])}
        assert _refused(statement(kind, forged), kind) == name
        assert _refused(statement(kind, {key: value for key, value in content.items() if key != name}), kind) == name
    assert _refused(statement(kind, {**content, "extra": 1}), kind) == "extra"


def test_another_kind_or_subject_is_refused() -> None:
    assert _refused(statement(StatementKind.PAUSE), StatementKind.ABORT) == "kind"
    assert _refused(statement(StatementKind.PAUSE, subject="other"), StatementKind.PAUSE) == "subject"


def test_true_is_not_one() -> None:
    content = {**CONTENTS[StatementKind.APPROVE], "max_runs": True}
    assert _refused(statement(StatementKind.APPROVE, content), StatementKind.APPROVE) == "max_runs"


def test_nested_true_is_not_one() -> None:
    content: JsonObject = {**CONTENTS[StatementKind.SHEET], "readings": {"reading": True}}
    expected: JsonObject = {**CONTENTS[StatementKind.SHEET], "readings": {"reading": 1}}
    with pytest.raises(SignatureError):
        require_content(statement(StatementKind.SHEET, content), StatementKind.SHEET, "subject", expected)


@pytest.mark.parametrize("kind", list(StatementKind))
def test_what_is_signed_can_be_said_in_one_sentence(kind: StatementKind) -> None:
    message, facts = describe(statement(kind))
    sentence = fill(message, facts)
    assert "{" not in sentence
    assert "A" in sentence


def test_the_sentence_of_a_decision_names_what_is_decided() -> None:
    message, facts = describe(statement(StatementKind.DECIDE))
    assert fill(message, facts) == (
        "A decides about run BG-2026-0153/1, step upgrade, batch 1 (outcome_unknown): mark_done; seen running"
    )


def test_a_request_without_a_window_says_so() -> None:
    content = statements.start_content(replace(REQUEST, window=None))
    assert content["window"] is None


def _other(value: JsonValue) -> JsonValue:
    return [value] if not isinstance(value, list) else [*value, "more"]


def _refused(signed: Statement, kind: StatementKind) -> str:
    with pytest.raises(SignatureError) as refusal:
        require_content(signed, kind, "subject", dict(CONTENTS[kind]))
    return str(refusal.value.facts["field"])
