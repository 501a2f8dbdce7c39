"""Log entries as output of a run, as rows, and in full."""

from __future__ import annotations

from dataclasses import replace

from runner.model.document import JsonObject
from runner.model.log import LogFilter
from runner.rules.tags import Tag
from runner.wire.api_audit import EntryShown, Gap
from tests.demo_change import NIGHT, RUN, DemoChange
from tui.audit_text import entry_lines, entry_row
from tui.feed import News
from tui.host_board import HostBoard
from tui.run_news import Past, RunNews
from tui.text import Meaning, Present

PRESENT = Present(NIGHT, "Asia/Shanghai")


def entry(tag: str, payload: JsonObject | None = None, number: int = 7, **about: str | int) -> EntryShown:
    leaf: JsonObject = {
        "tag": tag,
        "occurred": "2026-11-28T16:31:05.000000Z",
        "actor": {"id": "duty-a", "kind": "person"},
        "about": dict(about),
    }
    return EntryShown(number, number - 1, leaf, payload, None)


def test_a_row_of_the_log_leaves_out_what_the_list_was_narrowed_to() -> None:
    shown = entry(Tag.ATTEMPT_ENDED, run=RUN, request="BG-2026-0153", batch=1, step="backup")
    wide = entry_row(shown, LogFilter(), PRESENT)
    assert [cell.text for cell in wide.cells] == ["6", "00:31:05", Tag.ATTEMPT_ENDED, "duty-a", f"{RUN} 1/backup"]
    assert entry_row(shown, LogFilter(run=RUN), PRESENT).cells[-1].text == "1/backup"


def test_refusals_and_forks_stand_out() -> None:
    assert entry_row(entry(Tag.STATEMENT_REFUSED), LogFilter(), PRESENT).cells[2].meaning is Meaning.BAD
    assert entry_row(entry(Tag.RUN_MOVED), LogFilter(), PRESENT).cells[2].meaning is Meaning.PLAIN


def test_an_entry_in_full_says_whether_it_is_proven() -> None:
    demo = DemoChange()
    shown = demo.backend.entries(LogFilter(), None, 1).rows[0]
    assert [line.text for line in entry_lines(shown, None)][1] == "its proof is being checked…"
    proven = [line.text for line in entry_lines(shown, demo.backend.prove(shown))]
    assert proven[1] == f"entry {shown.index} of {(shown.index or 0) + 1}; proven to stand in the log"
    assert any('"tag": "person:request:approved"' in line for line in proven)
    waiting = [line.text for line in entry_lines(replace(shown, index=None), None)]
    assert waiting[1] == "not yet in the tree; open it again in a moment"


def test_hosts_are_followed_from_the_entries() -> None:
    demo = DemoChange()
    demo.begun()
    demo.backend.advance(3)
    board = HostBoard()
    for shown in reversed(demo.backend.entries(LogFilter(run=RUN), None, 100).rows):
        board.take(shown)
    backup = next(step for step in demo.shown().steps if step.id == "backup").attempts[0]
    assert {host: now.word for host, now in board.hosts_of(backup).items()} == dict.fromkeys(backup.hosts, "running")
    assert board.tasks_of(backup) == 1


def test_the_past_and_the_present_make_one_sequence() -> None:
    news = RunNews(RUN)
    entries = [entry(Tag.RUN_MOVED, number=number, run=RUN) for number in range(1, 8)]
    other = entry(Tag.RUN_MOVED, number=9, run="BG-2026-0001/1")
    assert news.take([*entries[3:6], other]) == ()
    assert not news.has_past
    assert news.take_past(Past(tuple(entries[:5]), complete=True)) == tuple(entries[:6])
    late: list[News] = [entries[5], entries[6], Gap(0, 0)]
    assert news.take(late) == (entries[6],)
    news.forget()
    assert not news.has_past
