"""Verification of the whole log: the numbered procedure of `docs/audit-verification.md` from first to last.

It needs no service and changes nothing; memory stays flat however long the log is, save for the statements and
attempts that later entries refer to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from runner.audit.entry_check import EntryCheck
from runner.audit.policy_check import PolicyCheck
from runner.audit.ports import LogReader, SignatureVerifier
from runner.audit.statement_check import Granted, StatementBook
from runner.audit.steps import STEPS, StepError
from runner.audit.tree_check import OutsideHead, TreeCheck
from runner.errors import VerificationError
from runner.model.verdict import Check, Failure, Note, RememberedHead, Verdict, VerdictWord
from runner.proof.checkpoint import open_checkpoint
from runner.proof.merkle import leaf_hash
from runner.proof.note import NoteKey
from runner.words import N_

Progress = Callable[[int, int], None]
"""Told how many entries are done, and of how many."""

_EVERY: Final = 1000


@dataclass(frozen=True, slots=True)
class Terms:
    """What a log is measured against."""

    log_key: NoteKey
    """The log's verifier key; its name is the log's origin."""
    now: datetime
    """The present (UTC)."""
    anchor_within: timedelta
    """How old the tail may get without an outside memory of it."""
    remembered: Sequence[RememberedHead] = ()
    """Checkpoints kept outside the service."""


def verify_log(log: LogReader, terms: Terms, verifier: SignatureVerifier, progress: Progress | None = None) -> Verdict:
    """Verify a log from its first entry to its last.

    Args:
        log: the log, as one unchanging state.
        terms: key, memories and times it is measured against.
        verifier: the verifier of record for people's signatures.
        progress: told now and then how far it is.

    Returns:
        The verdict; a bad log is an answer, not an error.

    Raises:
        StorageError: the database cannot be read.
        UsageError: there is no `ssh-keygen`.
    """
    return _Verification(log, terms, verifier, progress).verdict()


@dataclass
class _Verification:
    log: LogReader
    terms: Terms
    verifier: SignatureVerifier
    progress: Progress | None
    checks: list[Check] = field(default_factory=list)
    unchecked: list[Note] = field(default_factory=list)
    waiting: int = 0
    tail_since: datetime | None = None
    tree: TreeCheck | None = None
    entry: int | None = None

    def verdict(self) -> Verdict:
        failure = None
        try:
            self._verify()
        except StepError as error:
            failure = _failure(error, self.entry)
        newest = self.log.newest_checkpoint()
        return Verdict(
            word=self._word(failure),
            entries=self.tree.size if self.tree else 0,
            failure=failure,
            checks=tuple(self.checks),
            unchecked=tuple(self.unchecked),
            waiting=self.waiting,
            anchored=self.tree.anchored if self.tree else 0,
            tail_since=self.tail_since,
            size=newest.checkpoint.size if newest else 0,
            root=newest.checkpoint.root.hex() if newest else "",
        )

    def _verify(self) -> None:
        outside = self._outside_heads()
        book = self._statements()
        tree = self.tree = TreeCheck(self.log, self.terms.log_key, outside, book.heads)
        seen = len(book.heads)
        entries, policies = EntryCheck(book), PolicyCheck(book)
        last = self._entries(entries, policies, tree, max((head.checkpoint.size for head in outside), default=0))
        self.entry = None
        tree.finish(self.log.state(), last)
        self._count("3", entries.count)
        self._count("4.1", tree.tiles)
        self._count("4.3", tree.checkpoints)
        self._count("4.4", len(outside))
        self._count("4.5", seen)
        self._behind(entries, policies, last)
        book.require_all_named()
        self.unchecked.extend((*entries.remarks, *book.remarks()))
        self._say_what_is_not_known(outside)

    def _outside_heads(self) -> list[OutsideHead]:
        """Step 1.2."""
        heads = []
        for remembered in self.terms.remembered:
            if remembered.log_key != self.terms.log_key.to_text():
                raise StepError(
                    N_("{place} remembers another key of this log: it was replaced"), step="1.2", place=remembered.place
                )
            try:
                head = open_checkpoint(remembered.note, self.terms.log_key)
            except VerificationError as error:
                raise StepError(
                    N_("the head remembered in {place}: {reason}"),
                    step="1.2",
                    place=remembered.place,
                    reason=str(error),
                ) from error
            heads.append(OutsideHead(remembered.place, head))
        self._count("1.2", len(heads))
        return heads

    def _statements(self) -> StatementBook:
        """Step 2."""
        book = StatementBook(self.terms.log_key, self.verifier)
        for stored in self.log.statements():
            book.add(stored)
        if book.founders:
            book.require_founders(self.log.founders())
            book.require_grants(Granted(*granted) for granted in self.log.granted())
        else:
            self.unchecked.append(Note(N_("who the people are: nobody has signed the first entries yet")))
        self._count("2", book.count)
        return book

    def _entries(self, entries: EntryCheck, policies: PolicyCheck, tree: TreeCheck, anchored: int) -> int:
        """Steps 3 and 4 for every entry; answers with the inbox number of the last."""
        state = self.log.state()
        total = state.size if state else 0
        last = 0
        tree.compare_heads()
        for sequenced, stored in self.log.entries():
            self.entry = tree.size
            if sequenced.index != tree.size or sequenced.inbox <= last or stored is None:
                raise StepError(N_("entry {index}: is missing, or not in its place"), step="3.1", index=tree.size)
            last = sequenced.inbox
            leaf = entries.check(stored, sequenced.keys)
            policies.check(leaf, stored.payload)
            tree.add(leaf_hash(stored.leaf))
            tree.compare_heads()
            if sequenced.index == anchored:
                self.tail_since = leaf.recorded
            if self.progress is not None and (tree.size % _EVERY == 0 or tree.size == total):
                self.progress(tree.size, total)
        return last

    def _behind(self, entries: EntryCheck, policies: PolicyCheck, last: int) -> None:
        """Step 5.1."""
        for stored in self.log.behind():
            if stored.id < last:
                raise StepError(N_("inbox entry {number}: was left out of the tree"), step="5.1", number=stored.id)
            try:
                policies.check(entries.check(stored), stored.payload)
            except StepError as error:
                raise StepError(
                    N_("inbox entry {number}: {reason}"), step="5.1", number=stored.id, reason=str(error)
                ) from error
            self.waiting += 1
        self._count("5.1", self.waiting)

    def _say_what_is_not_known(self, outside: Sequence[OutsideHead]) -> None:
        if self.waiting:
            self.unchecked.append(
                Note(N_("{count} entries are durable, but not yet under a signed head"), {"count": self.waiting})
            )
        if not outside:
            self.unchecked.append(
                Note(N_("whether the log was rewritten as a whole: no head remembered elsewhere was given"))
            )

    def _word(self, failure: Failure | None) -> VerdictWord:
        """Step 6."""
        if failure is not None:
            return VerdictWord.FAILED
        if self.tail_since is not None and self.terms.now - self.tail_since > self.terms.anchor_within:
            return VerdictWord.UNANCHORED
        return VerdictWord.VERIFIED

    def _count(self, step: str, count: int) -> None:
        self.checks.append(Check(step, Note(STEPS[step]), count))


def _failure(error: StepError, entry: int | None) -> Failure:
    return Failure(error.step, Note(error.message, dict(error.facts)), entry if error.entry is None else error.entry)
