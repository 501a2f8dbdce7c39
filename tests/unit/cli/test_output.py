from __future__ import annotations

import pytest

from runner.cli.output import paint, put, put_json, put_lines, put_table, tell, tell_lines
from runner.client.wording.line import Line, Meaning, Part


def test_tables_line_up_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    put_table(("名称", "state"), [("db1", "正常"), ("数据库主机", "ok")])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["名称        state", "db1         正常", "数据库主机  ok"]


def test_a_table_without_rows_is_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    put_table(("a", "b"), [])
    assert capsys.readouterr().out == "a  b\n"


def test_nothing_from_outside_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    put("\x1b[2Jgone")
    tell("\x1b[2Jgone")
    captured = capsys.readouterr()
    assert captured.out == captured.err == "\\x1b[2Jgone\n"


LONG = Line((Part("label: ", Meaning.FAINT), Part("one two three four", Meaning.BAD)), 7)


def test_lines_stay_whole_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    put_lines([LONG, Line()])
    tell_lines([LONG])
    captured = capsys.readouterr()
    assert captured.out == "label: one two three four\n\n"
    assert captured.err == "label: one two three four\n"


def test_lines_fit_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "16")
    monkeypatch.setenv("TERM", "dumb")
    put_lines([LONG])
    assert capsys.readouterr().out == "label: one two\n       three\n       four\n"


def test_parts_of_a_line_have_their_own_colours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    put_lines([LONG])
    assert capsys.readouterr().out == "\x1b[2mlabel: \x1b[0m\x1b[31mone two three four\x1b[0m\n"


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


def test_json_keeps_order_and_characters(capsys: pytest.CaptureFixture[str]) -> None:
    put_json({"b": "双人", "a": [1, None, True]})
    assert capsys.readouterr().out == '{\n  "b": "双人",\n  "a": [\n    1,\n    null,\n    true\n  ]\n}\n'
