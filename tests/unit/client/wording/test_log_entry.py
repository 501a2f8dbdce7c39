"""One log entry in words."""

from __future__ import annotations

from dataclasses import replace

from runner.client.wording.line import line
from runner.client.wording.log_entry import about_text, entry_lines, proof_lines
from runner.rules.tags import Tag
from tests.wire_samples import RUN, entry


def test_what_an_entry_is_about_is_told_once() -> None:
    shown = entry(1, Tag.ATTEMPT_ENDED, None, run=RUN, request="BG-2026-0001", batch=1, step="backup")
    assert about_text(shown) == f"{RUN} 1/backup"
    assert about_text(shown, {"run"}) == "1/backup"
    alone = replace(shown, leaf={**shown.leaf, "about": {"request": "BG-2026-0001"}})
    assert about_text(alone) == "BG-2026-0001"


def test_an_entry_is_shown_with_its_proof_its_leaf_and_its_payload() -> None:
    shown = entry(1, Tag.RUN_MOVED, {"from": "running", "to": "held"})
    told = [each.text for each in entry_lines(shown, (line("proven"),))]
    assert told[0].startswith(f"{Tag.RUN_MOVED}  ")
    assert told[1] == "proven"
    assert '  "to": "held"' in told
    bare = [each.text for each in entry_lines(entry(1, Tag.RUN_MOVED, None), ())]
    assert bare[-1] == "payload: none, or redacted"


def test_a_payload_is_called_proven_only_when_it_was() -> None:
    proven = [each.text for each in proof_lines(3, 7, "aa", "bb", payload_proven=True)]
    assert proven == [
        "entry 3 of 7; proven to stand in the log",
        "its payload is the one it commits to",
        "leaf hash aa",
        "root bb",
    ]
    assert len(proof_lines(3, 7, "aa", "bb", payload_proven=False)) == len(proven) - 1
