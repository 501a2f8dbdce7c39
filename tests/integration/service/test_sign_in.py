"""Signing in by key over the socket: whoever is let in has shown it, and nobody else is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from runner.model.grant import AddKey
from runner.model.statement import StatementKind
from runner.proof.sign_in import NAMESPACE
from runner.proof.statement import NAMESPACES, namespace
from runner.rules.tags import Tag
from runner.service.access.challenges import MOST_OF_A_PEER
from runner.service.access.limits import USUAL
from runner.wire import api
from tests.desk_grants import granted
from tests.desk_world import ALICE, BOB, STRANGER
from tests.integration.service.conftest import Served
from tests.integration.service.signing_in import Asking, asking, refusal
from tests.ssh_keys import FIDO_KINDS, PLAIN_KINDS, software_key


@pytest.fixture
def somebody(served: Served) -> Iterator[Asking]:
    with asking(served.socket, served.world.clock) as one:
        yield one


def nonce_for(somebody: Asking, person: str = "alice") -> str:
    return str(somebody.challenge(person=person)["nonce"])


class TestChallenge:
    def test_a_name_gets_one_whether_or_not_anybody_has_it(self, somebody: Asking) -> None:
        known, unknown = (somebody.challenge(person=name) for name in ("alice", "nobody"))
        assert known.keys() == unknown.keys()
        assert (known["person"], known["key"]) == ("alice", "")
        assert (unknown["person"], unknown["key"]) == ("nobody", "")
        assert known["nonce"] != unknown["nonce"]

    def test_keys_are_told_apart_by_whose_they_are(self, somebody: Asking) -> None:
        keys = [key.public.fingerprint for key in (STRANGER.key, BOB.key)]
        given = somebody.challenge(keys=keys)
        assert (given["person"], given["key"]) == ("bob", keys[1])
        given = somebody.challenge(keys=keys[:1])
        assert (given["person"], given["key"]) == ("", "")

    @pytest.mark.parametrize("asked", [{}, {"person": "a", "keys": ["b"]}, {"keys": ["x"] * 33}, {"person": "x" * 129}])
    def test_one_way_of_asking_in_bounds(self, somebody: Asking, asked: dict[str, object]) -> None:
        assert somebody.ask("POST", api.SIGN_IN_CHALLENGE, asked).status_code == 400

    def test_only_so_many_wait_for_their_answer(self, served: Served, somebody: Asking) -> None:
        for _ in range(MOST_OF_A_PEER):
            served.world.clock.pass_by(milliseconds=100)
            nonce_for(somebody)
        answer = somebody.ask("POST", api.SIGN_IN_CHALLENGE, {"person": "alice"})
        assert refusal(answer) == (429, "access:too-often")
        assert 0 < int(answer.headers["retry-after"]) <= 60
        served.world.clock.pass_by(seconds=int(answer.headers["retry-after"]) + 1)
        assert somebody.ask("POST", api.SIGN_IN_CHALLENGE, {"person": "alice"}).status_code == 200


class TestByKey:
    @pytest.mark.parametrize("kind", PLAIN_KINDS + FIDO_KINDS)
    def test_every_kind_of_key(self, served: Served, somebody: Asking, kind: str) -> None:
        signer = replace(ALICE, key=software_key(kind, 51))
        granted(served.world, AddKey("alice", signer.key.public.to_line()))
        begun = somebody.session(signer)
        assert begun["strength"] == ("touch" if kind in FIDO_KINDS else "key")

    def test_a_security_key_nobody_touched(self, served: Served, somebody: Asking) -> None:
        signer = replace(ALICE, key=software_key(FIDO_KINDS[0], 51).untouched())
        granted(served.world, AddKey("alice", signer.key.public.to_line()))
        answer = somebody.answered(signer, somebody.claim(signer, nonce_for(somebody)))
        assert refusal(answer) == (403, "signature:nobody-present")

    def test_a_challenge_is_good_once(self, somebody: Asking) -> None:
        claim = somebody.claim(ALICE, nonce_for(somebody))
        assert somebody.answered(ALICE, claim).status_code == 200
        assert refusal(somebody.answered(ALICE, claim)) == (401, "access:challenge")

    def test_a_wrong_answer_uses_it_up(self, somebody: Asking) -> None:
        claim = somebody.claim(ALICE, nonce_for(somebody))
        assert refusal(somebody.answered(ALICE, claim, namespace="file")) == (403, "signature:other-namespace")
        assert refusal(somebody.answered(ALICE, claim)) == (401, "access:challenge")

    def test_a_challenge_is_good_for_a_minute(self, served: Served, somebody: Asking) -> None:
        nonces = [nonce_for(somebody) for _ in range(2)]
        served.world.clock.pass_by(seconds=59)
        assert somebody.answered(ALICE, somebody.claim(ALICE, nonces[0])).status_code == 200
        served.world.clock.pass_by(seconds=1)
        assert refusal(somebody.answered(ALICE, somebody.claim(ALICE, nonces[1]))) == (401, "access:challenge")

    def test_a_challenge_is_good_for_whom_it_was_given(self, somebody: Asking) -> None:
        answer = somebody.answered(BOB, somebody.claim(BOB, nonce_for(somebody, "alice")))
        assert refusal(answer) == (401, "access:challenge")
        assert refusal(somebody.answered(ALICE, somebody.claim(ALICE, "0" * 32))) == (401, "access:challenge")

    def test_a_challenge_is_good_where_it_was_given(self, served: Served, somebody: Asking) -> None:
        nonce = served.parts.access.keys._challenges.give("alice", "uid:12345").nonce
        assert refusal(somebody.answered(ALICE, somebody.claim(ALICE, nonce))) == (401, "access:challenge")

    def test_it_names_this_service(self, somebody: Asking) -> None:
        claim = somebody.claim(ALICE, nonce_for(somebody), origin="other.example/twokey")
        assert refusal(somebody.answered(ALICE, claim)) == (401, "access:other-origin")

    def test_it_names_the_present(self, somebody: Asking) -> None:
        claim = somebody.claim(ALICE, nonce_for(somebody), at=somebody.clock.now() - timedelta(minutes=11))
        assert refusal(somebody.answered(ALICE, claim)) == (401, "access:other-time")

    def test_a_key_that_is_nobodys(self, somebody: Asking) -> None:
        answer = somebody.answered(STRANGER, somebody.claim(STRANGER, nonce_for(somebody)))
        assert refusal(answer) == (401, "access:unknown-key")

    def test_a_key_that_is_somebody_elses(self, somebody: Asking) -> None:
        claim = somebody.claim(ALICE, nonce_for(somebody))
        assert refusal(somebody.answered(BOB, claim)) == (401, "access:unknown-key")
        claim = somebody.claim(ALICE, nonce_for(somebody), key=BOB.key.public.fingerprint)
        assert refusal(somebody.answered(BOB, claim)) == (401, "access:unknown-key")

    def test_what_was_signed_is_what_is_claimed(self, somebody: Asking) -> None:
        nonce = nonce_for(somebody)
        answer = somebody.answered(ALICE, somebody.claim(ALICE, nonce))
        body = {"statement": '{"a":1}', "signature": "x"}
        assert somebody.ask("POST", api.SIGN_IN, body).status_code == 400
        assert answer.status_code == 200

    def test_no_statement_signs_anybody_in(self, served: Served, somebody: Asking) -> None:
        assert NAMESPACE not in NAMESPACES
        claim = somebody.claim(ALICE, nonce_for(somebody))
        answer = somebody.answered(ALICE, claim, namespace(StatementKind.APPROVE))
        assert refusal(answer) == (403, "signature:other-namespace")

    def test_somebody_who_is_known_is_named_and_others_are_counted(self, served: Served, somebody: Asking) -> None:
        for _ in range(3):
            somebody.answered(STRANGER, somebody.claim(STRANGER, nonce_for(somebody)))
        served.parts.access.stop()
        assert served.world.tags().count(Tag.ACCESS_REFUSED) == 2
        assert served.world.payload_of(Tag.ACCESS_REFUSED)["count"] == 2

    def test_one_person_signs_in_so_often_and_disturbs_nobody(self, somebody: Asking) -> None:
        for _ in range(USUAL.person.burst):
            somebody.sign_in(ALICE)
        answer = somebody.answered(ALICE, somebody.claim(ALICE, nonce_for(somebody)))
        assert refusal(answer) == (429, "access:too-often")
        assert int(answer.headers["retry-after"]) == 3
        somebody.sign_in(BOB)
