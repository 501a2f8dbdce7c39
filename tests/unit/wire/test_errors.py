from __future__ import annotations

import json

import pytest

from runner import errors
from runner.errors import InvalidContentError, NotFoundError, RefusedError, RunnerError, UnreachableError, UsageError
from runner.proof.canonical import CanonicalError
from runner.wire.documents import from_document, to_document
from runner.wire.errors import ErrorDocument, from_wire, status_of, to_wire

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RunnerError)]


def travelled(error: RunnerError) -> RunnerError:
    document = json.loads(json.dumps(to_document(to_wire(error))))
    return from_wire(from_document(ErrorDocument, document))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not RunnerError])
def test_every_class_arrives_as_itself(kind: type[RunnerError]) -> None:
    error = kind("{thing} is wrong", hint="look at {thing}", thing="x", count=3, none=None)
    arrived = travelled(error)
    assert type(arrived) is kind
    assert (arrived.message, arrived.hint, arrived.facts) == (error.message, error.hint, error.facts)
    assert (str(arrived), arrived.advice(), arrived.exit_code) == ("x is wrong", "look at x", kind.exit_code)


def test_rule_and_problems_arrive() -> None:
    refused = travelled(RefusedError("no", rule="L2:approver-is-requester"))
    assert isinstance(refused, RefusedError)
    assert refused.rule == "L2:approver-is-requester"
    invalid = travelled(InvalidContentError("2 problems", ("a:1:1: x", "b:2:2: y")))
    assert isinstance(invalid, InvalidContentError)
    assert invalid.problems == ("a:1:1: x", "b:2:2: y")


def test_a_fact_may_be_named_like_an_argument() -> None:
    document = ErrorDocument("RefusedError", "{rule} {hint} {message}", {"rule": "a", "hint": "b", "message": "c"})
    assert str(from_wire(document)) == "a b c"


def test_a_class_of_another_module_arrives_as_its_ancestor() -> None:
    arrived = travelled(CanonicalError("json: {what}", what="no"))
    assert type(arrived) is UsageError


@pytest.mark.parametrize("name", ["RunnerError", "FutureError", "", "Exception"])
def test_a_class_nobody_knows_is_an_unreachable_service(name: str) -> None:
    arrived = from_wire(ErrorDocument(name, "what", {"a": 1}))
    assert type(arrived) is UnreachableError


def test_statuses() -> None:
    assert [status_of(kind("x")) for kind in (NotFoundError, InvalidContentError, UsageError, RefusedError)] == [
        404,
        422,
        400,
        403,
    ]
    assert (status_of(errors.SignInError("x")), status_of(errors.TooOftenError("x"))) == (401, 429)
    assert status_of(errors.StorageError("x")) == 507
    assert status_of(UnreachableError("x")) == 503
    assert status_of(errors.RunFailedError("x")) == 409
