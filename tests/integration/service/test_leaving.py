"""Leaving over the socket: what ends is dead at once, and the list of it is there before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from runner.client.service import Service
from runner.errors import UsageError
from runner.model.grant import Appoint, Enrol, Leave, Reinstate, SetVendor
from runner.model.people import Vendor
from runner.model.policy import UpkeepTerms
from runner.model.statement import StatementKind
from runner.model.time import Seconds
from runner.rules.tags import Tag
from runner.wire import api
from tests.desk_grants import answer, apply, granted
from tests.desk_world import ALICE, BOB, CAROL, DAVE, NOW, World
from tests.integration.service.conftest import Served, serving
from tests.integration.service.signing_in import Asking, asking, refusal, signed_in_only

DAY = timedelta(days=1)
VENDOR = Vendor("North", "carol", NOW + 300 * DAY, "Q-1")


@pytest.fixture
def strict(world: World, short_folder: Path) -> Iterator[Served]:
    """Carol of operations and dave of a vendor, for whom she answers; nobody reads without a session."""
    signed_in_only(world)
    granted(world, Enrol("carol", "", "", CAROL.key.public.to_line()))
    granted(world, Appoint("carol", "member"))
    granted(world, Enrol("dave", "", "", DAVE.key.public.to_line(), VENDOR))
    socket = short_folder / "s"
    with serving(world, socket) as parts, Service(socket) as client:
        yield Served(world, parts, socket, client)


@pytest.fixture
def somebody(strict: Served) -> Iterator[Asking]:
    with asking(strict.socket, strict.world.clock) as one:
        yield one


def said(words: list[dict[str, object]]) -> list[str]:
    return [str(each["message"]) for each in words]


def test_session_key_and_posts_of_a_leaver_are_dead_at_once(strict: Served, somebody: Asking) -> None:
    token = somebody.sign_in(CAROL)
    nonce = str(somebody.challenge(person="carol")["nonce"])
    claim = somebody.claim(CAROL, nonce)
    number = apply(strict.world, ALICE, Leave("carol", "moved away")).subject
    assert somebody.ask("GET", api.RUNS, token=token).status_code == 200, "an application ends nothing"
    answer(strict.world, BOB, StatementKind.GRANT, number)
    assert refusal(somebody.ask("GET", api.RUNS, token=token)) == (401, "access:session-over")
    assert refusal(somebody.answered(CAROL, claim)) == (401, "access:unknown-key"), "a challenge given before either"
    alice = somebody.sign_in(ALICE)
    people = somebody.ask("GET", api.REGISTER, token=alice).json()["people"]
    [carol] = [each for each in people if each["person"]["name"] == "carol"]
    assert (carol["roles"], carol["posts"], carol["person"]["standing"]) == ([], [], "left")


def test_the_list_is_there_before_and_after(strict: Served, somebody: Asking) -> None:
    somebody.sign_in(CAROL)
    waiting = apply(strict.world, CAROL, Enrol("eve", "", "", "")).subject
    token = somebody.sign_in(ALICE)
    before = somebody.ask("GET", f"{api.LEAVING}?person=carol", token=token).json()
    assert [each.partition(" ")[0] for each in said(before["ends"])] == ["sessions:", "key", "post"]
    numbers = [each["facts"].get("number") or each["facts"].get("vendor") for each in before["open"]]
    assert (waiting in numbers, "dave" in numbers) == (True, True)
    leave = Leave("carol", "moved away", ("badge",), ("laptop",))
    number = granted(strict.world, leave)
    after = somebody.ask("GET", api.grant_path(number), token=token).json()
    assert said(after["ends"]) == said(before["ends"])[1:], "the session has ended, with an entry of its own"
    assert strict.world.payload_of(Tag.SESSION_EXPIRED)["person"] == "carol"
    assert {"dave", waiting} <= {each["facts"].get("number") or each["facts"].get("vendor") for each in after["open"]}
    assert (after["row"]["terms"]["handed_back"], after["row"]["terms"]["still_out"]) == (["badge"], ["laptop"])


def test_what_somebody_leaves_with_an_unanswered_grant_of_another_kind_is_not_told(strict: Served) -> None:
    shown = strict.world
    number = apply(shown, ALICE, Enrol("eve", "", "", "")).subject
    with asking(strict.socket, shown.clock) as somebody:
        token = somebody.sign_in(ALICE)
        found = somebody.ask("GET", api.grant_path(number), token=token).json()
    assert (found["ends"], found["open"]) == ([], [])


def test_nobody_of_that_name_leaves(strict: Served, somebody: Asking) -> None:
    token = somebody.sign_in(ALICE)
    found = somebody.ask("GET", f"{api.LEAVING}?person=nobody", token=token)
    assert found.status_code == 400
    assert UsageError.exit_code == 2
    assert somebody.ask("GET", f"{api.LEAVING}?person=carol").status_code == 401, "nobody reads it without a session"


def test_accounts_of_a_vendor_stop_with_their_sponsor_until_another_is_granted(
    strict: Served, somebody: Asking
) -> None:
    token = somebody.sign_in(DAVE)
    granted(strict.world, Leave("carol", "moved away"))
    assert refusal(somebody.ask("GET", api.RUNS, token=token)) == (401, "access:session-over")
    nonce = str(somebody.challenge(person="dave")["nonce"])
    assert refusal(somebody.answered(DAVE, somebody.claim(DAVE, nonce))) == (403, "people:no-sponsor")
    assert strict.world.payload_of(Tag.SESSION_REFUSED)["rule"] == "people:no-sponsor"
    granted(strict.world, SetVendor("dave", replace(VENDOR, sponsor="alice")))
    assert somebody.sign_in(DAVE)


def test_an_account_that_nobody_uses_is_refused_at_the_door_until_it_is_reinstated(
    strict: Served, somebody: Asking
) -> None:
    world = strict.world
    policy = replace(world.premises.policy, upkeep=UpkeepTerms(unused_after=Seconds(90 * 86400)))
    world.premises.in_force.take(policy, world.premises.policy_digest, ())
    world.clock.pass_by(days=60)
    for person in (ALICE, BOB, CAROL):
        somebody.sign_in(person)
    world.clock.pass_by(days=30)
    nonce = str(somebody.challenge(person="dave")["nonce"])
    answered = somebody.answered(DAVE, somebody.claim(DAVE, nonce))
    assert refusal(answered) == (403, "people:unused")
    assert "reinstate" in str(answered.json()["hint"])
    assert somebody.sign_in(CAROL), "signing in is use enough"
    granted(world, Reinstate("dave", "back"))
    assert somebody.sign_in(DAVE)


def test_a_password_goes_with_the_account_that_it_opened(strict: Served) -> None:
    passwords, store = strict.parts.access.passwords, strict.world.store
    prepared = passwords.prepare("carol")
    with store.writing() as transaction:
        passwords.reset(transaction, prepared, "bob")
    granted(strict.world, Leave("carol", "moved away"))
    with store.reading() as transaction:
        assert transaction.credentials.find("carol") is None


def test_each_session_that_ends_is_an_entry(strict: Served, somebody: Asking) -> None:
    somebody.sign_in(CAROL)
    granted(strict.world, Leave("carol", "moved away", ("badge",)))
    assert [tag for tag in strict.world.tags() if tag in (Tag.SESSION_EXPIRED, Tag.GRANT_ENTERED)][-2:] == [
        Tag.GRANT_ENTERED,
        Tag.SESSION_EXPIRED,
    ]
