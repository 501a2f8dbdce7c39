from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given

from runner.errors import VerificationError
from runner.model.plan import Binding, SecretRef
from runner.model.run import AttemptState
from runner.model.runbook import Output, Runbook, Step, ValueType
from runner.proof.canonical import digest_of
from runner.rules.outcomes import typed_outputs
from runner.rules.secret_use import MASK, references_of, require_bound, secret_findings, secrets_needed, secrets_of
from runner.wire.documents import to_document
from tests.runbooks import added, look, runbook, soak

TEXTS = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=30)


def with_secrets(step: Step, *names: str) -> Step:
    return replace(step, secrets=names)


BOOK = runbook(
    with_secrets(added("up"), "db", "app"), with_secrets(soak("watch"), "app"), look("after"), secrets=("all",)
)


def bound(*secrets: SecretRef) -> Binding:
    return Binding("test", False, (), (), (), {}, None, secrets)  # noqa: FBT003 - not production


def refs(*names: str) -> tuple[SecretRef, ...]:
    return tuple(SecretRef(name, f"environment:{name}", "1") for name in names)


def test_a_play_gets_what_its_step_and_its_runbook_name() -> None:
    assert secrets_of(BOOK, "up") == ("all", "app", "db")
    assert secrets_of(BOOK, "watch") == ("all", "app")
    assert secrets_of(BOOK, "after") == ("all",)
    assert secrets_of(BOOK, "after_rollback") == ("all",)
    assert secrets_needed(BOOK) == ("all", "app", "db")
    assert references_of(BOOK, bound(*refs("all", "app", "db")), "watch") == refs("all", "app")


def test_a_plan_binds_exactly_what_its_runbook_names() -> None:
    require_bound(BOOK, bound(*refs("all", "app", "db")))


@pytest.mark.parametrize(
    "names", [("all", "app"), ("all", "app", "db", "other"), ("db", "all", "app"), ("all", "all", "app", "db"), ()]
)
def test_a_plan_that_binds_anything_else_is_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(VerificationError, match="secrets"):
        require_bound(BOOK, bound(*refs(*names)))


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_another_source_or_version_is_another_binding(source: str, version: str, source2: str, version2: str) -> None:
    assume((source, version) != (source2, version2))
    first, second = (bound(SecretRef("db", *pair)) for pair in ((source, version), (source2, version2)))
    assert digest_of(to_document(first)) != digest_of(to_document(second))


def _messages(book: Runbook) -> list[tuple[object, str]]:
    return [(finding.path, finding.message) for finding in secret_findings(book)]


def test_names_are_judged() -> None:
    assert _messages(BOOK) == []
    book = runbook(with_secrets(added("up"), "db", "db", "all"), secrets=("all", "ansible_become_password", "groups"))
    places = [path for path, _ in _messages(book)]
    assert places == [("secrets", 1), ("secrets", 2), ("steps", 0, "secrets", 1), ("steps", 0, "secrets", 2)]


def test_a_variable_does_not_hide_a_secret() -> None:
    hiding = replace(BOOK, vars={"db": "x"})
    assert [path for path, _ in _messages(hiding)] == [("vars", "db")]


def test_an_output_that_holds_a_secret_fails_its_step() -> None:
    values, why = typed_outputs([Output("token", ValueType.STRING)], {"token": f"x{MASK}y"})
    assert (values, AttemptState.FAILED.value) == ({}, "failed")
    assert "holds a secret" in why
