"""An emergency at the command line: what is marked before it is started, and the after-review two others sign."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from runner.model.document import JsonObject
from runner.model.people import KeyHolder
from runner.model.review import ReviewState, Verdict
from runner.model.run import RunState
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.proof.canonical import parse_strict
from runner.rules.statements import review_content
from runner.wire.api import People, Words
from runner.wire.api_request import Act, ReviewShown, Waiting
from tests.ssh_keys import software_key
from tests.stub_service import StubService
from tests.unit.cli.conftest import Twokey
from tests.unit.client.fake_log import FakeLog
from tests.wire_samples import NOON, NUMBER, OUTCOME, PLAN, REQUEST_SHOWN, ROW, RUN, RUN_SHOWN

KEY = software_key("ssh-ed25519", 21)
CAROL = KeyHolder("carol", KEY.public.to_line(), KEY.public.fingerprint)
ACT = Act(
    StatementKind.REVIEW,
    RUN,
    Words("run {run}: sign its after-review", {"run": RUN}),
    ("carol", "dave"),
    until=NOON + timedelta(days=1),
    run=RUN,
)
OWED = ReviewShown(RUN, "", NOON, NOON + timedelta(days=1), ReviewState.OPEN, act=ACT)
ENDED = replace(
    RUN_SHOWN, row=replace(ROW, state=RunState.CLOSED, risk=Risk.EMERGENCY, ended_at=NOON), act=None, review=OWED
)
FIRST = review_content(RUN, PLAN, Verdict(("no alarm", "迟了"), "rightly done", ""))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(KEY.private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return path


@pytest.fixture
def emergency(stub: StubService) -> StubService:
    stub.says(f"GET /v1/runs/{RUN}", ENDED)
    stub.says(f"GET /v1/requests/{NUMBER}", REQUEST_SHOWN)
    stub.says("GET /v1/people", People((CAROL,)))
    stub.says("GET /v1/audit/checkpoint", FakeLog().checkpoint())
    stub.says("POST /v1/statements", OUTCOME)
    return stub


def signed_by(stub: StubService, person: str) -> None:
    act = replace(ACT, signed=(person,), content=FIRST)
    stub.says(f"GET /v1/runs/{RUN}", replace(ENDED, review=replace(OWED, act=act)))


def content(stub: StubService) -> JsonObject:
    (posted,) = stub.posted("/v1/statements")
    statement = parse_strict(str(posted["statement"]).encode())
    assert isinstance(statement, dict)
    assert (statement["kind"], statement["subject"]) == ("review", RUN)
    found = statement["content"]
    assert isinstance(found, dict)
    return found


def review(twokey: Twokey, key: Path, *words: str, code: int = 0) -> str:
    answer = twokey("--key", str(key), "review", RUN, *words, "--yes")
    assert answer.code == code, answer
    return answer.err if code else answer.out


def test_the_first_says_what_was_found(twokey: Twokey, emergency: StubService, key: Path) -> None:
    shown = review(twokey, key, "--finding", "no alarm", "--finding", "迟了", "--conclusion", "rightly done")
    assert content(emergency) == FIRST
    assert f"{RUN}" in shown
    assert "after-review:" in shown


def test_what_was_done_is_not_printed_when_that_is_not_wanted(
    twokey: Twokey, emergency: StubService, key: Path
) -> None:
    assert "after-review:" not in review(twokey, key, "--conclusion", "fine", "--quiet")
    assert content(emergency)["findings"] == []


def test_a_conclusion_is_needed(twokey: Twokey, emergency: StubService, key: Path) -> None:
    assert "--conclusion is missing" in review(twokey, key, "--finding", "no alarm", code=2)
    assert emergency.posted("/v1/statements") == []


@pytest.mark.parametrize(
    "words", [(), ("--conclusion", "rightly done"), ("--finding", "no alarm", "--finding", "迟了")]
)
def test_the_second_signs_what_the_first_wrote(
    twokey: Twokey, emergency: StubService, key: Path, words: tuple[str, ...]
) -> None:
    signed_by(emergency, "dave")
    review(twokey, key, *words)
    assert content(emergency) == FIRST


@pytest.mark.parametrize(
    "words", [("--conclusion", "wrong"), ("--finding", "no alarm"), ("--permanent-fix", "BG-2026-0002")]
)
def test_the_second_writes_nothing_else(
    twokey: Twokey, emergency: StubService, key: Path, words: tuple[str, ...]
) -> None:
    signed_by(emergency, "dave")
    assert "the first person wrote" in review(twokey, key, *words, code=2)
    assert emergency.posted("/v1/statements") == []


def test_who_signed_first_may_write_it_anew(twokey: Twokey, emergency: StubService, key: Path) -> None:
    signed_by(emergency, "carol")
    review(twokey, key, "--conclusion", "rightly done, but late", "--permanent-fix", "BG-2026-0002")
    assert content(emergency) == review_content(RUN, PLAN, Verdict((), "rightly done, but late", "BG-2026-0002"))


def test_a_run_that_owes_no_review_is_not_reviewed(twokey: Twokey, emergency: StubService, key: Path) -> None:
    emergency.says(f"GET /v1/runs/{RUN}", RUN_SHOWN)
    assert "does not wait for this signature (review)" in review(twokey, key, "--conclusion", "fine", code=4)


def test_the_run_and_the_change_say_what_is_owed(twokey: Twokey, emergency: StubService) -> None:
    emergency.says(f"GET /v1/requests/{NUMBER}", replace(REQUEST_SHOWN, reviews=(OWED,)))
    for words in (("run", "show", RUN), ("change", "show", NUMBER)):
        shown = twokey(*words).out
        assert "owed until 2026-11-24 12:00:00, by: carol, dave" in shown


def test_the_status_says_what_is_overdue(twokey: Twokey, stub: StubService) -> None:
    stub.says("GET /v1/waiting", Waiting((ACT, replace(ACT, until=NOON))))
    shown = twokey("status").out
    assert "after-reviews OVERDUE, escalated: 1\n" in shown
    assert f"run {RUN}: sign its after-review" in shown
