from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runner.cli.output import cell_width, clean, clock, pad, paint, put, put_json, put_table, span, tell


@pytest.mark.parametrize(
    "text, width", [("", 0), ("abc", 3), ("双人", 4), ("é", 1), ("e\u0301", 1), ("\uff41", 2), ("│", 1)]
)
def test_wide_characters_take_two_cells(text: str, width: int) -> None:
    assert cell_width(text) == width
    assert cell_width(pad(text, 7)) == 7


def test_tables_line_up_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    put_table(("名称", "state"), [("db1", "正常"), ("数据库主机", "ok")])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["名称        state", "db1         正常", "数据库主机  ok"]


def test_a_table_without_rows_is_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    put_table(("a", "b"), [])
    assert capsys.readouterr().out == "a  b\n"


@pytest.mark.parametrize(
    "text, shown",
    [
        ("plain 文字\t✓", "plain 文字\t✓"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\rb\nc", "a\\rb\\nc"),
        ("\u202eevil", "\\u202eevil"),
        ("全\u3000角", "全\u3000角"),
        ("bad \udcff byte", "bad \\udcff byte"),
    ],
)
def test_nothing_from_outside_steers_the_terminal(text: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert clean(text) == shown
    put(text)
    tell(text)
    captured = capsys.readouterr()
    assert captured.out == captured.err == shown + "\n"


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert paint("x", "bad") == "\x1b[31mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "")
    assert paint("x", "bad") == "x"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert paint("x", "bad") == "x"


def test_no_colour_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    put("x", "bad")
    assert capsys.readouterr().out == "x\n"


@pytest.mark.parametrize(
    "seconds, text", [(0, "0 s"), (59.9, "59 s"), (60, "1:00"), (3600, "1:00:00"), (3661, "1:01:01")]
)
def test_spans(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_times_are_those_of_the_site() -> None:
    assert clock(datetime(2026, 11, 23, 16, 30, tzinfo=UTC), "Asia/Shanghai") == "2026-11-24 00:30:00"
    assert clock(None, "Asia/Shanghai") == ""


def test_json_keeps_order_and_characters(capsys: pytest.CaptureFixture[str]) -> None:
    put_json({"b": "双人", "a": [1, None, True]})
    assert capsys.readouterr().out == '{\n  "b": "双人",\n  "a": [\n    1,\n    null,\n    true\n  ]\n}\n'
