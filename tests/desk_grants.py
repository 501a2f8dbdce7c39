"""Grants at the desk of a world: applied for, answered, put into effect."""

from __future__ import annotations

from runner.model.grant import Grant, GrantRecord, kind_of
from runner.model.statement import StatementKind
from runner.rules import grant_statements
from runner.wire.api_request import Outcome
from runner.wire.documents import to_document
from tests.desk_site import ORIGIN
from tests.desk_world import ALICE, BOB, Signer, World


def apply(world: World, person: Signer, grant: Grant, reason: str = "needed") -> Outcome:
    content = grant_statements.apply_content(kind_of(grant), to_document(grant), reason)
    return world.submit(person, StatementKind.APPLY, ORIGIN, content)


def record(world: World, number: str) -> GrantRecord:
    with world.store.reading() as transaction:
        return transaction.grants.get(number)


def answer(world: World, person: Signer, kind: StatementKind, number: str) -> Outcome:
    found = record(world, number)
    terms = to_document(found.grant)
    content = {
        StatementKind.GRANT: lambda: grant_statements.grant_content(found, terms),
        StatementKind.INSPECT: lambda: grant_statements.inspect_content(found, terms),
        StatementKind.DENY: lambda: grant_statements.end_content(found, terms, "no"),
        StatementKind.RETRACT: lambda: grant_statements.end_content(found, terms, "no"),
    }[kind]()
    return world.submit(person, kind, number, content)


def granted(world: World, grant: Grant, by: Signer = ALICE, and_by: Signer = BOB) -> str:
    number = apply(world, by, grant).subject
    answer(world, and_by, StatementKind.GRANT, number)
    return number
