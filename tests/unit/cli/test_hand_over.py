"""Hand-overs and terminals at the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from runner.model.document import JsonObject
from runner.model.people import KeyHolder, Terminal
from runner.model.run import RunState
from runner.model.statement import StatementKind
from runner.proof.canonical import parse_strict
from runner.wire.api import People, Words
from runner.wire.api_people import Here, RegisterShown
from runner.wire.api_request import Act
from tests.ssh_keys import software_key
from tests.stub_service import StubService
from tests.unit.cli.conftest import Twokey
from tests.unit.client.fake_log import FakeLog
from tests.wire_samples import NOON, OUTCOME, ROW, RUN, RUN_SHOWN

KEY = software_key("ssh-ed25519", 21)
EAST = Terminal("T-EAST", "10.0.0.1", "A3", operations=True)
PARKED = replace(RUN_SHOWN, row=replace(ROW, state=RunState.AT_GATE, executor="wang", confirmer="li"))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(KEY.private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return path


@pytest.fixture
def parked(stub: StubService) -> StubService:
    stub.says(f"GET /v1/runs/{RUN}", PARKED)
    stub.says("GET /v1/audit/checkpoint", FakeLog().checkpoint())
    stub.says("POST /v1/statements", OUTCOME)
    return stub


def as_person(stub: StubService, name: str) -> None:
    stub.says("GET /v1/people", People((KeyHolder(name, KEY.public.to_line(), KEY.public.fingerprint),)))


def posted(stub: StubService) -> JsonObject:
    (body,) = stub.posted("/v1/statements")
    statement = parse_strict(str(body["statement"]).encode())
    assert isinstance(statement, dict)
    return statement


def test_whoever_goes_gives_their_own_part(twokey: Twokey, parked: StubService, key: Path) -> None:
    as_person(parked, "li")
    answer = twokey("--key", str(key), "run", "hand-over", RUN, "--to", "carol", "--reason", "shift", "--yes")
    assert answer.code == 0, answer
    said = posted(parked)
    assert said["kind"] == "hand_over"
    assert said["content"] == {
        "run": RUN,
        "plan": PARKED.plan,
        "part": "confirmer",
        "giver": "li",
        "taker": "carol",
        "reason": "shift",
    }


def test_an_approver_names_in_whose_place(twokey: Twokey, parked: StubService, key: Path) -> None:
    as_person(parked, "zhao")
    words = ("run", "hand-over", RUN, "--to", "carol", "--reason", "ill", "--yes")
    answer = twokey("--key", str(key), *words)
    assert (answer.code, parked.posted("/v1/statements")) == (4, [])
    assert "--in-place-of" in answer.err
    assert twokey("--key", str(key), *words, "--in-place-of", "wang").code == 0
    content = posted(parked)["content"]
    assert isinstance(content, dict)
    assert (content["part"], content["giver"]) == ("executor", "wang")


def test_whoever_comes_signs_what_was_offered(twokey: Twokey, parked: StubService, key: Path) -> None:
    as_person(parked, "carol")
    refused = twokey("--key", str(key), "run", "take-over", RUN, "--yes")
    assert (refused.code, parked.posted("/v1/statements")) == (4, [])
    content: JsonObject = {
        "run": RUN,
        "plan": PARKED.plan,
        "part": "executor",
        "giver": "wang",
        "taker": "carol",
        "reason": "shift",
    }
    offer = Act(
        StatementKind.HAND_OVER, RUN, Words("take"), ("carol",), signed=("wang",), until=NOON, content=content, run=RUN
    )
    parked.says(f"GET /v1/runs/{RUN}", replace(PARKED, hand_over=offer))
    assert twokey("--key", str(key), "run", "take-over", RUN, "--yes").code == 0
    assert posted(parked)["content"] == content


def test_the_terminal_is_told_and_signed(twokey: Twokey, parked: StubService, key: Path) -> None:
    as_person(parked, "li")
    parked.says("GET /v1/here", Here("10.0.0.1", EAST))
    answer = twokey("--key", str(key), "pause", RUN, "--reason", "smoke", "--yes")
    assert answer.code == 0, answer
    assert "at terminal T-EAST" in answer.err
    assert posted(parked)["terminal"] == "T-EAST"


def test_terminals_are_listed_with_the_one_at_hand(twokey: Twokey, stub: StubService) -> None:
    stub.says("GET /v1/register", RegisterShown(NOON, (), (EAST,), ()))
    answer = twokey("people", "terminal", "list")
    assert "T-EAST" in answer.out
    assert "you are at no registered terminal" in answer.out
    stub.says("GET /v1/here", Here("10.0.0.1", EAST))
    assert "you are at operations terminal T-EAST, seat A3" in twokey("people", "terminal", "list").out
    stub.says("GET /v1/here", Here("10.0.0.9", None))
    assert "10.0.0.9" in twokey("people", "terminal", "list").out
    assert '"source": "10.0.0.9"' in twokey("people", "terminal", "list", "--json").out
