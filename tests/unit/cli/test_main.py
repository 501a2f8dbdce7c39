from __future__ import annotations

from importlib import import_module

import pytest

from runner import __version__
from runner.cli.main import VERBS, build_parser, main
from runner.cli.options import verb_in
from runner.words import current_language, use_language

_WITH_PARTS = {"runbook", "change", "people", "key", "run", "policy", "audit", "inventory", "session"}
"""Verbs whose parts speak JSON, each for itself."""


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_module_and_its_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = import_module(f"runner.cli.{VERBS[verb]}")
    assert (module.__doc__ or "").startswith(f"`twokey {verb}`")
    assert main([verb, "--help"]) == 0
    assert f"twokey {verb}" in capsys.readouterr().out


PARTS = [
    ("runbook", "list"),
    ("runbook", "publish"),
    ("change", "list"),
    ("change", "show"),
    ("policy", "lint"),
    ("policy", "show"),
    ("run", "watch"),
    ("run", "report"),
    ("audit", "verify"),
    ("audit", "list"),
    ("inventory", "check"),
]


@pytest.mark.parametrize("verb, part", PARTS)
def test_parts_of_a_verb_have_help_and_json(verb: str, part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, part, "--help"]) == 0
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize("words", [("run", "list", "--lim", "3"), ("status", "--js"), ("--sit", ".", "status")])
def test_options_are_typed_in_full(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(list(words)) == 2
    assert "see twokey" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in {"demo", "tui", *_WITH_PARTS}])
def test_every_verb_speaks_json(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([verb, "--help"])
    assert "--json" in capsys.readouterr().out


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == main(["-V"]) == 0
    assert capsys.readouterr().out == f"twokey {__version__}\n" * 2


def test_no_verb_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    assert [verb for verb in VERBS if f"    {verb} " not in out] == []


def test_an_unknown_verb_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["statsu"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "twokey: there is no verb statsu\n  next: did you mean status?\n"


@pytest.mark.parametrize(
    "typed, what",
    [
        (["plan"], "RUNBOOK"),
        (["run", "list", "--limit", "many"], "many"),
        (["run", "list", "--state", "going"], "going"),
        (["decide", "BG-2026-0001", "guess", "--reason", "x"], "guess"),
        (["status", "--jsn"], "--jsn"),
        (["--lang", "fr", "status"], "fr"),
        (["serve", "--stop", "--background"], "--stop"),
    ],
)
def test_what_cannot_be_understood_is_one_line_and_a_next_step(
    typed: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(typed) == 2
    captured = capsys.readouterr()
    first, second = captured.err.splitlines()
    assert first.startswith("twokey: ")
    assert what in first
    assert second.startswith("  next: see twokey")
    assert captured.out == ""


@pytest.mark.parametrize(
    "typed, verb",
    [
        ([], None),
        (["--version"], None),
        (["plan", "--site"], "plan"),
        (["--site", "plan", "status"], "status"),
        (["--key", "k", "--lang", "zh", "run", "list"], "run"),
        (["--state=x", "audit"], "audit"),
        (["--site"], None),
    ],
)
def test_the_verb_is_found_behind_the_options(typed: list[str], verb: str | None) -> None:
    assert verb_in(typed) == verb


def test_only_the_typed_verb_is_filled_in() -> None:
    parsed = build_parser("abort").parse_args(["--key", "k", "abort", "R", "--reason", "x"])
    assert (parsed.verb, parsed.run_name, str(parsed.key)) == ("abort", "R", "k")


def test_a_key_behind_the_verb_wins() -> None:
    typed = ["--key", "first", "abort", "R", "--reason", "x", "--key", "second", "--passphrase-file", "p"]
    parsed = build_parser("abort").parse_args(typed)
    assert (str(parsed.key), str(parsed.passphrase_file)) == ("second", "p")


@pytest.mark.parametrize(
    "environment, typed, language",
    [
        ({"LANG": "zh_CN.UTF-8"}, [], "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, [], "en"),
        ({"LANG": "de_DE.UTF-8"}, [], "en"),
        ({"LANG": "zh_CN.UTF-8"}, ["--lang", "en"], "en"),
        ({}, ["--lang=zh"], "zh"),
        ({"TWOKEY_LANG": "zh"}, [], "zh"),
    ],
)
def test_the_language_is_typed_or_that_of_the_place(
    environment: dict[str, str],
    typed: list[str],
    language: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    use_language("en")
    main([*typed, "--help"])
    assert current_language() == language
    capsys.readouterr()
