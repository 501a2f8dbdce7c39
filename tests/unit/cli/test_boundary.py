from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.cli.boundary import guarded
from runner.errors import (
    InvalidContentError,
    NotFoundError,
    RefusedError,
    RunFailedError,
    StorageError,
    UnanchoredError,
    UnreachableError,
    UsageError,
    VerificationError,
)
from runner.model.site import Site

BAD: BaseException = ValueError("with secrets: hunter2")


def doing(error: BaseException) -> argparse.Namespace:
    def do(options: argparse.Namespace) -> int:
        raise error

    return argparse.Namespace(do=do)


@pytest.mark.parametrize(
    "error, code",
    [
        (RunFailedError("x"), 1),
        (UsageError("x"), 2),
        (NotFoundError("x"), 2),
        (UnreachableError("x"), 3),
        (StorageError("x"), 3),
        (RefusedError("x"), 4),
        (VerificationError("x"), 5),
        (UnanchoredError("x"), 6),
    ],
)
def test_exit_codes_are_those_of_the_errors(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(doing(error)) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "twokey: x\n")


@pytest.mark.parametrize("code", [0, 1, 6])
def test_what_the_verb_says_is_the_exit_code(code: int) -> None:
    assert guarded(argparse.Namespace(do=lambda _: code)) == code


def test_a_refusal_names_rule_and_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    error = RefusedError("{who} may not", rule="L2:x", hint="ask {whom}", who="wang", whom="li")
    guarded(doing(error))
    assert capsys.readouterr().err == "twokey: wang may not\n  rule: L2:x\n  next: ask li\n"


@pytest.mark.parametrize(
    "written", ["2026-11-23T04:00:00Z", "2026-11-23T04:00:00.606028Z", "2026-11-23T04:00:00+00:00"]
)
def test_times_are_those_of_the_site(written: str, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    options = doing(RefusedError("the window closed at {closes}", closes=written))
    options.site, options.state = site.root, None
    assert guarded(options) == 4
    assert capsys.readouterr().err == "twokey: the window closed at 2026-11-23 12:00:00\n"


def test_states_are_said_as_people_say_them(capsys: pytest.CaptureFixture[str]) -> None:
    guarded(doing(UsageError("it ended {state}", state="rolled_back")))
    assert capsys.readouterr().err == "twokey: it ended rolled back\n"


def test_times_without_a_site_are_in_utc(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = doing(UsageError("it closes at {closes}", closes="2026-11-23T04:00:00Z"))
    options.site, options.state = tmp_path, None
    guarded(options)
    assert capsys.readouterr().err == "twokey: it closes at 2026-11-23 04:00:00\n"


def test_every_problem_of_a_file_is_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    problems = ("a.yml:1:2: wrong", "a.yml:3:1: worse")
    assert guarded(doing(InvalidContentError("{path}: 2 problems", problems, path="a.yml"))) == 2
    assert capsys.readouterr().err == "a.yml:1:2: wrong\na.yml:3:1: worse\n"


def test_an_error_of_the_system_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def do(options: argparse.Namespace) -> int:
        return len((tmp_path / "missing").read_bytes())

    assert guarded(argparse.Namespace(do=do)) == 2
    assert capsys.readouterr().err == f"twokey: {tmp_path}/missing: No such file or directory\n"


def test_an_error_of_our_own_is_one_line_and_keeps_its_traceback_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert guarded(doing(BAD)) == 2
    (kept,) = tmp_path.iterdir()
    err = capsys.readouterr().err
    assert err.splitlines() == [f"twokey: an error in the program itself; details are in {kept}"]
    assert "Traceback" in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_an_interruption_has_its_own_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(doing(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_reader_that_has_gone_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr("sys.stdout", out)
        assert guarded(doing(BrokenPipeError())) == 0
        out.write("not kept")
    assert (tmp_path / "out").read_text() == ""


def test_flushing_belongs_to_the_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("sys.stdout", Full())
    done: Callable[[argparse.Namespace], int] = lambda _: 0  # noqa: E731 - a verb that has printed
    assert guarded(argparse.Namespace(do=done)) == 2
    assert "No space left on device" in capsys.readouterr().err
