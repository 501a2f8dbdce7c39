from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.errors import UsageError
from runner.model.grant import AddKey, Appoint, Delegate, Grant, Leave, Relieve, RevokeKey
from runner.model.people import Register, Standing, Vendor
from runner.rules.leaving import Matters, leaving
from runner.rules.oversight import Remark
from runner.rules.register import enter
from tests.registers import NOON, everyone
from tests.ssh_keys import software_key

DAY = timedelta(days=1)
LEFT = NOON + 3 * DAY
LINE = software_key("ssh-ed25519", 1).public.to_line()
MATTERS = Matters(
    sessions=2,
    standing_approvals=("BG-2026-0001",),
    requested=("BG-2026-0002",),
    approved=("BG-2026-0003",),
    runs=("BG-2026-0004/1",),
    reviews=("BG-2026-0005/1",),
    inspections=("SQ-2026-0001",),
    applications=("SQ-2026-0002",),
)


def made() -> Register:
    register = everyone(A=("operator",), B=("head",), V=("vendor",), W=("vendor",))
    vendor = Vendor("North", "A", NOON + 99 * DAY, "")
    people = {
        **register.people,
        "V": replace(register.people["V"], vendor=vendor),
        "W": replace(register.people["W"], vendor=vendor, standing=Standing.LEFT),
    }
    register = replace(register, people=people)
    grants: tuple[Grant, ...] = (
        Appoint("A", "network", stand_in=True),
        Delegate("A", "network", NOON, NOON + 30 * DAY, "ill"),
        AddKey("A", LINE),
        Appoint("A", "auditor"),
        Relieve("A", "auditor", "done"),
        RevokeKey("A", "SHA256:A", "lost"),
    )
    for number, grant in enumerate(grants):
        register = enter(register, grant, NOON + timedelta(hours=number))
    return register


def facts(remarks: tuple[Remark, ...]) -> list[tuple[str, ...]]:
    return [tuple(str(fact) for fact in each.facts.values()) for each in remarks]


def test_what_ends_is_named_and_nothing_that_had_ended_before() -> None:
    fingerprint = software_key("ssh-ed25519", 1).public.fingerprint
    assert facts(leaving(made(), "A", MATTERS, LEFT).ends) == [
        ("2",),
        (fingerprint,),
        ("operator",),
        ("network",),
        ("network", "2026-12-28T04:00:00Z"),
        ("BG-2026-0001",),
    ]


def test_it_is_the_same_list_afterwards() -> None:
    before = leaving(made(), "A", MATTERS, LEFT)
    after = enter(made(), Leave("A", "moved away", ("badge",), ("laptop",)), LEFT)
    assert leaving(after, "A", MATTERS, LEFT) == before
    assert after.people["A"].good_keys(LEFT) == ()
    assert after.people["A"].posts(LEFT) == ()


def test_what_stays_open_is_for_others_to_see_to() -> None:
    stays = facts(leaving(made(), "A", MATTERS, LEFT).stays)
    assert [each[0] for each in stays] == [
        "BG-2026-0002",
        "BG-2026-0003",
        "BG-2026-0004/1",
        "BG-2026-0005/1",
        "SQ-2026-0001",
        "SQ-2026-0002",
        "V",
    ], "of the vendor's people only who is still there"


def test_whoever_has_nothing_leaves_nothing() -> None:
    bare = enter(everyone("A", "B"), Relieve("B", "member", "x"), NOON)
    bare = enter(bare, RevokeKey("B", "SHA256:B", "x"), NOON)
    found = leaving(bare, "B", Matters(), LEFT)
    assert (found.ends, found.stays) == ((), ())


def test_nobody_of_that_name() -> None:
    with pytest.raises(UsageError):
        leaving(made(), "nobody", Matters(), LEFT)
