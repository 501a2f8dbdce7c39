from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runner.engine.probes import Answer, Reading, command_of, judge
from runner.model.runbook import Probe, ProbeKind

_ASKED = datetime(2026, 11, 23, 18, 0, 0, tzinfo=UTC)
_TRIP = timedelta(milliseconds=20)
_DF = """Filesystem     1024-blocks     Used Available Capacity Mounted on
/dev/mapper/some long name 41151808 7339072  31690048      19% /var/lib data
"""
_MEMORY = "MemTotal:        8131752 kB\nMemFree:          178044 kB\nMemAvailable:    5242880 kB\n"


def _read(probe: Probe, output: str, status: int = 0) -> Reading:
    return judge(probe, Answer(status, output, _ASKED, _ASKED + _TRIP))


def _date(offset: timedelta) -> str:
    return f"{(_ASKED + _TRIP / 2 + offset).timestamp():.6f}000\n"


def test_no_probe_is_without_command_and_reader() -> None:
    for kind in ProbeKind:
        assert command_of(Probe(kind, path="/var"))
        assert not _read(Probe(kind, path="/var"), "", status=1).within


def test_free_disk_is_read_from_behind_names_with_blanks() -> None:
    probe = Probe(ProbeKind.FREE_DISK, path="/var")
    assert _read(probe, _DF).figures == {"path": "/var", "free_bytes": 31690048 * 1024}


@pytest.mark.parametrize("limit, within", [(31690048 * 1024, True), (31690048 * 1024 + 1, False), (None, True)])
def test_free_disk_has_a_limit(limit: int | None, *, within: bool) -> None:
    assert _read(Probe(ProbeKind.FREE_DISK, path="/var", at_least=limit), _DF).within is within


def test_free_memory_is_what_programs_can_still_get() -> None:
    assert _read(Probe(ProbeKind.FREE_MEMORY, at_least=5242880 * 1024), _MEMORY).within
    assert not _read(Probe(ProbeKind.FREE_MEMORY, at_least=5242880 * 1024 + 1), _MEMORY).within


@pytest.mark.parametrize("offset_ms, within", [(0, True), (80, True), (-80, True), (100, False), (-100, False)])
def test_the_doubt_of_the_reading_counts_as_skew(offset_ms: int, *, within: bool) -> None:
    probe = Probe(ProbeKind.CLOCK_SKEW, at_most=100)
    assert _read(probe, _date(timedelta(milliseconds=offset_ms))).within is within


def test_a_clock_without_limit_is_only_read() -> None:
    reading = _read(Probe(ProbeKind.CLOCK_SKEW), _date(timedelta(seconds=90)))
    assert reading.within
    assert reading.figures["skew_ms"] in {89999, 90000}


def test_a_clock_that_tells_no_parts_of_a_second_is_not_taken_for_right() -> None:
    assert not _read(Probe(ProbeKind.CLOCK_SKEW, at_most=5000), "1795456800.%N\n").within


def test_load_is_counted_for_each_processor() -> None:
    output = "3.07 2.00 1.00 1/100 4242\nprocessor\t: 0\nmodel name\t: x\nprocessor\t: 1\n"
    assert _read(Probe(ProbeKind.LOAD, at_most=153), output).figures == {"load_percent": 153, "processors": 2}
    assert not _read(Probe(ProbeKind.LOAD, at_most=152), output).within


def test_a_file_is_told_by_its_size_and_age() -> None:
    reading = _read(Probe(ProbeKind.FILE, path="/etc/hosts"), "1024 1795456800 regular file\n")
    assert reading.figures == {
        "path": "/etc/hosts",
        "size_bytes": 1024,
        "modified": 1795456800,
        "kind": "regular file",
    }


@pytest.mark.parametrize("kind", [kind for kind in ProbeKind if kind is not ProbeKind.REACHABLE])
@pytest.mark.parametrize("output", ["", "\n", "nonsense", "a b c d e f\n", "{{ lookup('pipe', 'id') }}"])
def test_an_answer_that_cannot_be_read_is_outside_every_limit(kind: ProbeKind, output: str) -> None:
    reading = _read(Probe(kind, path="/x", at_least=1, at_most=1), output)
    assert not reading.within
    assert reading.reason
