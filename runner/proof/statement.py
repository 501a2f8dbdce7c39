"""The bytes of a signed statement: canonical JSON of bounded size, signed in the namespace of its kind."""

from __future__ import annotations

from typing import Final

from runner.errors import SignatureError
from runner.model.document import JsonObject
from runner.model.statement import StatementKind
from runner.proof.canonical import CanonicalError, canonical_bytes, parse_strict
from runner.words import N_

MAX_STATEMENT: Final = 64 * 1024
"""Bytes of a statement."""


def namespace(kind: StatementKind) -> str:
    """The SSHSIG namespace of a kind of statement."""
    return f"twokey.v1.{kind}"


NAMESPACES: Final = tuple(map(namespace, StatementKind))
"""Every SSHSIG namespace people sign in."""


def statement_bytes(fields: JsonObject) -> bytes:
    """The bytes that are signed.

    Raises:
        CanonicalError: the fields have no canonical form, or are longer than `MAX_STATEMENT`.
    """
    data = canonical_bytes(fields)
    if len(data) > MAX_STATEMENT:
        raise CanonicalError(
            N_("statement: too long: got {size} bytes, expected at most {limit}"), size=len(data), limit=MAX_STATEMENT
        )
    return data


def parse_statement(data: bytes) -> JsonObject:
    """The fields of a statement's bytes.

    Raises:
        CanonicalError: not strict JSON, or longer than `MAX_STATEMENT`.
        SignatureError: not an object, or not spelt canonically.
    """
    fields = parse_strict(data, MAX_STATEMENT)
    if not isinstance(fields, dict) or canonical_bytes(fields) != data:
        raise SignatureError(N_("statement: expected an object in canonical JSON"), rule="statement:malformed")
    return fields
