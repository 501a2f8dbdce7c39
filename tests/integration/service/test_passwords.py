"""Signing in by password and code over the socket, and what a flood of it does not do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest

from runner.errors import StorageError, TooOftenError
from runner.rules.tags import Tag
from runner.service.access.hashing import Hasher, Parameters, Slots, tuned
from runner.service.access.limits import USUAL
from runner.service.access.password_sign_in import FirstCredential
from runner.service.access.sealing import FILE, Sealer
from runner.wire import api
from tests.desk_world import ALICE
from tests.integration.service.conftest import CHEAP, Served
from tests.integration.service.signing_in import Asking, asking, refusal
from tests.stores import open_store

NEW = "correct horse battery"
NEWER = "staple the horse again"


@pytest.fixture
def somebody(served: Served) -> Iterator[Asking]:
    with asking(served.socket, served.world.clock) as one:
        yield one


@dataclass
class Desk:
    """Alice at a client that asks for her password."""

    served: Served
    somebody: Asking
    first: FirstCredential

    def code(self, steps: int = 0) -> str:
        secret = parse_qs(urlsplit(self.first.address).query)["secret"][0]
        at = self.served.world.clock.now() + timedelta(seconds=30 * steps)
        return pyotp.TOTP(secret).at(at)

    def answer(self, password: str, code: str | None = None, new: str = "", person: str = "alice") -> httpx.Response:
        body = {"person": person, "password": password, "code": self.code() if code is None else code}
        return self.somebody.ask("POST", api.SIGN_IN_PASSWORD, {**body, "new_password": new})

    def settle(self) -> None:
        """Choose a password of one's own."""
        assert self.answer(self.first.password, new=NEW).status_code == 200
        self.later()

    def later(self) -> None:
        """Until the next code."""
        self.served.world.clock.pass_by(seconds=30)


@pytest.fixture
def desk(served: Served, somebody: Asking) -> Desk:
    return Desk(served, somebody, reset(served))


def reset(served: Served) -> FirstCredential:
    """A first password for alice, decided by bob."""
    passwords = served.parts.access.passwords
    prepared = passwords.prepare("alice")
    with served.world.store.writing() as transaction:
        return passwords.reset(transaction, prepared, "bob")


class TestFirst:
    def test_a_first_password_only_lets_choose_another(self, desk: Desk) -> None:
        assert refusal(desk.answer(desk.first.password)) == (401, "access:password-due")
        answer = desk.answer(desk.first.password, new=NEW)
        assert (answer.status_code, answer.json()["strength"]) == (200, "password")
        desk.later()
        assert refusal(desk.answer(desk.first.password)) == (401, "access:wrong")
        desk.later()
        assert desk.answer(NEW).status_code == 200

    def test_it_is_on_record(self, desk: Desk) -> None:
        assert desk.served.world.payload_of(Tag.CREDENTIAL_RESET) == {"by": "bob", "person": "alice"}
        desk.settle()
        tags = desk.served.world.tags()
        assert tags[-2:] == [Tag.CREDENTIAL_CHANGED, Tag.SESSION_OPENED]
        assert desk.served.world.payload_of(Tag.SESSION_OPENED)["strength"] == "password"

    def test_a_reset_ends_what_was_open(self, desk: Desk) -> None:
        token = desk.somebody.sign_in(ALICE)
        reset(desk.served)
        assert refusal(desk.somebody.ask("GET", api.SESSIONS, token=token)) == (401, "access:session-over")

    def test_secrets_show_nowhere(self, desk: Desk) -> None:
        secret = parse_qs(urlsplit(desk.first.address).query)["secret"][0]
        assert desk.first.password not in repr(desk.first)
        assert secret not in repr(desk.first)
        state = desk.served.world.state
        kept = b"".join(path.read_bytes() for path in state.root.glob("twokey.db*"))
        assert b"$argon2id$" in kept
        for hidden in (desk.first.password, secret):
            assert hidden.encode() not in kept
        assert (state.root / FILE).stat().st_mode & 0o777 == 0o600


class TestWrong:
    def test_there_is_one_refusal_for_all(self, desk: Desk) -> None:
        desk.settle()
        wrong = [
            desk.answer("wrong password"),
            desk.answer(NEW, code="000000"),
            desk.answer(NEW, code="12345"),
            desk.answer(NEW, code="\uff11\uff12\uff13\uff14\uff15\uff16"),
            desk.answer(NEW, person="nobody"),
            desk.answer("", code="", person="bob"),
        ]
        assert {answer.status_code for answer in wrong} == {401}
        assert len({answer.text for answer in wrong}) == 1

    def test_a_code_is_good_once(self, desk: Desk) -> None:
        desk.settle()
        code = desk.code()
        assert desk.answer(NEW, code).status_code == 200
        assert refusal(desk.answer(NEW, code)) == (401, "access:wrong")
        assert refusal(desk.answer(NEW, desk.code(-1))) == (401, "access:wrong")
        assert desk.answer(NEW, desk.code(1)).status_code == 200

    def test_a_code_is_good_one_step_to_either_side(self, desk: Desk) -> None:
        desk.settle()
        desk.later()
        assert refusal(desk.answer(NEW, desk.code(-2))) == (401, "access:wrong")
        assert refusal(desk.answer(NEW, desk.code(2))) == (401, "access:wrong")
        assert desk.answer(NEW, desk.code(-1)).status_code == 200

    def test_an_account_waits_and_then_longer(self, desk: Desk) -> None:
        desk.settle()
        for _ in range(5):
            assert desk.answer("wrong password").status_code == 401
        answer = desk.answer(NEW)
        assert refusal(answer) == (429, "access:too-often")
        assert answer.headers["retry-after"] == "30"
        desk.later()
        assert desk.answer("wrong password").status_code == 401
        assert desk.answer(NEW).headers["retry-after"] == "60"
        desk.served.world.clock.pass_by(seconds=60)
        assert desk.answer(NEW).status_code == 200
        desk.later()
        assert desk.answer("wrong password").status_code == 401

    def test_a_name_nobody_has_waits_alike(self, desk: Desk) -> None:
        for _ in range(5):
            assert desk.answer("wrong password", person="nobody").status_code == 401
        answer = desk.answer("wrong password", person="nobody")
        assert (refusal(answer), answer.headers["retry-after"]) == ((429, "access:too-often"), "30")

    def test_a_known_name_is_on_record_and_another_counted(self, desk: Desk) -> None:
        desk.answer("wrong password")
        payload = desk.served.world.payload_of(Tag.SESSION_REFUSED)
        assert (payload["person"], payload["rule"]) == ("alice", "access:wrong")
        before = len(desk.served.world.tags())
        desk.answer("wrong password", person="nobody")
        assert desk.served.world.tags()[before:] == [Tag.ACCESS_REFUSED]

    def test_keys_go_on_while_the_password_waits(self, desk: Desk) -> None:
        desk.settle()
        for _ in range(6):
            desk.answer("wrong password")
        assert desk.somebody.sign_in(ALICE)

    def test_passwords_are_tried_only_so_often(self, desk: Desk) -> None:
        desk.settle()
        answers = [desk.answer(NEW).status_code for _ in range(USUAL.passwords.burst + 1)]
        assert answers[-1] == 429


class TestNew:
    @pytest.mark.parametrize(
        "new,rule",
        [("short", "access:password-length"), ("a" * 12, "access:password-easy"), (NEW, "access:password-used")],
    )
    def test_one_that_will_not_do(self, desk: Desk, new: str, rule: str) -> None:
        desk.settle()
        assert refusal(desk.answer(NEW, new=new)) == (403, rule)
        assert desk.answer(NEW, new=NEWER).status_code == 200

    def test_none_of_the_last_ones(self, desk: Desk) -> None:
        desk.settle()
        assert desk.answer(NEW, new=NEWER).status_code == 200
        desk.later()
        assert refusal(desk.answer(NEWER, new=NEW)) == (403, "access:password-used")
        assert refusal(desk.answer(NEWER, new=desk.first.password)) == (403, "access:password-used")

    def test_it_is_due_after_a_while(self, desk: Desk) -> None:
        desk.settle()
        desk.served.world.clock.pass_by(days=90)
        assert refusal(desk.answer(NEW)) == (401, "access:password-due")
        assert desk.answer(NEW, new=NEWER).status_code == 200

    def test_a_change_ends_the_other_sessions(self, desk: Desk) -> None:
        desk.settle()
        token = str(desk.answer(NEW).json()["token"])
        desk.later()
        assert desk.answer(NEW, new=NEWER).status_code == 200
        assert refusal(desk.somebody.ask("GET", api.SESSIONS, token=token)) == (401, "access:session-over")

    def test_a_wrong_password_changes_nothing(self, desk: Desk) -> None:
        desk.settle()
        assert refusal(desk.answer("wrong password", new=NEWER)) == (401, "access:wrong")
        assert desk.answer(NEW).status_code == 200

    def test_a_hash_of_other_parameters_is_made_anew(self, desk: Desk) -> None:
        desk.settle()
        store = desk.served.world.store
        stronger = Hasher(store, lambda: CHEAP)
        with store.writing() as transaction:
            transaction.installation.put("argon2", '{"memory_cost":128,"time_cost":1}')
            before = transaction.credentials.find("alice")
        assert before is not None
        assert "m=64," in before.password
        desk.served.parts.access.passwords._hasher = stronger
        assert desk.answer(NEW).status_code == 200
        with store.reading() as transaction:
            after = transaction.credentials.find("alice")
        assert after is not None
        assert "m=128," in after.password
        assert after.changed_at == before.changed_at


class TestKept:
    def test_a_secret_opens_for_its_person_with_its_key_file(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("seal")
        sealed = Sealer(folder).seal(b"secret", "ann")
        assert b"secret" not in sealed
        assert Sealer(folder).open(sealed, "ann") == b"secret"
        for other, person in (
            (sealed, "bob"),
            (sealed[:-1] + b"x", "ann"),
            (b"", "ann"),
            (b"\x02" + sealed[1:], "ann"),
        ):
            with pytest.raises(StorageError):
                Sealer(folder).open(other, person)
        (folder / FILE).chmod(0o640)
        with pytest.raises(StorageError):
            Sealer(folder).open(sealed, "ann")
        (folder / FILE).unlink()
        with pytest.raises(StorageError):
            Sealer(folder).open(sealed, "ann")

    def test_parameters_are_found_once(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        store = open_store(tmp_path_factory.mktemp("facts"))
        asked = []

        def tune() -> Parameters:
            asked.append(1)
            return CHEAP

        kept = Hasher(store, tune).hash("a")
        assert Hasher(store, tune).is_right("a", kept)
        assert not Hasher(store, tune).is_right("b", kept)
        assert not Hasher(store, tune).is_right("a", "")
        assert not Hasher(store, tune).is_right("a", "no hash")
        assert asked == [1]
        store.close()

    def test_what_this_machine_can_do_is_not_too_little(self) -> None:
        found = tuned()
        assert found.memory_cost >= 19456
        assert found.time_cost >= 2


class TestFlood:
    async def test_as_much_at_once_as_there_are_processors(self) -> None:
        slots, at_once, most = Slots(2), 0, 0
        lock, go = threading.Lock(), threading.Event()

        def work() -> int:
            nonlocal at_once, most
            with lock:
                at_once += 1
                most = max(most, at_once)
            assert go.wait(20)
            with lock:
                at_once -= 1
            return 1

        waiting = [asyncio.ensure_future(slots.run(f"p{number}", work)) for number in range(18)]
        await asyncio.sleep(0)
        with pytest.raises(TooOftenError):
            await slots.run("one more", work)
        with pytest.raises(TooOftenError):
            await slots.run("p0", work)
        go.set()
        assert sum(await asyncio.gather(*waiting)) == 18
        assert most == 2
        assert await slots.run("p0", lambda: 2) == 2
        slots.stop()

    async def test_a_fault_frees_the_name(self) -> None:
        slots = Slots(1)

        def broken() -> None:
            raise ZeroDivisionError

        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await slots.run("p", broken)
        slots.stop()

    def test_other_requests_are_answered_meanwhile(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        begun, go = threading.Event(), threading.Event()
        hasher = desk.served.parts.access.passwords._hasher

        def slow(password: str, kept: str) -> bool:
            begun.set()
            return go.wait(30) and False

        monkeypatch.setattr(hasher, "is_right", slow)
        with asking(desk.served.socket, desk.served.world.clock) as flood:
            asked = threading.Thread(
                target=flood.ask,
                args=("POST", api.SIGN_IN_PASSWORD, {"person": "alice", "password": "x", "code": "1"}),
            )
            asked.start()
            assert begun.wait(10)
            assert refusal(desk.answer("y")) == (429, "access:too-often")
            assert desk.somebody.sign_in(ALICE)
            go.set()
            asked.join(20)


def test_a_credential_changed_meanwhile_is_not_overwritten(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.settle()
    access, store = desk.served.parts.access, desk.served.world.store
    renewed = access.passwords._renewed

    def while_reset(*arguments: object) -> object:
        with store.writing() as transaction:
            found = transaction.credentials.find("alice")
            assert found is not None
            transaction.credentials.put(replace(found, password="$argon2id$another", last_step=0))
        return renewed(*arguments)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(access.passwords, "_renewed", while_reset)
    assert refusal(desk.answer(NEW, new=NEWER)) == (401, "access:wrong")
    with store.reading() as transaction:
        found = transaction.credentials.find("alice")
    assert found is not None
    assert found.password == "$argon2id$another"
