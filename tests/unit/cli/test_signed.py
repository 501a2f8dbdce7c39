from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from runner.cli.batch import require_yes_for_all
from runner.cli.signed import ask_to_sign, require_yes, sentence
from runner.client.wording.present import Present
from runner.errors import UsageError
from runner.model.document import JsonObject
from runner.model.people import KeyHolder
from runner.model.result import Achievement, ResultRecord
from runner.model.run import RunState
from runner.model.statement import Seen, Statement, StatementKind
from runner.rules.statements import close_content
from runner.wire.api import People, Words
from runner.wire.api_request import Act
from tests.ssh_keys import software_key
from tests.stub_service import StubService
from tests.unit.cli.conftest import Twokey
from tests.unit.client.fake_log import ORIGIN, FakeLog
from tests.wire_samples import NOON, NUMBER, OUTCOME, ROW, RUN, RUN_SHOWN, STATUS

KEY = software_key("ssh-ed25519", 21)
WANG = KeyHolder("王", KEY.public.to_line(), KEY.public.fingerprint)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(KEY.private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return path


@pytest.fixture
def change(stub: StubService) -> StubService:
    """A service whose run has ended and waits for its result to be signed."""
    act = Act(StatementKind.CLOSE, RUN, Words("sign its result"), ("li", "王"), run=RUN)
    stub.says(f"GET /v1/runs/{RUN}", replace(RUN_SHOWN, row=replace(ROW, state=RunState.SUCCEEDED), act=act))
    stub.says("GET /v1/people", People((WANG,)))
    stub.says("GET /v1/audit/checkpoint", FakeLog().checkpoint())
    stub.says("POST /v1/statements", OUTCOME)
    return stub


ENDS = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
CLOSE = ("close", RUN, "--achieved", "全部完成", "--configuration", "no_change")


def test_what_is_signed_is_said_before(twokey: Twokey, change: StubService, key: Path) -> None:
    answer = twokey("--key", str(key), *CLOSE, "--yes")
    assert answer.code == 0
    signs = f"you sign: 王 signs the result of run {RUN}, succeeded: 全部完成; configuration record: no change"
    assert answer.err == f"{signs}\n"
    assert answer.out.splitlines()[:2] == [
        f"run {RUN} waits for its confirmer",
        f"next: run {RUN}: confirm its start by 王 (li)",
    ]


@pytest.fixture
def half_signed(change: StubService) -> StubService:
    """The same, once li has signed."""
    content = close_content(RUN, RUN_SHOWN.plan, RunState.SUCCEEDED, Achievement("全部完成"))
    act = Act(StatementKind.CLOSE, RUN, Words("sign its result"), ("王",), run=RUN, signed=("li",), content=content)
    stub = change
    stub.says(f"GET /v1/runs/{RUN}", replace(RUN_SHOWN, row=replace(ROW, state=RunState.SUCCEEDED), act=act))
    return stub


@pytest.mark.parametrize("words", [(), ("--achieved", "全部完成")])
def test_the_second_person_signs_what_the_first_wrote(
    twokey: Twokey, half_signed: StubService, key: Path, words: tuple[str, ...]
) -> None:
    answer = twokey("--key", str(key), "close", RUN, *words, "--yes")
    assert answer.code == 0
    assert "succeeded: 全部完成" in answer.err


@pytest.mark.parametrize(
    "words", [("--achieved", "half of it"), ("--reason", "it rained"), ("--configuration", "updated")]
)
def test_nobody_signs_other_words_than_they_typed(
    twokey: Twokey, half_signed: StubService, key: Path, words: tuple[str, ...]
) -> None:
    answer = twokey("--key", str(key), "close", RUN, *words, "--yes")
    assert answer.code == 2
    assert f"leave {words[0]} away" in answer.err
    assert half_signed.posted("/v1/statements") == []


def test_the_first_person_says_what_was_achieved(twokey: Twokey, change: StubService, key: Path) -> None:
    answer = twokey("--key", str(key), "close", RUN, "--yes")
    assert answer.code == 2
    assert answer.err.startswith("twokey: --achieved is missing")


def test_nothing_is_signed_where_nobody_can_be_asked(twokey: Twokey, change: StubService, key: Path) -> None:
    answer = twokey("--key", str(key), *CLOSE)
    assert answer.code == 2
    assert answer.err.endswith("nobody can be asked here\n  next: add --yes to sign\n")
    assert change.posted("/v1/statements") == []


@pytest.mark.parametrize("typed, signed", [(f"{RUN}\n", 1), ("yes\n", 0), ("\n", 0), ("", 0)])
def test_at_a_terminal_the_number_is_typed(
    twokey: Twokey, change: StubService, key: Path, typed: str, signed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    answer = twokey("--key", str(key), *CLOSE)
    assert answer.code == (0 if signed else 2)
    assert f"sign? type {RUN}: " in answer.err
    assert len(change.posted("/v1/statements")) == signed


def test_the_outcome_as_json(twokey: Twokey, change: StubService, key: Path) -> None:
    answer = twokey("--key", str(key), *CLOSE, "--yes", "--json")
    assert answer.out.startswith('{\n  "statement": "cccc')


def test_without_key_and_agent(twokey: Twokey, change: StubService) -> None:
    answer = twokey(*CLOSE, "--yes")
    assert answer.code == 2
    assert "--key FILE" in answer.err


def test_production_is_named(twokey: Twokey, change: StubService, key: Path) -> None:
    change.says("GET /v1/status", replace(STATUS, production=True, environment="bank"))
    assert "PRODUCTION: bank\n" in twokey("--key", str(key), *CLOSE, "--yes").err


def test_yes_needs_no_terminal() -> None:
    require_yes(given=True, subject=NUMBER)


@pytest.mark.parametrize("typed", ["yes\n", " 是 \n"])
def test_a_digest_is_not_to_be_typed(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    ask_to_sign("sha256:" + "a" * 64)


def test_other_words_do_not_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    with pytest.raises(UsageError):
        ask_to_sign("sha256:" + "a" * 64)


def test_times_are_said_as_people_read_them() -> None:
    content: JsonObject = {
        "request": NUMBER,
        "plan": "sha256:" + "4" * 64,
        "max_runs": 1,
        "not_before": "2026-11-23T03:00:00Z",
        "not_after": "2026-11-23T06:00:00Z",
    }
    statement = Statement(
        StatementKind.APPROVE, ORIGIN, "li", "SHA256:l", NUMBER, content, NOON, "00" * 16, Seen(2, "")
    )
    said = sentence(statement, Present(NOON, "Asia/Shanghai", lasts=True))
    assert "from 2026-11-23 11:00:00 to 2026-11-23 14:00:00" in said


@pytest.mark.parametrize("typed, agreed", [("3\n", True), ("yes\n", False), ("2\n", False), ("", False)])
def test_for_several_their_count_is_typed(typed: str, agreed: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a case
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    if agreed:
        require_yes_for_all(given=False, count=3)
    else:
        with pytest.raises(UsageError, match="nothing was signed"):
            require_yes_for_all(given=False, count=3)


SAID = Achievement("done")
RESULT = ResultRecord(RUN, "BG-2026-0001", RunState.SUCCEEDED, SAID, ENDS, business=True, trial_ends=ENDS)


def afterwards(stub: StubService, state: RunState, kind: StatementKind) -> None:
    """The run, its result signed, waiting for somebody."""
    act = Act(kind, RUN, Words("sign it"), ("王",), run=RUN)
    shown = replace(RUN_SHOWN, row=replace(ROW, state=state), act=act, result=RESULT)
    stub.says(f"GET /v1/runs/{RUN}", shown)


def test_the_business_verifies(twokey: Twokey, change: StubService, key: Path) -> None:
    afterwards(change, RunState.AWAITING_BUSINESS, StatementKind.VERIFY)
    words = ("--verified", "a transfer", "--not-accepted", "--finding", "interest is wrong")
    answer = twokey("--key", str(key), "verify", RUN, *words, "--yes")
    assert answer.code == 0
    assert "does NOT accept its result, findings: 1; a transfer" in answer.err
    assert "business:" in answer.out


def test_a_trial_is_accepted(twokey: Twokey, change: StubService, key: Path) -> None:
    afterwards(change, RunState.ON_TRIAL, StatementKind.ACCEPT)
    answer = twokey("--key", str(key), "accept", RUN, "--conclusion", "quiet", "--yes")
    assert answer.code == 0
    assert f"王 ACCEPTS run {RUN}" in answer.err
    assert "trial:" in answer.out
    assert twokey("--key", str(key), "accept", RUN, "--yes").code == 2


@pytest.mark.parametrize("verb", [("verify", RUN, "--verified", "x"), ("accept", RUN, "--conclusion", "x")])
def test_nothing_is_verified_or_accepted_before_its_time(
    twokey: Twokey, change: StubService, key: Path, verb: tuple[str, ...]
) -> None:
    answer = twokey("--key", str(key), *verb, "--yes")
    assert answer.code == 4
    assert change.posted("/v1/statements") == []
