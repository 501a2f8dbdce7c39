"""`twokey audit verify`: the whole log, or an evidence bundle, recomputed from its own bytes; no service is needed."""

from __future__ import annotations

import argparse
import sys
import tarfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from runner.audit.bundle import LOG_KEY
from runner.audit.bundle_verify import verify_bundle
from runner.audit.ssh_keygen import SshKeygen
from runner.audit.verify import Terms, verify_log
from runner.cli.offline import open_log
from runner.cli.output import put, put_json
from runner.cli.session import WallClock, places_of
from runner.client.memory import Memory
from runner.client.wording.present import in_full
from runner.errors import RunnerError, UnanchoredError, VerificationError, fill
from runner.model.policy import Policy
from runner.model.verdict import Note, RememberedHead, Verdict, VerdictWord
from runner.proof.note import MAX_NOTE, NoteKey
from runner.runbook.places import checkpoints_folder
from runner.runbook.settings import load_policy, load_site
from runner.wire.documents import to_document
from runner.wire.spoken import spoken
from runner.words import _

_CODES: Final = {
    VerdictWord.VERIFIED: 0,
    VerdictWord.FAILED: VerificationError.exit_code,
    VerdictWord.UNANCHORED: UnanchoredError.exit_code,
}
_MEANINGS: Final = {VerdictWord.VERIFIED: "good", VerdictWord.FAILED: "bad", VerdictWord.UNANCHORED: "wait"}


def verify(options: argparse.Namespace) -> int:
    """Verify what was named, print the verdict; the exit code."""
    memory = Memory(checkpoints_folder(options.state))
    if options.bundle is not None:
        verdict = verify_bundle(options.bundle, SshKeygen(), _known_key(options.bundle, memory))
    else:
        verdict = _verify_state(options, memory)
    if options.json:
        _print_json(verdict)
    else:
        _print(verdict)
    return _CODES[verdict.word]


def _verify_state(options: argparse.Namespace, memory: Memory) -> Verdict:
    places = places_of(options)
    with open_log(places.state) as log:
        terms = Terms(
            log_key=log.key,
            now=WallClock().now(),
            anchor_within=timedelta(seconds=_policy(places.site).anchor_within),
            remembered=_remembered(memory, log.origin),
        )
        return verify_log(log.transaction.evidence, terms, SshKeygen(), _progress if sys.stderr.isatty() else None)


def _policy(site: Path) -> Policy:
    """The site's policy; the shipped one where the site cannot be read, since the log verifies without it."""
    try:
        return load_policy(load_site(site))
    except RunnerError:
        return Policy()


def _remembered(memory: Memory, origin: str) -> Sequence[RememberedHead]:
    head = memory.find(origin)
    return [] if head is None else [RememberedHead(str(memory.place(origin)), head.log_key, head.note.encode())]


def _known_key(bundle: Path, memory: Memory) -> NoteKey | None:
    """The key this client remembers of the log a bundle says it is from; None for a log it never saw."""
    try:
        with tarfile.open(bundle, "r:") as archive:
            member = archive.extractfile(LOG_KEY)
            claimed = NoteKey.from_text(member.read(MAX_NOTE).decode().strip()) if member else None
    except (OSError, KeyError, tarfile.TarError, UnicodeDecodeError, RunnerError):
        return None  # whatever is wrong with the bundle, its verification finds and names it
    head = memory.find(claimed.name) if claimed else None
    return NoteKey.from_text(head.log_key) if head else None


def _print(verdict: Verdict) -> None:
    put(spoken(verdict.word), _MEANINGS[verdict.word])
    put(
        _("{entries} entries; head: {size} entries, root {root}").format(
            entries=verdict.entries, size=verdict.size, root=verdict.root or "-"
        )
    )
    failure = verdict.failure
    if failure is not None:
        place = _("entry {index}: ").format(index=failure.entry) if failure.entry is not None else ""
        put(_("step {step}: {place}{what}").format(step=failure.step, place=place, what=_said(failure.what)), "bad")
    for check in verdict.checks:
        put(_("checked {step}: {what} ({count})").format(step=check.step, what=_said(check.what), count=check.count))
    for note in verdict.unchecked:
        put(_("not checked: {what}").format(what=_said(note)), "wait")
    if verdict.tail_since is not None:
        put(
            _("unanchored since {time} UTC, behind entry {index}").format(
                time=in_full(verdict.tail_since, "UTC"), index=verdict.anchored
            ),
            "wait",
        )


def _print_json(verdict: Verdict) -> None:
    document = to_document(verdict)
    put_json({"verdict": document.pop("word"), **document})


def _said(note: Note) -> str:
    return fill(note.message, dict(note.facts))


def _progress(done: int, total: int) -> None:
    sys.stderr.write("\r" + _("{done} of {total} entries").format(done=done, total=total))
    sys.stderr.write("\r" if done < total else "\n")
    sys.stderr.flush()
