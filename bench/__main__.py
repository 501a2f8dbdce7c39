"""`make bench`: measure, print a table, write the figures to `.bench/figures.json`.

Ends with 0 when every measurement completed; a missed target is printed, not hidden and not an error.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import appends, decisions, reads, runs, sign_ins, start_up, validation
from bench.measure import Figure, table

PARTS: dict[str, Callable[[], Iterator[Figure]]] = {
    "start_up": start_up.measure,
    "validation": validation.measure,
    "appends": appends.measure,
    "decisions": decisions.measure,
    "sign_ins": sign_ins.measure,
    "reads": reads.measure,
    "runs": runs.measure,
}


def main() -> int:
    """Run the parts that were asked for, all by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)}")
    parser.add_argument("--output", type=Path, default=Path(".bench/figures.json"))
    options = parser.parse_args()
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"no such part: {unknown[0]}; there are {', '.join(PARTS)}")
    figures: list[Figure] = []
    for part in options.parts or PARTS:
        sys.stderr.write(f"measuring {part} …\n")
        figures += PARTS[part]()
    sys.stdout.write(table(figures) + "\n")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "figures": [{**dataclasses.asdict(figure), "met": figure.met} for figure in figures],
    }
    options.output.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
