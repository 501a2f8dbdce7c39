from __future__ import annotations

import dataclasses
import importlib
import json
import pkgutil
import typing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import runner.model
import runner.wire
from runner.errors import UsageError
from runner.model.document import JsonObject, JsonValue
from runner.model.grant import GrantRecord
from runner.model.plan import Role, Unbound, UnboundKind
from runner.model.run import AttemptKey, RunKind, RunRecord, RunState, Wish
from runner.model.runbook import SoakWork, Step
from runner.model.time import Seconds, Window
from runner.proof.canonical import canonical_bytes
from runner.wire.documents import from_document, from_value, to_document, to_value
from tests.runbooks import NOON, change, play, runbook
from tests.values import values_of

RECORD = RunRecord(
    id="BG-2026-0001/1",
    kind=RunKind.CHANGE,
    request="BG-2026-0001",
    plan="sha256:plan",
    state=RunState.RUNNING,
    epoch=3,
    executor="A",
    confirmer="B",
    created_at=NOON,
)


def values(package: ModuleType) -> list[type]:
    """Every dataclass a package's modules define."""
    found: list[type] = []
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        names = vars(importlib.import_module(module.name)).values()
        found += [
            kind
            for kind in names
            if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind.__module__ == module.name
        ]
    return found


def is_document(kind: object) -> bool:
    """Whether values of a type are kept and sent as documents: those that hold bytes, paths or fractions are not."""
    try:
        values_of(kind).validate()
    except TypeError:
        return False
    return True


SHAPES = [
    kind for kind in (*values(runner.model), *values(runner.wire)) if kind is not GrantRecord and is_document(kind)
]
"""All but a grant's record, which holds one of many kinds: what is kept and sent names the kind beside the terms."""


def test_most_values_are_documents() -> None:
    assert {RunRecord, Step, Window, Unbound} <= set(SHAPES)
    assert len(SHAPES) > 60


@pytest.mark.parametrize("kind", SHAPES, ids=lambda kind: kind.__name__)
@settings(max_examples=15)
@given(data=st.data())
def test_every_value_comes_back_from_its_document(kind: type, data: st.DataObject) -> None:
    value = data.draw(values_of(kind))
    document = to_document(value)
    assert from_document(kind, document) == value
    assert to_document(from_document(kind, document)) == document
    assert canonical_bytes(json.loads(json.dumps(document))) == canonical_bytes(document)


@given(value=values_of(RunRecord))
def test_equal_values_have_equal_documents(value: RunRecord) -> None:
    assert to_document(replace(value)) == to_document(value)


def test_a_document_reads_as_people_expect() -> None:
    record = replace(
        RECORD,
        window=Window(NOON, NOON + timedelta(hours=1, microseconds=5)),
        gates=((1, "up"),),
        waiting_at=AttemptKey("r", 1, "up", Role.DO, 1),
    )
    document = to_document(record)
    assert document["created_at"] == "2026-11-23T12:00:00Z"
    assert document["window"] == {"opens": "2026-11-23T12:00:00Z", "closes": "2026-11-23T13:00:00.000005Z"}
    assert document["state"] == "running"
    assert document["gates"] == [[1, "up"]]
    assert document["waiting_at"] == {"run": "r", "batch": 1, "step": "up", "role": "do", "number": 1}


def test_a_union_comes_back_as_what_it_was() -> None:
    steps = (change("up"), Step("watch", SoakWork(play("see"), Seconds(60), Seconds(30))))
    made = runbook(*steps)
    assert from_document(type(made), to_document(made)) == made


def test_other_values_than_objects_have_documents_too() -> None:
    unbound = (Unbound(UnboundKind.LOOKUP, "a.yml:1", "lookup", allowed=False),)
    assert to_value(unbound) == [{"kind": "lookup", "place": "a.yml:1", "what": "lookup", "allowed": False}]
    assert from_value(tuple[Unbound, ...], to_value(unbound)) == unbound
    assert to_value(Role.DO) == "do"
    assert from_value(Role, "do") is Role.DO


class TestRefused:
    """Nothing in a document is overlooked, converted or ignored."""

    DOCUMENT = to_document(replace(RECORD, wish=Wish(pause=True), gates=((1, "up"),)))

    @pytest.mark.parametrize(
        "field, value, place",
        [
            ("epoch", "3", "epoch"),
            ("epoch", True, "epoch"),
            ("id", 7, "id"),
            ("id", None, "id"),
            ("state", "nonsense", "state"),
            ("state", "RUNNING", "state"),
            ("created_at", 1, "created_at"),
            ("created_at", "yesterday", "created_at"),
            ("created_at", "2026-11-23T12:00:00", "created_at"),
            ("created_at", "2026-11-23T12:00:00+08:00", "created_at"),
            ("created_at", "2026-11-23T12:00:00+00:00", "created_at"),
            ("created_at", "2026-11-23T12:00:00.000Z", "created_at"),
            ("created_at", "2026-11-23 12:00:00Z", "created_at"),
            ("created_at", "2026-11-23", "created_at"),
            ("wish", {"pause": "yes"}, "wish.pause"),
            ("wish", {"paused": True}, "wish.paused"),
            ("wish", [], "wish"),
            ("gates", [[1]], "gates.0"),
            ("gates", [[1, "up", 2]], "gates.0"),
            ("gates", {"1": "up"}, "gates"),
            ("attempts", None, "attempts"),
            ("sheets", {"1/a": []}, "sheets"),
            ("outputs", {"backup": {"path": {"deep": [{"x": "y"}, None]}, "bad": []}, "more": 1}, "outputs"),
        ],
    )
    def test_a_wrong_value_is_named_by_its_path(self, field: str, value: JsonValue, place: str) -> None:
        with pytest.raises(UsageError) as refusal:
            from_document(RunRecord, {**self.DOCUMENT, field: value})
        assert str(refusal.value.facts["place"]).startswith(place)

    def test_a_field_too_many_names_the_nearest(self) -> None:
        with pytest.raises(UsageError, match=r'"stat" is unknown .did you mean "state"'):
            from_document(RunRecord, {**self.DOCUMENT, "stat": "x"})
        with pytest.raises(UsageError, match=r'"zzz" is unknown$'):
            from_document(RunRecord, {**self.DOCUMENT, "zzz": 1})

    @pytest.mark.parametrize("field", ["id", "kind", "epoch", "created_at"])
    def test_a_missing_field_is_named(self, field: str) -> None:
        document = {name: value for name, value in self.DOCUMENT.items() if name != field}
        with pytest.raises(UsageError, match=f'"{field}" is missing'):
            from_document(RunRecord, document)

    def test_a_field_with_a_default_may_be_left_out(self) -> None:
        """Documents of an earlier release stay readable."""
        document = {name: value for name, value in self.DOCUMENT.items() if name not in ("turns", "waiting_at")}
        assert from_document(RunRecord, document) == from_document(RunRecord, self.DOCUMENT)

    def test_a_value_its_type_refuses_is_refused(self) -> None:
        with pytest.raises(UsageError, match="window"):
            from_document(Window, {"opens": "2026-11-23T12:00:00Z", "closes": "2026-11-23T12:00:00Z"})

    @pytest.mark.parametrize("value", [1.5, float("nan"), "\ud800", {"deep": 2.0}])
    def test_what_is_no_json_of_ours_is_refused(self, value: object) -> None:
        document = typing.cast("JsonObject", {**self.DOCUMENT, "outputs": {"step": {"name": value}}})
        with pytest.raises(UsageError):
            canonical_bytes(to_document(from_document(RunRecord, document)))

    @pytest.mark.parametrize(
        "value",
        [b"bytes", 1.5, {1: "x"}, Path("/"), {"a"}, NOON.replace(tzinfo=None), object()],
        ids=lambda value: type(value).__name__,
    )
    def test_what_has_no_document_is_not_written(self, value: object) -> None:
        with pytest.raises(UsageError):
            to_document({"value": value})

    def test_a_time_elsewhere_is_not_written(self) -> None:
        shanghai = datetime(2026, 11, 23, 20, tzinfo=timezone(timedelta(hours=8)))
        with pytest.raises(UsageError):
            to_document(replace(RECORD, created_at=shanghai))
        assert to_document(replace(RECORD, created_at=datetime(2026, 11, 23, 20, tzinfo=UTC)))

    def test_only_objects_are_documents(self) -> None:
        with pytest.raises(UsageError):
            to_document(("a", "b"))


@settings(max_examples=60)
@given(value=values_of(RunRecord), data=st.data())
def test_an_unknown_name_anywhere_is_refused(value: RunRecord, data: st.DataObject) -> None:
    document = to_document(value)
    objects = list(_declared_objects(document))
    data.draw(st.sampled_from(objects))["unheard_of"] = 1
    with pytest.raises(UsageError, match="unheard_of"):
        from_document(RunRecord, document)


def _declared_objects(document: JsonObject) -> typing.Iterator[dict[str, JsonValue]]:
    """The objects of a run's document that have declared fields, rather than free names."""
    yield document
    for name in ("wish", "window", "waiting_at"):
        if isinstance(found := document[name], dict):
            yield found
    for name in ("attempts", "decisions", "turns"):
        for item in typing.cast("list[JsonValue]", document[name]):
            yield typing.cast("dict[str, JsonValue]", item)
