"""The register in time, at the desk: accounts that nobody uses stop, posts lie dormant, and nobody is shut out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from runner.engine.desk.register import RegisterShelf
from runner.engine.desk.upkeep import present_register, stop_unused, upheld_register
from runner.errors import RefusedError
from runner.model.grant import Appoint, Enrol, GrantState, Recertify, Reinstate, SetPolicy
from runner.model.people import PersonRole, Register, Standing
from runner.model.policy import Policy, UpkeepTerms
from runner.model.statement import StatementKind
from runner.model.time import Seconds
from runner.proof.canonical import digest
from runner.rules.tags import Tag
from runner.service.people_view import register_shown, signers, staffing
from tests.desk_grants import answer, apply, granted, record
from tests.desk_site import POLICY
from tests.desk_world import ALICE, BOB, CAROL, DAVE, NOW, Signer, World, make_world

DAY = timedelta(days=1)
UNUSED = UpkeepTerms(unused_after=Seconds(90 * 86400))
CERTIFIED = UpkeepTerms(
    recertify=(PersonRole.APPROVER,), recertify_every=Seconds(100 * 86400), dormant_after=Seconds(10 * 86400)
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    make_world(tmp_path)
    opened = World(tmp_path)
    for person in (CAROL, DAVE):
        granted(opened, Enrol(person.name, "", "", person.key.public.to_line()))
        granted(opened, Appoint(person.name, "member"))
    yield opened
    opened.close()


def under(world: World, upkeep: UpkeepTerms) -> World:
    world.use_policy(replace(Policy(), upkeep=upkeep))
    return world


def register(world: World) -> Register:
    with world.store.reading() as transaction:
        return present_register(world.premises, transaction)


def refused(world: World, person: Signer) -> str:
    with pytest.raises(RefusedError) as refusal:
        apply(world, person, Enrol("eve", "", "", ""))
    return refusal.value.rule


def pass_with_use(world: World, days: int) -> None:
    """Time passes in which alice and bob sign now and then."""
    world.clock.pass_by(days=days)
    number = apply(world, ALICE, Enrol(f"new{days}", "", "", "")).subject
    answer(world, BOB, StatementKind.DENY, number)


class TestUnused:
    def test_whoever_neither_signs_nor_signs_in_is_stopped_and_two_people_bring_them_back(self, world: World) -> None:
        under(world, UNUSED)
        pass_with_use(world, 89)
        assert register(world).people["carol"].standing is Standing.ACTIVE
        pass_with_use(world, 1)
        assert register(world).people["carol"].standing is Standing.UNUSED
        assert refused(world, CAROL) == "people:unused"
        assert Tag.STATEMENT_REFUSED in world.tags()
        number = apply(world, ALICE, Reinstate("carol", "back from leave")).subject
        assert refused(world, CAROL) == "people:unused", "one signature reinstates nobody"
        answer(world, BOB, StatementKind.GRANT, number)
        apply(world, CAROL, Enrol("eve", "", "", ""))

    def test_that_it_was_stopped_is_on_record_once(self, world: World) -> None:
        under(world, UNUSED)
        assert stop_unused(world.premises) == 0
        pass_with_use(world, 90)
        assert stop_unused(world.premises) == 2
        assert world.payload_of(Tag.ACCOUNT_STOPPED) == {
            "person": "dave",
            "since": "2027-02-21T02:00:00Z",
        }
        assert stop_unused(world.premises) == 0
        granted(world, Reinstate("dave", "back"))
        pass_with_use(world, 91)
        assert stop_unused(world.premises) == 1, "again, after another such time"

    def test_a_statement_that_is_refused_is_no_use(self, world: World) -> None:
        under(world, UNUSED)
        pass_with_use(world, 80)
        with pytest.raises(RefusedError):
            apply(world, CAROL, Reinstate("dave", "is not stopped"))
        pass_with_use(world, 10)
        assert refused(world, CAROL) == "people:unused"

    def test_whoever_is_active_is_not_reinstated(self, world: World) -> None:
        with pytest.raises(RefusedError) as refusal:
            apply(under(world, UNUSED), ALICE, Reinstate("carol", "just so"))
        assert refusal.value.rule == "people:standing"

    def test_a_site_that_slept_for_a_year_is_not_shut_out(self, world: World) -> None:
        under(world, UNUSED)
        world.clock.pass_by(days=400)
        with world.store.reading() as transaction:
            found = upheld_register(world.premises, transaction)
            shown = register_shown(world.premises, transaction, None)
        assert len(found.spared) == 2
        assert sum(person.standing is Standing.ACTIVE for person in found.register.people.values()) == 2
        assert "both still count" in shown.remarks[0].message
        able = [one for one in (ALICE, BOB, CAROL, DAVE) if one.name in found.spared]
        stopped = next(one.name for one in (ALICE, BOB, CAROL, DAVE) if one.name not in found.spared)
        number = granted(world, Reinstate(stopped, "all are back"), *able)
        assert record(world, number).state is GrantState.GRANTED

    def test_it_is_nobodys_key_any_more_and_no_team_counts_on_them(self, world: World) -> None:
        under(world, UNUSED)
        pass_with_use(world, 90)
        with world.store.reading() as transaction:
            assert {holder.name for holder in signers(world.premises, transaction)} == {"alice", "bob"}
            lacking = [row.risk.value for row in staffing(world.premises, transaction).rows if not row.enough]
        assert lacking == ["major"], "two people are left"

    def test_what_was_looked_for_is_gone_on_from_until_something_changes(self, world: World) -> None:
        under(world, UNUSED)
        pass_with_use(world, 90)
        first = register(world)
        assert register(world) is first
        granted(world, Reinstate("carol", "back"))
        assert register(world).people["carol"].standing is Standing.ACTIVE
        world.clock.pass_by(days=90)
        world.use_policy(replace(world.premises.policy, upkeep=UpkeepTerms()))
        assert register(world).people["dave"].standing is Standing.ACTIVE

    def test_without_the_key_nobody_is_ever_stopped(self, world: World) -> None:
        world.clock.pass_by(days=4000)
        assert register(world).people["carol"].standing is Standing.ACTIVE


class TestCertification:
    def test_posts_lie_dormant_until_two_people_certify_them(self, world: World) -> None:
        under(world, CERTIFIED)
        for name in ("alice", "bob"):
            other = (BOB, CAROL) if name == "alice" else (ALICE, CAROL)
            granted(world, Recertify(name, "needed"), *other)
        world.clock.pass_by(days=50)
        for name in ("alice", "bob"):
            granted(world, Recertify(name, "needed"), *((BOB, CAROL) if name == "alice" else (ALICE, CAROL)))
        world.clock.pass_by(days=60)
        assert register(world).people["carol"].lapsed
        assert refused(world, CAROL) == "people:recertify"
        with world.store.reading() as transaction:
            shown = register_shown(world.premises, transaction, None)
        [carol] = [each for each in shown.people if each.person.name == "carol"]
        assert (carol.roles, carol.posts) == ((), ())
        number = apply(world, ALICE, Recertify("carol", "on shift")).subject
        assert refused(world, CAROL) == "people:recertify"
        answer(world, BOB, StatementKind.GRANT, number)
        apply(world, CAROL, Enrol("eve", "", "", ""))

    def test_nobody_certifies_their_own(self, world: World) -> None:
        with pytest.raises(RefusedError) as refusal:
            apply(under(world, CERTIFIED), CAROL, Recertify("carol", "I need it"))
        assert refusal.value.rule == "L1:own-grant"

    def test_it_counts_from_the_policy_that_first_asks(self, world: World) -> None:
        asking = f"{POLICY}\nupkeep: {{recertify_every: 100d}}\n"
        other = f"{asking}\nrunbook_drift: record\n".replace("runbook_drift", "runtime_drift")
        world.clock.pass_by(days=300)
        granted(world, SetPolicy(digest(asking.encode()), asking))
        first = world.clock.now()
        world.clock.pass_by(days=20)
        granted(world, SetPolicy(digest(other.encode()), other))
        with world.store.reading() as transaction:
            found = RegisterShelf().of(transaction)
            assert found == world.premises.register.of(transaction), "what is kept is what stands there"
        assert found.founded == NOW
        assert dict(found.asked) == {"certifying": first}
