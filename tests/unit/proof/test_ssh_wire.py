"""SSH's wire encoding: each length is checked, each value has one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.proof.ssh_wire import WireReader, wire_string
from tests.ssh_keys import mpint


class SpecialError(UsageError):
    """Stands for the error of whoever reads."""


def reader(data: bytes) -> WireReader:
    return WireReader(data, SpecialError)


@given(st.lists(st.binary(max_size=300)), st.integers(0, 255), st.integers(0, 2**32 - 1))
def test_what_is_written_is_read(values: list[bytes], byte: int, number: int) -> None:
    data = b"".join(map(wire_string, values)) + bytes([byte]) + number.to_bytes(4, "big")
    again = reader(data)
    assert [again.string() for _ in values] == values
    assert (again.byte(), again.uint32()) == (byte, number)
    again.end()


@given(st.integers(1, 2**600))
def test_positive_numbers(number: int) -> None:
    data = wire_string(mpint(number))
    assert reader(data).positive() == number
    for wrong in (b"\x00" + mpint(number), mpint(number)[:-1] if number < 128 else b"\x80" + mpint(number)):
        with pytest.raises(SpecialError):
            reader(wire_string(wrong)).positive()


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x00", b"\x00\x7f", b"\x80", b"\xff", b"\xff\x00"])
def test_zero_negative_and_padded_numbers_are_refused(data: bytes) -> None:
    with pytest.raises(SpecialError):
        reader(wire_string(data)).positive()


@pytest.mark.parametrize("data", [b"\x00", b"a b", b"\x7f", b"\x80", "中".encode(), b"a\n"])
def test_text_is_printable_ascii(data: bytes) -> None:
    with pytest.raises(SpecialError):
        reader(wire_string(data)).text()
    assert reader(wire_string(b"!a~")).text() == "!a~"


def test_an_end_too_early_is_told_in_bytes() -> None:
    short = reader(wire_string(b"ab") + b"\x00\x00\x00\x05abc")
    assert short.string() == b"ab"
    with pytest.raises(SpecialError) as refusal:
        short.string()
    assert refusal.value.facts == {"position": 10, "got": 3, "expected": 5}


def test_an_end_too_late_is_told_in_bytes() -> None:
    long = reader(b"\x01\x02\x03")
    assert long.byte() == 1
    with pytest.raises(SpecialError) as refusal:
        long.end()
    assert refusal.value.facts == {"position": 1, "got": 2}
