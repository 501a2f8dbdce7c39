"""The bytes of statements: one spelling, a bounded size, a namespace for each kind."""

from __future__ import annotations

import pytest

from runner.errors import RunnerError, SignatureError
from runner.model.document import JsonObject
from runner.model.statement import StatementKind
from runner.proof.canonical import CanonicalError
from runner.proof.statement import MAX_STATEMENT, NAMESPACES, namespace, parse_statement, statement_bytes

FIELDS: JsonObject = {
    "kind": "approve",
    "person": "zhang.min",
    "content": {"plan": "sha256:00", "runs": 1},
    "version": 1,
}


def test_each_kind_has_its_own_namespace() -> None:
    assert namespace(StatementKind.APPROVE) == "twokey.v1.approve"
    assert tuple(namespace(kind) for kind in StatementKind) == NAMESPACES
    assert len(set(NAMESPACES)) == len(StatementKind)


def test_a_statement_is_read_back() -> None:
    data = statement_bytes(FIELDS)
    assert data == b'{"content":{"plan":"sha256:00","runs":1},"kind":"approve","person":"zhang.min","version":1}'
    assert parse_statement(data) == FIELDS


def test_a_statement_cut_short_or_changed_is_refused_or_different() -> None:
    data = statement_bytes(FIELDS)
    for at in range(len(data)):
        with pytest.raises(RunnerError):
            parse_statement(data[:at])
        for bit in range(8):
            changed = data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]
            try:
                fields = parse_statement(changed)
            except RunnerError:
                continue
            assert fields != FIELDS


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"1",
        b'"text"',
        b"null",
        b'{"a": 1}',
        b' {"a":1}',
        b'{"a":1}\n',
        b'{"b":1,"a":1}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"a":"\\u001F"}',
    ],
)
def test_another_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(SignatureError) as refusal:
        parse_statement(data)
    assert refusal.value.rule == "statement:malformed"


@pytest.mark.parametrize("data", [b"", b"{", b'{"a":1,"a":1}', b'{"a":1.5}', b"\xff"])
def test_what_is_not_strict_json_is_refused(data: bytes) -> None:
    with pytest.raises(CanonicalError):
        parse_statement(data)


def test_the_size_is_bounded_both_ways() -> None:
    room = MAX_STATEMENT - len(statement_bytes({"a": ""}))
    longest = statement_bytes({"a": "x" * room})
    assert parse_statement(longest) == {"a": "x" * room}
    with pytest.raises(CanonicalError) as refusal:
        statement_bytes({"a": "x" * (room + 1)})
    assert refusal.value.facts == {"size": MAX_STATEMENT + 1, "limit": MAX_STATEMENT}
    with pytest.raises(CanonicalError):
        parse_statement(longest + b" ")
