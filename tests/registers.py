"""Registers of people for tests of rules: everyone with a key of their own and some posts."""

from __future__ import annotations

from datetime import UTC, datetime

from runner.model.grant import Grant, GrantRecord, GrantState
from runner.model.people import KeyHolder, Register
from runner.model.policy import MEMBER
from runner.rules.register import found

NOON = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)


def everyone(*names: str, **posts: tuple[str, ...]) -> Register:
    """People of these names, each with the key `SHA256:NAME`; who is given no posts holds the one of the two-person
    policy."""
    holders = [KeyHolder(name, f"ssh-ed25519 {name}", f"SHA256:{name}") for name in (*names, *posts)]
    return found(holders, {**dict.fromkeys(names, (MEMBER,)), **posts})


def applied(grant: Grant, by: str) -> GrantRecord:
    """An application for a grant."""
    return GrantRecord("SQ-2026-0001", grant, "needed", GrantState.APPLIED, by, "a" * 64, NOON)
