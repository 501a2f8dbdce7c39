"""Deciding about one signature under a bank's policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median

from bench.measure import Figure, timed
from runner.model.grant import Attest
from runner.model.people import KeyHolder
from runner.model.statement import StatementKind
from runner.rules.policy import decide
from runner.rules.register import enter, found
from runner.rules.ruling import Facts
from runner.runbook.places import shipped_files
from runner.runbook.settings import parse_policy

_TARGET = 50.0
_TIMES = 5000
_ROUNDS = 5
_NOW = datetime(2026, 11, 28, tzinfo=UTC)
_STAFF = {
    "op1": ("shift_operator", "operations"),
    "op2": ("shift_operator", "operations"),
    "head": ("technology_head", "technology"),
}


def measure() -> Iterator[Figure]:
    """The start of an ordinary change on production: of all decisions the one that asks the most."""
    path = shipped_files() / "inventory" / "example" / "policy.bank.yml"
    policy, facts = parse_policy(path.read_bytes(), path.name), _facts()
    if not decide(StatementKind.START, "op1", facts, policy).allowed:
        raise RuntimeError("the start that is measured must be one that is allowed")

    def often() -> None:
        for _ in range(_TIMES):
            decide(StatementKind.START, "op1", facts, policy)

    spans = sorted(timed(often) / _TIMES * 1e6 for _ in range(_ROUNDS))
    yield Figure("a policy decision: the start of a change", median(spans), "µs", _TARGET, "at most", tuple(spans))


def _facts() -> Facts:
    holders = [KeyHolder(name, f"ssh-ed25519 {name}", f"SHA256:{name}") for name in _STAFF]
    register = found(holders, {name: (post,) for name, (post, _unit) in _STAFF.items()})
    people = {name: replace(register.people[name], unit=unit) for name, (_post, unit) in _STAFF.items()}
    register = replace(register, people=people)
    for name in _STAFF:
        for mark in ("training", "confidentiality"):
            register = enter(register, Attest(name, mark, _NOW), _NOW)
    return Facts(
        register=register,
        now=_NOW,
        environment="production",
        production=True,
        author="developer",
        requester="op1",
        approvers=("head",),
        runbook="web-restart",
    )
