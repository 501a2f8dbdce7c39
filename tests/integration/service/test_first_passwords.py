"""Credentials set anew by two administrators: neither alone can use what comes of it, its owner can."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.engine.desk.desk import Desk
from runner.errors import RefusedError, UsageError
from runner.model.grant import Leave, ResetCredentials
from runner.model.statement import StatementKind
from runner.rules.grant_statements import grant_content
from runner.rules.tags import Tag
from runner.wire import api
from runner.wire.documents import to_document
from tests.desk_grants import answer, apply, granted, record
from tests.desk_world import ALICE, BOB
from tests.integration.service.conftest import Served
from tests.integration.service.signing_in import asking, refusal
from tests.integration.service.with_passwords import NEW, Carol


@pytest.fixture
def carol(served: Served) -> Iterator[Carol]:
    with asking(served.socket, served.world.clock) as one:
        yield Carol(served, one)


def test_somebody_without_a_key_gets_going(carol: Carol) -> None:
    carol.settle()
    assert carol.asking.ask("GET", api.SESSIONS, token=carol.token).json()["sessions"][0]["strength"] == "password"
    assert carol.sign_in(NEW).status_code == 200


def test_each_signer_learns_one_half_and_neither_half_is_enough(carol: Carol) -> None:
    carol.enrol()
    first, second = carol.first.split("-")
    assert first != second
    for alone in (first, second, f"{first}-", f"-{second}", f"{first}-{first}", f"{second}-{first}"):
        assert refusal(carol.authenticator(alone)) == (401, "access:wrong")
        carol.served.world.clock.pass_by(seconds=3600)
    assert carol.authenticator(carol.first).status_code == 200


def test_nobody_sets_credentials_anew_alone(carol: Carol) -> None:
    carol.settle()
    applied = apply(carol.served.world, ALICE, ResetCredentials("carol", "mine now"))
    assert applied.half
    with pytest.raises(RefusedError) as caught:
        answer(carol.served.world, ALICE, StatementKind.GRANT, applied.subject)
    assert caught.value.rule == "L1:applicant-approves"
    assert refusal(carol.authenticator(applied.half)) == (401, "access:wrong")
    carol.later()
    assert carol.sign_in(NEW).status_code == 200, "an application alone changes nothing"


def test_nobody_approves_their_own(carol: Carol) -> None:
    applied = apply(carol.served.world, ALICE, ResetCredentials("bob", "forgotten"))
    with pytest.raises(RefusedError) as caught:
        answer(carol.served.world, BOB, StatementKind.GRANT, applied.subject)
    assert caught.value.rule == "L1:own-grant"


def test_what_was_there_before_counts_no_longer(carol: Carol) -> None:
    carol.settle()
    before = carol.secret
    carol.first = "-".join(carol.halves())
    assert refusal(carol.asking.ask("GET", api.SESSIONS, token=carol.token)) == (401, "access:session-over")
    assert refusal(carol.sign_in(NEW)) == (401, "access:wrong")
    carol.learn()
    assert carol.secret != before
    assert refusal(carol.sign_in(carol.first, NEW)) == (403, "access:password-used"), "history outlives a reset"


def test_the_authenticator_is_shown_until_the_password_is_changed(carol: Carol) -> None:
    carol.settle()
    assert refusal(carol.authenticator(carol.first)) == (401, "access:wrong")
    assert refusal(carol.authenticator(NEW)) == (401, "access:wrong")


def test_a_first_password_must_be_changed_at_once(carol: Carol) -> None:
    carol.enrol()
    carol.learn()
    assert refusal(carol.sign_in(carol.first)) == (401, "access:password-due")


def test_a_first_password_does_not_wait_for_ever(carol: Carol) -> None:
    carol.enrol()
    carol.learn()
    carol.served.world.clock.pass_by(seconds=3 * 86400)
    assert refusal(carol.authenticator(carol.first)) == (401, "access:wrong")
    assert refusal(carol.sign_in(carol.first, NEW)) == (401, "access:wrong")


def test_guessing_at_it_locks_the_account(carol: Carol) -> None:
    carol.enrol()
    for _ in range(5):
        assert refusal(carol.authenticator("wrong-half")) == (401, "access:wrong")
    assert refusal(carol.authenticator(carol.first)) == (429, "access:too-often")


def test_halves_stand_in_no_record(carol: Carol) -> None:
    carol.enrol()
    kept = b"".join(path.read_bytes() for path in carol.served.world.state.root.glob("twokey.db*"))
    for half in carol.first.split("-"):
        assert half.encode() not in kept
    assert carol.served.world.payload_of(Tag.CREDENTIAL_RESET) == {"by": "bob", "person": "carol"}


def test_who_has_left_gets_none(carol: Carol) -> None:
    carol.enrol()
    granted(carol.served.world, Leave("carol", "gone"))
    with pytest.raises(RefusedError) as caught:
        apply(carol.served.world, ALICE, ResetCredentials("carol", "back"))
    assert caught.value.rule == "people:left"


def test_the_applicant_cannot_have_another_approved_than_was_applied_for(carol: Carol) -> None:
    carol.enrol()
    world = carol.served.world
    number = apply(world, ALICE, ResetCredentials("carol", "lost")).subject
    found = record(world, number)
    content = {**grant_content(found, to_document(found.grant)), "application": "0" * 64}
    with pytest.raises(RefusedError):
        world.submit(BOB, StatementKind.GRANT, number, content)
    carol.learn()
    assert carol.sign_in(carol.first, NEW).status_code == 200, "what bob was refused changed nothing"


def test_a_desk_that_cannot_do_it_refuses(carol: Carol) -> None:
    carol.served.world.desk = Desk(carol.served.world.premises)
    with pytest.raises(UsageError):
        apply(carol.served.world, ALICE, ResetCredentials("bob", "lost"))
