"""Killed at any moment, the log goes on exactly where it was: what was acknowledged is there, once, and proven."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from runner.model.verdict import RememberedHead, VerdictWord
from tests.logs import LogWorld
from tests.waiting import wait_until

_WRITER = """
import sys
from pathlib import Path
from runner.audit.sequencer import Sequencer
from runner.model.log import About
from runner.rules.tags import Tag
from runner.store.store import SqlLogStore
from tests.logs import LOG_KEY, LogWorld

world = LogWorld(Path(sys.argv[1]))
sequencer = Sequencer(SqlLogStore(world.store), LOG_KEY, world.clock, "test", gather=float(sys.argv[2]))
sequencer.start()
with world.store.reading() as transaction:
    number = transaction.inbox.newest()
while True:
    world.put(*(world.entry(Tag.RUN_MOVED, About(run="r/1"), {"number": number + count}) for count in range(7)))
    number += 7
    print(number, flush=True)
"""


def test_a_service_killed_while_it_sequences_loses_and_repeats_nothing(tmp_path: Path) -> None:
    acknowledged = 0
    remembered: list[RememberedHead] = []
    for turn in range(6):
        acknowledged = _write_and_kill(tmp_path, acknowledged + 40 + 13 * turn, gather=0.004 * (turn % 3))
        world = LogWorld(tmp_path)
        found = world.verify(*remembered)
        assert (found.word, found.failure) == (VerdictWord.VERIFIED, None)
        assert found.entries + found.waiting >= acknowledged
        remembered.append(world.remembered())
        verdict = world.verify(*remembered)
        assert (verdict.word, verdict.waiting) == (VerdictWord.VERIFIED, 0)
        assert verdict.entries == found.entries + found.waiting
        world.close()


def _write_and_kill(folder: Path, until: int, gather: float) -> int:
    """Let a process write until it has acknowledged so many entries, then kill it; answers with the last it told."""
    told = folder / "told"
    with told.open("wb") as out:
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(folder), str(gather)], stdout=out)
        try:
            wait_until(lambda: _last(told) >= until, 30, "the writer to acknowledge")
        finally:
            writer.kill()
            writer.wait()
    return _last(told)


def _last(told: Path) -> int:
    lines = told.read_bytes().split(b"\n")[:-1]
    return int(lines[-1]) if lines else 0
