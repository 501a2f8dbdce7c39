"""Sessions over the socket: what they open, how long, and that they are over when they are over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runner.client.service import Service
from runner.errors import StorageError
from runner.model.access import Session, SessionEnd
from runner.model.grant import AddKey, Enrol, RevokeKey, Suspend
from runner.model.statement import StatementKind
from runner.rules.sessions import MOST
from runner.rules.tags import Tag
from runner.service.access.sessions import hash_of
from runner.wire import api
from tests.desk_grants import apply, granted
from tests.desk_world import ALICE, BOB, CAROL, STRANGER, World, make_world, opened_world
from tests.integration.service.conftest import Served, serving
from tests.integration.service.signing_in import Asking, asking, refusal, signed_in_only
from tests.ssh_keys import software_key


@pytest.fixture
def strict(world: World, short_folder: Path) -> Iterator[Served]:
    """A world that nobody reads without a session."""
    signed_in_only(world)
    socket = short_folder / "s"
    with serving(world, socket) as parts, Service(socket) as client:
        yield Served(world, parts, socket, client)


@pytest.fixture
def somebody(strict: Served) -> Iterator[Asking]:
    with asking(strict.socket, strict.world.clock) as one:
        yield one


def is_good(somebody: Asking, token: str) -> bool:
    return somebody.ask("GET", api.RUNS, token=token).status_code == 200


def found_session(strict: Served, token: str) -> Session:
    with strict.world.store.reading() as transaction:
        found = transaction.sessions.find(hash_of(token))
    assert found is not None
    return found


class TestOpening:
    def test_a_token_is_kept_by_its_hash_alone(self, strict: Served, somebody: Asking) -> None:
        begun = somebody.session(ALICE)
        assert (begun["person"], begun["strength"], begun["idle"]) == ("alice", "key", 600)
        assert len(begun["token"]) == 43
        kept = (
            strict.world.state.database.read_bytes()
            + strict.world.state.database.with_name("twokey.db-wal").read_bytes()
        )
        assert begun["session"].encode() in kept
        assert begun["token"].encode() not in kept
        assert is_good(somebody, begun["token"])

    def test_it_is_on_record(self, strict: Served, somebody: Asking) -> None:
        begun = somebody.session(ALICE)
        assert strict.world.tags()[-1] == Tag.SESSION_OPENED
        payload = strict.world.payload_of(Tag.SESSION_OPENED)
        assert payload["session"] == begun["session"]
        assert payload["credential"] == ALICE.key.public.fingerprint
        assert str(payload["peer"]).startswith("uid:")

    def test_a_person_has_so_many_at_most(self, strict: Served, somebody: Asking) -> None:
        tokens = []
        for _ in range(MOST):
            tokens.append(somebody.sign_in(ALICE))
            strict.world.clock.pass_by(seconds=1)
        bobs = somebody.sign_in(BOB)
        assert is_good(somebody, tokens[0])
        newest = somebody.sign_in(ALICE)
        assert not is_good(somebody, tokens[0])
        assert strict.world.payload_of(Tag.SESSION_EXPIRED)["reason"] == SessionEnd.REPLACED
        assert all(is_good(somebody, token) for token in (tokens[1], newest, bobs))


class TestEnding:
    def test_a_stolen_session_is_worth_nothing_after_sign_out(self, strict: Served, somebody: Asking) -> None:
        token = somebody.sign_in(ALICE)
        with asking(strict.socket, strict.world.clock) as thief:
            assert is_good(thief, token)
            assert somebody.ask("POST", api.SIGN_OUT, {}, token).status_code == 200
            assert refusal(thief.ask("GET", api.RUNS, token=token)) == (401, "access:session-over")
            assert refusal(thief.ask("GET", api.SESSIONS, token=token)) == (401, "access:session-over")
        assert strict.world.payload_of(Tag.SESSION_CLOSED)["reason"] == SessionEnd.SIGNED_OUT

    def test_signing_out_everywhere(self, somebody: Asking) -> None:
        tokens, bobs = [somebody.sign_in(ALICE) for _ in range(3)], somebody.sign_in(BOB)
        answer = somebody.ask("POST", api.SIGN_OUT, {"everywhere": True}, tokens[0])
        assert len(answer.json()["ended"]) == 3
        assert [is_good(somebody, token) for token in (*tokens, bobs)] == [False, False, False, True]

    def test_one_of_ones_own_is_ended_by_its_id(self, strict: Served, somebody: Asking) -> None:
        mine = somebody.sign_in(ALICE)
        strict.world.clock.pass_by(seconds=1)
        other, bobs = somebody.session(ALICE), somebody.session(BOB)
        shown = somebody.ask("GET", api.SESSIONS, token=mine).json()["sessions"]
        assert [one["this"] for one in shown] == [True, False]
        assert shown[1]["id"] == other["session"]
        assert "token" not in shown[0]
        assert somebody.ask("DELETE", api.session_path(bobs["session"]), token=mine).status_code == 404
        assert somebody.ask("DELETE", api.session_path(other["session"]), token=mine).status_code == 200
        assert somebody.ask("DELETE", api.session_path(other["session"]), token=mine).status_code == 404
        assert [is_good(somebody, token) for token in (mine, other["token"], bobs["token"])] == [True, False, True]

    def test_one_that_nobody_uses_ends(self, strict: Served, somebody: Asking) -> None:
        token = somebody.sign_in(ALICE)
        for _ in range(4):
            strict.world.clock.pass_by(seconds=500)
            assert is_good(somebody, token)
        strict.world.clock.pass_by(seconds=600)
        answer = somebody.ask("GET", api.RUNS, token=token)
        assert (refusal(answer), answer.json()["facts"]["reason"]) == ((401, "access:session-over"), "idle")
        assert answer.json()["facts"]["idle"] == 600
        assert strict.world.payload_of(Tag.SESSION_EXPIRED) == {
            "person": "alice",
            "reason": "idle",
            "session": strict.world.payload_of(Tag.SESSION_OPENED)["session"],
        }
        count = strict.world.tags().count(Tag.SESSION_EXPIRED)
        assert not is_good(somebody, token)
        assert strict.world.tags().count(Tag.SESSION_EXPIRED) == count

    def test_one_that_is_used_ends_too_in_the_end(self, strict: Served, somebody: Asking) -> None:
        token = somebody.sign_in(ALICE)
        for _ in range(59):
            strict.world.clock.pass_by(minutes=8)
            assert is_good(somebody, token)
        strict.world.clock.pass_by(minutes=8)
        assert somebody.ask("GET", api.RUNS, token=token).json()["facts"]["reason"] == "longest"

    def test_what_nobody_asks_about_is_swept_up(self, strict: Served, somebody: Asking) -> None:
        somebody.sign_in(ALICE)
        strict.parts.access.sessions.sweep()
        assert Tag.SESSION_EXPIRED not in strict.world.tags()
        strict.world.clock.pass_by(seconds=600)
        strict.parts.access.sessions.sweep()
        assert strict.world.tags()[-1] == Tag.SESSION_EXPIRED
        strict.parts.access.sessions.sweep()
        assert strict.world.tags().count(Tag.SESSION_EXPIRED) == 1

    def test_all_of_a_person_who_leaves(self, strict: Served, somebody: Asking) -> None:
        tokens, bobs = [somebody.sign_in(ALICE) for _ in range(2)], somebody.sign_in(BOB)
        assert len(strict.parts.access.sessions.end_all("alice", SessionEnd.LEFT)) == 2
        assert [is_good(somebody, token) for token in (*tokens, bobs)] == [False, False, True]

    def test_it_ends_with_the_key_that_opened_it(self, strict: Served, somebody: Asking) -> None:
        token = somebody.sign_in(ALICE)
        granted(strict.world, AddKey("alice", software_key("ssh-ed25519", 52).public.to_line()))
        apply(strict.world, BOB, RevokeKey("alice", ALICE.key.public.fingerprint, "lost"))
        assert somebody.ask("GET", api.RUNS, token=token).json()["facts"]["reason"] == "credential"

    def test_it_ends_when_its_person_leaves_or_is_suspended(self, strict: Served, somebody: Asking) -> None:
        granted(strict.world, Enrol("carol", "", "", CAROL.key.public.to_line()))
        token = somebody.sign_in(CAROL)
        assert is_good(somebody, token)
        apply(strict.world, ALICE, Suspend("carol", "key lost"))
        assert somebody.ask("GET", api.RUNS, token=token).json()["facts"]["reason"] == "left"

    def test_a_stream_ends_with_its_session(self, strict: Served, somebody: Asking) -> None:
        token = somebody.sign_in(ALICE)
        headers = {"authorization": f"Bearer {token}"}
        with somebody.http.stream("GET", api.EVENTS, headers=headers) as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: hello"
            strict.parts.access.sessions.end_all("alice", SessionEnd.LEFT)
            strict.world.requested()
            assert [line for line in lines if line.startswith("data:") and "submitted" in line] == []

    def test_what_is_followed_goes_on_while_nobody_presses_a_key_and_nothing_new_is_shown(
        self, strict: Served, somebody: Asking
    ) -> None:
        token = somebody.sign_in(ALICE)
        with somebody.http.stream("GET", api.EVENTS, headers={"authorization": f"Bearer {token}"}) as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: hello"
            strict.world.clock.pass_by(seconds=600)
            strict.parts.access.sessions.sweep()
            with asking(strict.socket, strict.world.clock) as other:
                assert refusal(other.ask("GET", api.RUNS, token=token)) == (401, "access:session-over")
                assert refusal(other.ask("GET", api.EVENTS, token=token)) == (401, "access:session-over")
            strict.world.requested()
            assert any(line.startswith("data:") and "submitted" in line for line in lines)
            strict.world.clock.pass_by(hours=8)
            strict.parts.access.sessions.end_all("bob", SessionEnd.LEFT)
            assert not strict.parts.access.sessions.may_follow(found_session(strict, token))

    def test_what_is_followed_under_a_resting_session_ends_with_the_person(
        self, strict: Served, somebody: Asking
    ) -> None:
        token = somebody.sign_in(ALICE)
        strict.world.clock.pass_by(seconds=600)
        sessions = strict.parts.access.sessions
        sessions.sweep()
        resting = found_session(strict, token)
        assert sessions.may_follow(resting)
        endings = sessions.endings
        newer = somebody.sign_in(ALICE)
        assert somebody.ask("POST", api.SIGN_OUT, {"everywhere": True}, newer).status_code == 200
        assert not sessions.may_follow(resting)
        assert sessions.endings > endings


class TestOthers:
    def test_a_token_of_another_service_opens_nothing(
        self, somebody: Asking, tmp_path_factory: pytest.TempPathFactory, short_folder: Path
    ) -> None:
        folder = tmp_path_factory.mktemp("other")
        make_world(folder)
        with opened_world(folder) as other:
            signed_in_only(other)
            with serving(other, short_folder / "o"), asking(short_folder / "o", other.clock) as elsewhere:
                token = elsewhere.sign_in(ALICE)
                assert is_good(elsewhere, token)
                assert refusal(somebody.ask("GET", api.RUNS, token=token)) == (401, "access:no-session")

    def test_another_persons_session_signs_nothing(self, strict: Served, somebody: Asking) -> None:
        world = strict.world
        number = world.requested().number
        content = world.approval_content(world.found_request(number))
        as_bob = world.statement(BOB, StatementKind.APPROVE, number, content)
        forged = world.signed(replace(BOB, key=STRANGER.key), as_bob)
        body = {"statement": forged.statement, "signature": forged.signature}
        bobs = somebody.sign_in(BOB)
        assert somebody.ask("POST", api.STATEMENTS, body, bobs).status_code == 403
        assert world.found_request(number).state == "submitted"

    def test_a_session_gives_only_its_persons_own(self, somebody: Asking) -> None:
        alices, bobs = somebody.session(ALICE), somebody.session(BOB)
        shown = somebody.ask("GET", api.SESSIONS, token=bobs["token"]).json()["sessions"]
        assert [one["id"] for one in shown] == [bobs["session"]]
        assert somebody.ask("DELETE", api.session_path(alices["session"]), token=bobs["token"]).status_code == 404

    @pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Bearer a b", "Bearer " + "x" * 5000])
    def test_headers_that_name_no_session(self, somebody: Asking, header: str) -> None:
        answer = somebody.http.get(api.RUNS, headers={"authorization": header})
        assert refusal(answer) == (401, "access:no-session")

    def test_two_headers_name_no_session(self, somebody: Asking) -> None:
        token = somebody.sign_in(ALICE)
        twice = [("authorization", f"Bearer {token}"), ("authorization", f"Bearer {token}")]
        assert refusal(somebody.http.get(api.RUNS, headers=twice)) == (401, "access:no-session")


class TestRecord:
    def test_each_query_of_the_log_names_who_asked(self, strict: Served, somebody: Asking) -> None:
        begun = somebody.session(BOB)
        token = begun["token"]
        before = len(strict.world.tags())
        page = somebody.ask("GET", api.ENTRIES + "?limit=2&tag=service:log:opened", token=token)
        assert strict.world.tags()[before:] == [Tag.LOG_QUERIED]
        assert strict.world.payload_of(Tag.LOG_QUERIED) == {
            "path": api.ENTRIES,
            "query": {"tag": "service:log:opened"},
            "rows": 1,
            "session": begun["session"],
        }
        first = somebody.ask("GET", api.ENTRIES + "?limit=1&actor=bob", token=token).json()
        assert first["rows"][0]["leaf"]["actor"] == {"id": "bob", "kind": "person"}
        assert page.status_code == 200
        count = strict.world.tags().count(Tag.LOG_QUERIED)
        somebody.ask("GET", api.ENTRIES + f"?limit=1&actor=bob&before={first['next']}", token=token)
        assert strict.world.tags().count(Tag.LOG_QUERIED) == count
        somebody.ask("GET", api.entry_path(0), token=token)
        assert strict.world.tags().count(Tag.LOG_QUERIED) == count + 1

    def test_an_export_names_who_asked(self, strict: Served, somebody: Asking) -> None:
        record = strict.world.running()
        answer = somebody.ask("POST", api.BUNDLES, {"run": record.id}, somebody.sign_in(BOB))
        assert answer.status_code == 200
        with strict.world.store.reading() as transaction:
            newest = json.loads(transaction.log.after(0, 10_000)[-1].leaf)
        assert (newest["tag"], newest["actor"]) == (Tag.BUNDLE_EXPORTED, {"id": "bob", "kind": "person"})

    def test_who_has_not_signed_in_is_counted(self, strict: Served, somebody: Asking) -> None:
        before = strict.world.tags().count(Tag.ACCESS_REFUSED)
        for _ in range(5):
            assert not is_good(somebody, "A" * 43)
        assert strict.world.tags().count(Tag.ACCESS_REFUSED) == before + 1
        strict.parts.access.stop()
        assert strict.world.tags().count(Tag.ACCESS_REFUSED) == before + 2
        assert strict.world.payload_of(Tag.ACCESS_REFUSED)["count"] == 4


class TestFullDisk:
    def test_who_has_signed_in_still_sees_and_nothing_goes_unrecorded(
        self, strict: Served, somebody: Asking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = somebody.sign_in(ALICE)
        strict.world.clock.pass_by(seconds=60)
        assert is_good(somebody, token)

        def full() -> object:
            raise StorageError("no room")

        monkeypatch.setattr(strict.world.store, "writing", full)
        assert is_good(somebody, token)  # its record was written when it was looked at first
        for path in (api.ENTRIES, api.REQUESTS, api.PEOPLE, api.EVENTS):
            assert somebody.ask("GET", path, token=token).status_code == 507, path
        assert somebody.ask("GET", api.STATUS, token=token).status_code == 200
        assert somebody.ask("GET", api.RUNS, token="A" * 43).status_code == 401
        strict.world.clock.pass_by(seconds=600)
        assert refusal(somebody.ask("GET", api.RUNS, token=token)) == (401, "access:session-over")
