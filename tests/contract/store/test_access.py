from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.errors import StorageError
from runner.model.access import Credential, Session, SessionEnd
from runner.model.policy import Strength
from runner.store.store import Store
from tests.stores import NOON

ANNS = Credential(
    person="ann",
    password="$argon2id$new",
    changed_at=NOON,
    history=("$argon2id$old", "$argon2id$older"),
    must_change=True,
    secret=b"sealed",
    last_step=17,
    failures=3,
    locked_until=NOON + timedelta(minutes=1),
)


def session(id: str = "s1", person: str = "ann", minutes: int = 0) -> Session:
    began = NOON + timedelta(minutes=minutes)
    return Session(
        id=id,
        token=id.ljust(64, "0"),
        person=person,
        strength=Strength.TOUCH,
        credential="SHA256:ann",
        peer="uid:7",
        created=began,
        last_seen=began,
        until=began + timedelta(hours=8),
    )


def test_a_credential_is_read_back_as_it_was(store: Store) -> None:
    with store.writing() as transaction:
        transaction.credentials.put(ANNS)
    with store.reading() as transaction:
        assert transaction.credentials.find("ann") == ANNS
        assert transaction.credentials.find("bob") is None


def test_a_credential_takes_the_place_of_the_one_before(store: Store) -> None:
    changed = replace(ANNS, password="$argon2id$newest", must_change=False, failures=0, locked_until=None)
    with store.writing() as transaction:
        transaction.credentials.put(ANNS)
        transaction.credentials.put(changed)
    with store.writing() as transaction:
        assert transaction.credentials.find("ann") == changed
        transaction.credentials.remove("ann")
        assert transaction.credentials.find("ann") is None


def test_a_time_step_is_used_once_and_none_before_it(store: Store) -> None:
    with store.writing() as transaction:
        transaction.credentials.put(ANNS)
        assert [transaction.credentials.use_step("ann", step) for step in (16, 17, 18, 18, 17, 20)] == [
            False,
            False,
            True,
            False,
            False,
            True,
        ]
        assert transaction.credentials.use_step("bob", 18) is False


def test_a_session_is_found_by_its_token_until_it_is_forgotten(store: Store) -> None:
    begun = session()
    with store.writing() as transaction:
        transaction.sessions.add(begun)
    with store.writing() as transaction:
        assert transaction.sessions.find(begun.token) == begun
        assert transaction.sessions.find_by_id("s1") == begun
        assert transaction.sessions.find("1" * 64) is None
        assert transaction.sessions.find_by_id("s2") is None
        transaction.sessions.touch("s1", NOON + timedelta(minutes=5))
        ended = transaction.sessions.end(begun, NOON + timedelta(minutes=6), SessionEnd.IDLE)
        assert ended is not None
        assert ended.reason is SessionEnd.IDLE
    with store.writing() as transaction:
        found = transaction.sessions.find(begun.token)
        assert found == replace(ended, last_seen=NOON + timedelta(minutes=5))
        transaction.sessions.forget_ended(NOON + timedelta(minutes=6))
        assert transaction.sessions.find(begun.token) == found
        transaction.sessions.forget_ended(NOON + timedelta(minutes=7))
        assert transaction.sessions.find(begun.token) is None


def test_a_session_ends_once(store: Store) -> None:
    with store.writing() as transaction:
        transaction.sessions.add(session())
        assert transaction.sessions.end(session(), NOON, SessionEnd.SIGNED_OUT) is not None
        assert transaction.sessions.end(session(), NOON + timedelta(hours=1), SessionEnd.LEFT) is None
    with store.reading() as transaction:
        found = transaction.sessions.find_by_id("s1")
        assert found is not None
        assert (found.ended_at, found.reason) == (NOON, SessionEnd.SIGNED_OUT)


def test_a_token_belongs_to_one_session(store: Store) -> None:
    twin = replace(session("s2"), token=session("s1").token)
    with store.writing() as transaction:
        transaction.sessions.add(session("s1"))
    with pytest.raises(StorageError), store.writing() as transaction:
        transaction.sessions.add(twin)


def test_sessions_of_a_person_and_sessions_that_rest(store: Store) -> None:
    with store.writing() as transaction:
        for one in (session("s3", minutes=3), session("s1"), session("s2", minutes=2), session("b1", "bob", 1)):
            transaction.sessions.add(one)
        transaction.sessions.end(session("s2", minutes=2), NOON, SessionEnd.SIGNED_OUT)
    with store.reading() as transaction:
        assert [one.id for one in transaction.sessions.open_of("ann")] == ["s1", "s3"]
        assert [one.id for one in transaction.sessions.unused_since(NOON + timedelta(minutes=1))] == ["s1", "b1"]
