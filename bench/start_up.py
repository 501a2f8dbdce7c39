"""What the command costs before it does anything."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Figure, in_turn, timed

_TARGET = 6.0
_ROUNDS = 15


def measure() -> Iterator[Figure]:
    """`twokey --version` against `python -c pass`."""
    command = [str(Path(sys.executable).with_name("twokey")), "--version"]
    pairs = in_turn(lambda: _run(command), lambda: _run([sys.executable, "-c", "pass"]), _ROUNDS)
    yield Figure(
        name="twokey --version ÷ python -c pass",
        value=pairs.ratio(),
        unit="ratio",
        target=_TARGET,
        better="at most",
        ours=tuple(pairs.ours),
        raw=tuple(pairs.raw),
    )


def _run(command: list[str]) -> float:
    return timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL))
