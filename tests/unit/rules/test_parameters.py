from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import NotFoundError, UsageError
from runner.model.document import JsonValue
from runner.model.runbook import Output, Parameter, ValueType
from runner.rules.parameters import (
    check_value,
    complete_parameters,
    is_absolute_path,
    read_value,
    require_plain,
    shown_value,
)

NAMES: dict[ValueType, Output] = {kind: Output("it", kind) for kind in ValueType if kind is not ValueType.CHOICE}


@pytest.mark.parametrize(
    "kind, typed, value",
    [
        (ValueType.STRING, "中文 text", "中文 text"),
        (ValueType.STRING, "", ""),
        (ValueType.INTEGER, "42", 42),
        (ValueType.INTEGER, "-7", -7),
        (ValueType.INTEGER, 42, 42),
        (ValueType.BOOLEAN, "true", True),
        (ValueType.BOOLEAN, False, False),
        (ValueType.PATH, "/srv/a b", "/srv/a b"),
        (ValueType.PATH, "/", "/"),
        (ValueType.SHA256, "ab" * 32, "ab" * 32),
        (ValueType.DURATION, "1h30m", 5400),
        (ValueType.DURATION, 90, 90),
        (ValueType.DURATION, "90", 90),
        (ValueType.SIZE, "2GiB", 2**31),
        (ValueType.SIZE, 5, 5),
    ],
)
def test_values_come_into_their_one_form(kind: ValueType, typed: JsonValue, value: JsonValue) -> None:
    read = read_value(NAMES[kind], typed)
    assert (read, type(read)) == (value, type(value))
    check_value(NAMES[kind], read)


@pytest.mark.parametrize(
    "kind, typed",
    [
        (ValueType.STRING, 5),
        (ValueType.STRING, None),
        (ValueType.STRING, "x" * 1025),
        (ValueType.STRING, "{{ evil }}"),
        (ValueType.STRING, "a{%if%}"),
        (ValueType.STRING, "{#"),
        (ValueType.STRING, "a\nb"),
        (ValueType.STRING, "a\x1b[31m"),
        (ValueType.STRING, "invoice\u202egpj.exe"),
        (ValueType.INTEGER, "4.5"),
        (ValueType.INTEGER, "1e3"),
        (ValueType.INTEGER, "0x10"),
        (ValueType.INTEGER, "007"),
        (ValueType.INTEGER, "-0"),
        (ValueType.INTEGER, ""),
        (ValueType.INTEGER, True),
        (ValueType.INTEGER, 2**53),
        (ValueType.BOOLEAN, "yes"),
        (ValueType.BOOLEAN, 1),
        (ValueType.BOOLEAN, "True"),
        (ValueType.PATH, "srv/app"),
        (ValueType.PATH, "/srv/../etc"),
        (ValueType.PATH, "/srv//app"),
        (ValueType.PATH, "/srv/"),
        (ValueType.PATH, ""),
        (ValueType.SHA256, "AB" * 32),
        (ValueType.SHA256, "ab" * 31),
        (ValueType.DURATION, "soon"),
        (ValueType.DURATION, -1),
        (ValueType.DURATION, True),
        (ValueType.SIZE, "2GB"),
        (ValueType.SIZE, []),
    ],
)
def test_what_is_not_of_its_type_is_refused_by_name(kind: ValueType, typed: JsonValue) -> None:
    with pytest.raises(UsageError, match=r"^it: "):
        read_value(NAMES[kind], typed)


@pytest.mark.parametrize(
    "parameter, good, bad",
    [
        (Parameter("p", ValueType.CHOICE, choices=("a", "b")), "a", "c"),
        (Parameter("p", ValueType.STRING, pattern=r"\d+"), "12", "12x"),
        (Parameter("p", ValueType.STRING, pattern=r"a|b"), "b", "bc"),
        (Parameter("p", ValueType.PATH, pattern=r"/srv/.*"), "/srv/x", "/etc/x"),
        (Parameter("p", ValueType.INTEGER, minimum=1, maximum=9), "9", "10"),
        (Parameter("p", ValueType.INTEGER, minimum=1, maximum=9), "1", "0"),
        (Parameter("p", ValueType.DURATION, maximum=60), "1m", "61s"),
        (Parameter("p", ValueType.SIZE, minimum=1024), "1KiB", "1023B"),
    ],
)
def test_limits(parameter: Parameter, good: str, bad: str) -> None:
    read_value(parameter, good)
    with pytest.raises(UsageError):
        read_value(parameter, bad)


def test_a_value_not_yet_in_its_form_is_no_value() -> None:
    with pytest.raises(UsageError):
        check_value(NAMES[ValueType.INTEGER], "5")
    with pytest.raises(UsageError):
        check_value(NAMES[ValueType.DURATION], "5m")


@given(st.recursive(st.text(max_size=6), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner)))
def test_no_template_hides_at_any_depth(value: JsonValue) -> None:
    require_plain_or_refuse: list[JsonValue] = [{"deep": [value, {"{{": 1}]}]
    with pytest.raises(UsageError):
        require_plain("it", require_plain_or_refuse)


DECLARED = (
    Parameter("release", ValueType.STRING),
    Parameter("count", ValueType.INTEGER, default=3),
)


def test_every_declared_parameter_gets_its_value() -> None:
    assert complete_parameters(DECLARED, {"release": "1.2"}) == {"release": "1.2", "count": 3}
    assert complete_parameters(DECLARED, {"count": "5", "release": "1"}) == {"release": "1", "count": 5}


def test_a_value_for_nothing_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(NotFoundError, match='did you mean "release"'):
        complete_parameters(DECLARED, {"relase": "1"})
    with pytest.raises(NotFoundError, match="known are: release, count"):
        complete_parameters(DECLARED, {"zzz": "1"})


def test_a_missing_value_is_refused_with_what_to_type() -> None:
    with pytest.raises(UsageError, match='parameter "release": missing') as caught:
        complete_parameters(DECLARED, {})
    assert caught.value.advice() == "give it as -p release=VALUE"


@pytest.mark.parametrize(
    "kind, value, shown",
    [
        (ValueType.DURATION, 5400, "1h30m"),
        (ValueType.SIZE, 2**31, "2GiB"),
        (ValueType.BOOLEAN, True, "true"),
        (ValueType.INTEGER, 7, "7"),
    ],
)
def test_values_are_shown_as_people_write_them(kind: ValueType, value: JsonValue, shown: str) -> None:
    assert shown_value(NAMES[kind], value) == shown
    assert read_value(NAMES[kind], shown) == value


@given(st.text("/.a", max_size=8))
def test_an_absolute_path_has_one_spelling(text: str) -> None:
    if is_absolute_path(text):
        assert text.startswith("/")
        assert "//" not in text
        assert not {".", ".."} & set(text.split("/"))
