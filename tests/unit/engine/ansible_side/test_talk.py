from __future__ import annotations

import io
import sys

import pytest

from runner.engine.ansible_side.talk import Talk, listen


class _Told:
    """A session that remembers what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, object]] = []

    def tell(self, event: str, /, **fields: object) -> None:
        self.events.append((event, fields["text"]))


@pytest.mark.parametrize(
    "message,event,text",
    [
        ("[WARNING]: look out\n", "warning", "look out"),
        ("[DEPRECATION WARNING]: goes soon\nOrigin: x\n", "deprecation", "goes soon\nOrigin: x"),
        ("[ERROR]: no\n", "error", "no"),
        ("\nanything else\n", "output", "anything else"),
    ],
)
def test_messages_become_events_of_their_kind(message: str, event: str, text: str) -> None:
    told, talk = _Told(), Talk()
    talk.begin(told)
    talk.say(message)
    assert told.events == [(event, text)]


def test_what_is_said_early_is_told_later_and_only_once() -> None:
    told, talk = _Told(), Talk()
    talk.say("[WARNING]: early\n")
    talk.say("\n")
    assert talk.unheard() == "[WARNING]: early\n\n"
    talk.begin(told)
    assert told.events == [("warning", "early")]
    assert talk.unheard() == ""


def test_the_standard_streams_are_taken_over_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BytesIO(), "utf-8"))
    talk = listen()
    sys.stdout.write("one ")
    sys.stderr.write("[ERROR]: two\n")
    sys.stdout.write("line\n")
    sys.stdout.flush()
    assert talk.unheard() == "[ERROR]: two\none line\n"


def test_a_line_without_end_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BytesIO(), "utf-8"))
    talk = listen()
    sys.stdout.write("x" * 100_000)
    assert len(talk.unheard()) == 100_000
