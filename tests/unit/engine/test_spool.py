from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.engine.shim.spool import SpoolReader
from runner.errors import VerificationError
from runner.model.document import JsonValue


def _line(number: int, **more: JsonValue) -> bytes:
    return json.dumps({"seq": number, "event": "ok", **more}, ensure_ascii=False).encode() + b"\n"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool.jsonl"


def _numbers(reader: SpoolReader, most: int = 1000) -> list[int]:
    return [event.number for event in reader.read(most)]


def test_a_spool_that_is_not_there_yet_holds_nothing(spool: Path) -> None:
    assert SpoolReader(spool).read(10) == []


def test_reads_on_where_it_ended(spool: Path) -> None:
    reader = SpoolReader(spool)
    spool.write_bytes(_line(1) + _line(2))
    assert _numbers(reader) == [1, 2]
    with spool.open("ab") as more:
        more.write(_line(3))
    assert _numbers(reader) == [3]
    assert _numbers(reader) == []


def test_a_torn_last_line_is_left_until_it_is_whole(spool: Path) -> None:
    reader = SpoolReader(spool)
    whole = _line(2, text="复核人")
    for cut in range(len(whole)):
        spool.write_bytes(_line(1) + whole[:cut])
        assert _numbers(SpoolReader(spool)) == [1]
    spool.write_bytes(_line(1) + whole)
    assert _numbers(reader) == [1, 2]


def test_no_more_events_than_asked_for_at_a_time(spool: Path) -> None:
    spool.write_bytes(b"".join(_line(number) for number in range(1, 8)))
    reader = SpoolReader(spool)
    assert [_numbers(reader, 3) for _ in range(4)] == [[1, 2, 3], [4, 5, 6], [7], []]


def test_no_more_bytes_than_asked_for_at_a_time(spool: Path) -> None:
    spool.write_bytes(b"".join(_line(number, text="x" * 1000) for number in range(1, 11)))
    reader = SpoolReader(spool)
    assert [len(reader.read(100, most_bytes=2000)) for _ in range(6)] == [2, 2, 2, 2, 2, 0]


def test_events_larger_than_a_piece_are_read_whole(spool: Path) -> None:
    spool.write_bytes(_line(1, text="x" * 3_000_000) + _line(2))
    reader = SpoolReader(spool)
    assert [_numbers(reader), _numbers(reader), _numbers(reader)] == [[1], [2], []]


def test_skips_what_was_read_before(spool: Path) -> None:
    spool.write_bytes(b"".join(_line(number) for number in range(1, 8)))
    reader = SpoolReader(spool)
    reader.skip_to(5)
    assert reader.number == 5
    assert _numbers(reader) == [6, 7]


def test_a_spool_shorter_than_what_was_read_before_ends_where_it_ends(spool: Path) -> None:
    spool.write_bytes(_line(1) + _line(2))
    reader = SpoolReader(spool)
    reader.skip_to(5)
    assert reader.number == 2


@pytest.mark.parametrize(
    "second", [_line(3), _line(1), b"not json\n", b"[]\n", b'{"event":"ok"}\n', b'{"seq":"2"}\n', b"\n"]
)
def test_anything_but_the_next_event_is_refused(spool: Path, second: bytes) -> None:
    spool.write_bytes(_line(1) + second)
    with pytest.raises(VerificationError):
        SpoolReader(spool).read(10)


@given(sizes=st.lists(st.integers(0, 200), max_size=30), most=st.integers(1, 7))
def test_every_event_is_read_once_in_order(
    sizes: list[int], most: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spool = tmp_path_factory.mktemp("spool") / "spool.jsonl"
    spool.write_bytes(b"".join(_line(number, text="x" * size) for number, size in enumerate(sizes, 1)))
    reader, read = SpoolReader(spool), []
    while numbers := _numbers(reader, most):
        read += numbers
    assert read == list(range(1, len(sizes) + 1))
