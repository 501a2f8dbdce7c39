"""The pages that tell how to use the command show only what it understands and says."""

from __future__ import annotations

import gettext
import re
import shlex
from collections.abc import Iterator, Mapping

import pytest

from runner.cli.main import VERBS, build_parser
from runner.cli.options import verb_in
from tests.repository.checkout import ROOT, read

PAGES = ("README.md", "README.zh.md", "docs/user-guide.md", "docs/user-guide.zh.md")
GUIDES = PAGES[2:]
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_SHAPE = re.compile(r"^(#+ |```|- |\| )", re.MULTILINE)
_TROUBLE = re.compile(r"^\| `([^`]+)`(?: \(\d\))? \| [^|]+ \| [^|]+ \|$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_shown_is_one(page: str) -> None:
    shown = list(_commands(read(page)))
    assert [line for line in shown if not _is_understood(line)] == []
    assert len(shown) > 15


@pytest.mark.parametrize("line", ["twokey", "twokey frobnicate", "twokey run list --staet x", "twokey approve"])
def test_what_is_no_command_is_seen(line: str) -> None:
    assert not _is_understood(line)


@pytest.mark.parametrize("page", GUIDES)
def test_the_guide_shows_every_verb(page: str) -> None:
    shown = {verb_in(shlex.split(line, comments=True)[1:]) for line in _commands(read(page))}
    assert set(VERBS) - shown == {"demo"}


def test_both_guides_have_the_same_parts_and_commands() -> None:
    english, chinese = (read(page) for page in GUIDES)
    assert _SHAPE.findall(english) == _SHAPE.findall(chinese)
    assert sorted(_bare(english)) == sorted(_bare(chinese))


@pytest.mark.parametrize("page, language", [(GUIDES[0], "en"), (GUIDES[1], "zh")])
def test_messages_of_the_guide_are_messages_of_the_command(page: str, language: str) -> None:
    trouble = read(page).split("\n## ")[-2]
    shown = _TROUBLE.findall(trouble)
    known = _messages(language)
    parts = [part.strip() for message in shown for part in message.split("…")]
    assert [part for part in parts if not any(part in message for message in known)] == []
    assert len(shown) > 10


def _is_understood(line: str) -> bool:
    words = shlex.split(line, comments=True)[1:]
    verb = verb_in(words)
    if verb not in VERBS:
        return False
    try:
        build_parser(verb).parse_args(words)
    except SystemExit as end:
        return end.code == 0
    return True


def _commands(text: str) -> Iterator[str]:
    """Whole commands in the code of a page and in its sentences."""
    for block in _BLOCK.findall(text):
        yield from (line for line in block.splitlines() if line.startswith("twokey "))
    yield from re.findall(r"`(twokey [^`]+)`", _FENCE.sub("", text))


def _bare(text: str) -> Iterator[str]:
    return (shlex.join(shlex.split(line, comments=True)) for line in _commands(text))


def _messages(language: str) -> set[str]:
    with (ROOT / "runner/locale/zh_CN/LC_MESSAGES/twokey.mo").open("rb") as file:
        catalogue: Mapping[str, str] = vars(gettext.GNUTranslations(file))["_catalog"]
    return {str(key if language == "en" else value) for key, value in catalogue.items()}
