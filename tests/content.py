"""Content for tests: a small site as text, and its closure."""

from __future__ import annotations

from collections.abc import Mapping

from runner.runbook.closure import Reach, reach_of, survey
from runner.runbook.content_tree import Blob, BlobTree
from tests.samples import MINIMAL, with_steps

RUNBOOK = "runbooks/x.yml"
LOOK = "  - {id: look, playbook: p/x.yml, read_only: true}\n"


def tree_of(files: Mapping[str, str | bytes], runbook: str | None = None) -> BlobTree:
    """A site with one runbook that plays `p/x.yml`."""
    blobs = {RUNBOOK: Blob((with_steps(LOOK) if runbook is None else runbook).encode())}
    for path, text in files.items():
        blobs[f"playbooks/{path}"] = Blob(text.encode() if isinstance(text, str) else text)
    return BlobTree(blobs)


def play(*tasks: str, head: str = "") -> str:
    """A playbook of one play, from the lines of its tasks."""
    lines = [f"    - {task}" for task in tasks]
    return "\n".join(["- hosts: all", *(f"  {line}" for line in head.splitlines()), "  tasks:", *lines]) + "\n"


def reached(files: Mapping[str, str | bytes]) -> set[str]:
    """Names below `playbooks/` of what a site's runbook reaches."""
    return {path.removeprefix("playbooks/") for path in reach(files).blobs} - {RUNBOOK}


def reach(files: Mapping[str, str | bytes]) -> Reach:
    """The closure of a site's runbook; it must be the closure of itself too."""
    found = reach_of(tree_of(files), RUNBOOK)
    again = reach_of(BlobTree(found.blobs), RUNBOOK)
    assert again == found
    return found


def problems(files: Mapping[str, str | bytes]) -> list[str]:
    """Problems of a site, each without the folder it is in."""
    _, found = survey(tree_of(files), RUNBOOK)
    return [str(problem).removeprefix("playbooks/") for problem in found]


__all__ = ["LOOK", "MINIMAL", "RUNBOOK", "play", "problems", "reach", "reached", "tree_of"]
