from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import RefusedError, RunnerError, UsageError
from runner.model.grant import (
    GRANTS,
    AddKey,
    AddTerminal,
    Appoint,
    Attest,
    Delegate,
    Enrol,
    Exempt,
    Grant,
    GrantKind,
    Leave,
    Reinstate,
    Relieve,
    RemoveTerminal,
    RevokeKey,
    SetVendor,
    Suspend,
    Transfer,
    kind_of,
)
from runner.model.people import Register, Standing, Terminal, Vendor
from runner.rules.register import enter
from tests.registers import NOON, everyone
from tests.ssh_keys import software_key

KEYS = [software_key("ssh-ed25519", seed).public.to_line() for seed in (91, 92, 93)]
DAY = timedelta(days=1)
BEFORE = everyone("A", "B")
VENDOR = Vendor("Acme", "A", NOON + 30 * DAY, "certificate 7", ("web-restart",), ("web",))


def entered(*grants: Grant, register: Register = BEFORE) -> Register:
    for grant in grants:
        register = enter(register, grant, NOON)
    return register


def refused(*grants: Grant) -> str:
    """The rule that refuses the last of them."""
    register = entered(*grants[:-1])
    with pytest.raises(RefusedError) as caught:
        enter(register, grants[-1], NOON)
    return caught.value.rule


def enrol(name: str = "C", key: str = KEYS[0], vendor: Vendor | None = None) -> Enrol:
    return Enrol(name, "", "ops", key, vendor)


def test_every_kind_of_grant_has_its_value() -> None:
    assert set(GRANTS) == set(GrantKind)
    assert {kind_of(Suspend("A", "x")), kind_of(enrol())} == {GrantKind.SUSPEND, GrantKind.ENROL}


def test_who_is_enrolled_signs_with_the_key_and_holds_nothing() -> None:
    person = entered(enrol()).people["C"]
    assert [key.line for key in person.good_keys(NOON)] == [KEYS[0]]
    assert (person.unit, person.enrolled, person.appointments) == ("ops", NOON, ())


def test_a_name_is_never_used_again() -> None:
    assert refused(enrol("A")) == "people:name-taken"
    assert refused(enrol(), Leave("C", "gone"), enrol("C", KEYS[1])) == "people:name-taken"


def test_no_key_ever_belongs_to_two_people_or_comes_back() -> None:
    assert refused(enrol(), enrol("D")) == "L2:one-key-one-person"
    assert refused(enrol(), AddKey("A", KEYS[0])) == "L2:one-key-one-person"
    fingerprint = entered(enrol()).people["C"].keys[0].fingerprint
    assert refused(enrol(), RevokeKey("C", fingerprint, "lost"), AddKey("C", KEYS[0])) == "L2:one-key-one-person"
    assert refused(enrol(), Leave("C", "gone"), enrol("D")) == "L2:one-key-one-person"


def test_a_revoked_or_expired_key_is_no_longer_good() -> None:
    register = entered(enrol(), AddKey("C", KEYS[1], NOON + DAY))
    first, second = register.people["C"].keys
    assert second.is_good(NOON)
    assert not second.is_good(NOON + DAY)
    after = enter(register, RevokeKey("C", first.fingerprint, "lost"), NOON)
    assert after.people["C"].good_keys(NOON) == (second,)
    assert after.owner(first.fingerprint) == after.people["C"], "it stays known whose it was"


def test_leaving_ends_keys_and_posts_at_once() -> None:
    person = entered(enrol(), Appoint("C", "member"), Leave("C", "gone")).people["C"]
    assert person.standing is Standing.LEFT
    assert person.good_keys(NOON) == ()
    assert person.posts(NOON) == ()
    assert refused(enrol(), Leave("C", "gone"), Appoint("C", "member")) == "people:left"


def test_a_suspension_ends_by_reinstatement_only() -> None:
    assert entered(Suspend("B", "x")).people["B"].standing is Standing.SUSPENDED
    assert entered(Suspend("B", "x"), Reinstate("B", "y")).people["B"].standing is Standing.ACTIVE
    assert refused(Suspend("B", "x"), Suspend("B", "x")) == "people:standing"
    assert entered(Reinstate("B", "y")).people["B"].standing is Standing.ACTIVE, "a stop for want of use is no grant"


def test_a_transfer_ends_the_posts_of_the_old_unit_but_not_those_of_none() -> None:
    moved = entered(enrol(), Appoint("C", "clerk"), Transfer("C", "audit", "moved")).people["C"]
    assert (moved.unit, moved.posts(NOON)) == ("audit", ())
    placed = entered(Transfer("A", "audit", "placed")).people["A"]
    assert (placed.unit, [each.post for each in placed.posts(NOON)]) == ("audit", ["member"])


class TestPosts:
    def test_an_appointment_has_its_days(self) -> None:
        held = Appoint("C", "clerk", "ops", ("lab",), NOON + DAY, NOON + 2 * DAY, document="A-7")
        person = entered(enrol(), held).people["C"]
        assert [bool(person.posts(NOON + days * DAY)) for days in (0, 1, 2)] == [False, True, False]

    def test_one_that_ends_before_it_begins_is_refused(self) -> None:
        with pytest.raises(UsageError):
            entered(enrol(), Appoint("C", "clerk", until=NOON))

    def test_nobody_holds_a_post_twice_and_nobody_is_relieved_of_what_they_do_not_hold(self) -> None:
        assert refused(enrol(), Appoint("C", "clerk"), Appoint("C", "clerk")) == "people:post-held"
        assert refused(enrol(), Relieve("C", "clerk", "x")) == "people:post-not-held"
        assert entered(enrol(), Appoint("C", "clerk"), Relieve("C", "clerk", "x")).people["C"].posts(NOON) == ()

    def test_a_stand_in_is_dormant_until_delegated(self) -> None:
        standing_in = (enrol(), Appoint("C", "clerk", stand_in=True))
        assert entered(*standing_in).people["C"].posts(NOON) == ()
        taken_over = Delegate("C", "clerk", NOON, NOON + DAY, "holiday")
        person = entered(*standing_in, taken_over).people["C"]
        assert person.posts(NOON)
        assert not person.posts(NOON + DAY)

    def test_only_a_stand_in_takes_over(self) -> None:
        taken_over = Delegate("C", "clerk", NOON, NOON + DAY, "holiday")
        assert refused(enrol(), Appoint("C", "clerk"), taken_over) == "people:no-stand-in"


def test_an_attestation_counts_from_its_day_to_its_end() -> None:
    person = entered(enrol(), Attest("C", "training", NOON, NOON + DAY)).people["C"]
    assert [person.has_mark("training", NOON + hours * timedelta(hours=1)) for hours in (-1, 0, 24)] == [
        False,
        True,
        False,
    ]
    assert not person.has_mark("confidentiality", NOON)


def test_an_exemption_has_an_end() -> None:
    given = Exempt("A", ("one", "two"), NOON, NOON + DAY, "short of staff")
    assert entered(given).people["A"].exemptions[0].until == NOON + DAY
    with pytest.raises(UsageError):
        entered(replace(given, until=NOON))


def test_somebody_of_a_vendor_has_a_sponsor_of_the_house() -> None:
    register = entered(enrol(vendor=VENDOR))
    assert register.people["C"].vendor == VENDOR
    assert refused(enrol(vendor=VENDOR), enrol("D", KEYS[1], replace(VENDOR, sponsor="C"))) == (
        "people:sponsor-is-vendor"
    )
    assert refused(SetVendor("A", VENDOR)) == "people:no-vendor"
    with pytest.raises(UsageError):
        entered(enrol(vendor=replace(VENDOR, sponsor="nobody")))


def test_terminals_have_one_name_and_one_source() -> None:
    terminal = Terminal("T1", "10.0.0.1", "A3")
    assert entered(AddTerminal(terminal)).terminals == {"T1": terminal}
    assert entered(AddTerminal(terminal), RemoveTerminal("T1", "moved")).terminals == {}
    for other in (replace(terminal, name="T2"), replace(terminal, source="10.0.0.2")):
        assert refused(AddTerminal(terminal), AddTerminal(other)) == "people:terminal-taken"


@pytest.mark.parametrize("name", ["", " ", " C", "C\n", "x" * 65])
def test_a_name_is_one_line_of_letters(name: str) -> None:
    with pytest.raises(UsageError):
        entered(enrol(name))


@pytest.mark.parametrize(
    "grant", [Suspend("X", "x"), Leave("X", "x"), AddKey("X", KEYS[0]), Appoint("X", "p"), RemoveTerminal("X", "x")]
)
def test_what_nobody_knows_is_refused_by_name(grant: Grant) -> None:
    with pytest.raises(UsageError) as caught:
        entered(grant)
    assert "X" in str(caught.value)


NAMES = st.sampled_from("ABCD")
SOME_GRANT = st.one_of(
    st.builds(enrol, NAMES, st.sampled_from(KEYS)),
    st.builds(AddKey, NAMES, st.sampled_from(KEYS)),
    st.builds(Suspend, NAMES, st.just("x")),
    st.builds(Reinstate, NAMES, st.just("x")),
    st.builds(Leave, NAMES, st.just("x")),
    st.builds(RevokeKey, NAMES, st.sampled_from([f"SHA256:{name}" for name in "AB"]), st.just("x")),
)


@given(st.lists(SOME_GRANT, max_size=30))
def test_no_order_of_grants_gives_a_key_to_two_people_or_life_back_to_one(grants: list[Grant]) -> None:
    register, left, revoked = BEFORE, set[str](), set[str]()
    for grant in grants:
        try:
            register = enter(register, grant, NOON)
        except RunnerError:
            continue
        holders = [(key.fingerprint, name) for name, each in register.people.items() for key in each.keys]
        assert len({fingerprint for fingerprint, _name in holders}) == len(holders)
        assert dict(holders) == dict(register.owners)
        good = {key.fingerprint for each in register.people.values() for key in each.good_keys(NOON)}
        assert not good & revoked
        revoked |= set(register.owners) - good
        left |= {each.name for each in register.people.values() if each.standing is Standing.LEFT}
        assert all(register.people[name].standing is Standing.LEFT for name in left)
