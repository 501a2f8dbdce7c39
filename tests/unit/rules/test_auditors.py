"""An auditor acts on nothing: every kind of statement by somebody whose only post is auditor, in every part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from runner.model.grant import AddKey, Grant, GrantState, Relieve, RevokeKey
from runner.model.people import PersonRole
from runner.model.policy import GrantArea, Policy
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.rules.policy import decide
from runner.rules.ruling import Facts
from runner.runbook.settings import parse_policy
from tests.registers import NOON, applied, everyone

SHIPPED = Path(__file__).parents[3] / "inventory" / "example" / "policy.bank.yml"
BANK = parse_policy(SHIPPED.read_bytes(), "policy.bank.yml")
[AUDITOR] = [name for name, post in BANK.posts.items() if post.roles == (PersonRole.AUDITOR,)]
OTHERS = {
    "O": ("shift_operator",),
    "P": ("senior_operator",),
    "H": ("department_head",),
    "B": ("business_owner",),
}
REGISTER = everyone(A=(AUDITOR,), **OTHERS)
UNCHECKED = replace(
    BANK, grants={area: replace(terms, check=(PersonRole.SECURITY_ADMIN,)) for area, terms in BANK.grants.items()}
)
"""The same policy, where auditors do not check grants."""


def situations() -> Iterator[Facts]:
    """Everything a statement may be about, at each stage, in which the auditor has had no part."""
    plain = Facts(register=REGISTER, now=NOON, environment="production", author="O", requester="O")
    grants = [applied(Relieve("O", "shift_operator", "x"), "H")]
    grants += [replace(grants[0], state=GrantState.GRANTED)]
    for risk, production, standing, grant in product(Risk, (True, False), (True, False), grants):
        about = replace(plain, risk=risk, production=production, standing=standing, grant=grant)
        yield about
        yield replace(about, approvers=("H", "B"))
        yield replace(about, approvers=("H", "B"), executor="O")
        yield replace(about, approvers=("H", "B"), executor="O", confirmer="P")
        yield replace(about, approvers=("H", "B"), executor="O", confirmer="P", signed=("O",))


FACTS = tuple(situations())


def allowed(kind: StatementKind, policy: Policy = UNCHECKED) -> set[str]:
    """What of it an auditor may sign."""
    return {str(facts) for facts in FACTS if not decide(kind, "A", facts, policy).rule}


@pytest.mark.parametrize("kind", sorted(set(StatementKind) - {StatementKind.GENESIS}))
def test_nothing_is_signed_by_somebody_whose_only_post_is_auditor(kind: StatementKind) -> None:
    assert allowed(kind) == set()


@pytest.mark.parametrize("kind", [StatementKind.PAUSE, StatementKind.ABORT, StatementKind.REVOKE])
def test_nothing_is_stopped_by_them_either_which_is_for_the_people_of_a_run_or_an_approval(
    kind: StatementKind,
) -> None:
    assert allowed(kind, BANK) == set()


def test_they_inspect_grants_where_policy_says_so_and_do_nothing_else() -> None:
    checking = replace(
        BANK, grants={area: replace(terms, check=(PersonRole.AUDITOR,)) for area, terms in BANK.grants.items()}
    )
    may = {kind for kind in set(StatementKind) - {StatementKind.GENESIS} if allowed(kind, checking)}
    assert may == {StatementKind.INSPECT}


@pytest.mark.parametrize(
    "grant, own",
    [
        (AddKey("A", "ssh-ed25519 new"), True),
        (RevokeKey("A", "SHA256:A", "lost"), True),
        (AddKey("O", "ssh-ed25519 new"), False),
        (RevokeKey("O", "SHA256:O", "lost"), False),
    ],
)
def test_they_care_for_their_own_keys_as_everybody_does(grant: Grant, own: bool) -> None:  # noqa: FBT001 - a case
    facts = Facts(register=REGISTER, now=NOON + timedelta(days=1), grant=applied(grant, "A"))
    assert (decide(StatementKind.APPLY, "A", facts, UNCHECKED).rule == "") is own
    assert decide(StatementKind.GRANT, "A", facts, UNCHECKED).rule


def test_no_policy_gives_them_a_part() -> None:
    for area in GrantArea:
        assert PersonRole.AUDITOR not in {*BANK.grants[area].apply, *BANK.grants[area].approve}
