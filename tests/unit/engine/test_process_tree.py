from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from runner.engine.process_tree import kill_tree, parent_of
from tests.waiting import is_running, wait_until

_FAMILY = """
import os, sys, time
child = os.fork()
if child == 0:
    os.setsid()
    grandchild = os.fork()
    if grandchild == 0:
        open(sys.argv[1] + "/" + str(os.getpid()), "w").close()
        time.sleep(600)
    open(sys.argv[1] + "/" + str(os.getpid()), "w").close()
    os.wait()
os.wait()
"""


def test_descendants_in_sessions_of_their_own_are_killed_too(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-S", "-c", _FAMILY, str(tmp_path)])
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2, 10, "the family to be complete")
    family = [int(path.name) for path in tmp_path.iterdir()]
    assert kill_tree(parent.pid) == ()
    assert parent.wait(10) < 0
    wait_until(lambda: not any(map(is_running, family)), 10, "the family to end")


def test_a_process_that_is_gone_needs_no_killing() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    assert kill_tree(process.pid) == ()
    assert parent_of(process.pid) is None


def test_a_process_knows_its_parent() -> None:
    assert parent_of(os.getpid()) == os.getppid()
