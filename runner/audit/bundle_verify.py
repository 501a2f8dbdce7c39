"""Verification of an evidence bundle, offline: the steps B1 to B6 of `docs/audit-verification.md`.

A bundle comes from anywhere; whatever is wrong with it is an answer that names the member or the entry, not an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Final, cast

from runner.audit import bundle
from runner.audit.archive import ArchiveReader, Member
from runner.audit.bundle import GRANT_TAGS, PUBLICATION_TAGS, About, Subject, entry_line, opening, statement_files
from runner.audit.entry_check import EntryCheck
from runner.audit.ports import SignatureVerifier
from runner.audit.statement_check import StatementBook
from runner.audit.steps import STEPS, StepError
from runner.errors import UsageError, VerificationError
from runner.model.log import Checkpoint, LeafFields, StoredLeaf
from runner.model.statement import StatementBytes
from runner.model.verdict import Check, Failure, Note, Verdict, VerdictWord
from runner.proof.canonical import parse_strict
from runner.proof.checkpoint import open_checkpoint
from runner.proof.leaf import MAX_LEAF
from runner.proof.merkle import leaf_hash, verify_inclusion
from runner.proof.note import MAX_NOTE, NoteKey
from runner.proof.sshsig import MAX_ARMOR
from runner.proof.statement import MAX_STATEMENT
from runner.wire.documents import from_document
from runner.words import N_

_MAX_ABOUT: Final = 8 * 1024 * 1024
_MAX_PAYLOAD: Final = 16 * 1024 * 1024
_MAX_ENTRY: Final = 16 * 1024
_HASH_HEX: Final = 64


def verify_bundle(path: Path, verifier: SignatureVerifier, log_key: NoteKey | None = None) -> Verdict:
    """Verify a bundle.

    Args:
        path: the archive.
        verifier: the verifier of record for people's signatures.
        log_key: the log's verifier key, from somewhere else than the bundle; None leaves open whose log it is.

    Returns:
        The verdict; a bad bundle is an answer, not an error.

    Raises:
        UsageError: the file cannot be read, or there is no `ssh-keygen`.
    """
    try:
        with path.open("rb") as source:
            return _Verification(ArchiveReader(source), verifier, log_key).verdict()
    except OSError as error:
        raise UsageError(
            N_("{path}: cannot be read: {reason}"), path=str(path), reason=error.strerror or str(error)
        ) from error


@dataclass
class _Verification:
    archive: ArchiveReader
    verifier: SignatureVerifier
    expected_key: NoteKey | None
    checks: list[Check] = field(default_factory=list)
    unchecked: list[Note] = field(default_factory=list)
    entries: int = 0
    entry: int | None = None
    head: Checkpoint | None = None

    def verdict(self) -> Verdict:
        failure = None
        try:
            self._verify()
        except StepError as error:
            failure = Failure(error.step, Note(error.message, dict(error.facts)), self.entry)
        return Verdict(
            word=VerdictWord.VERIFIED if failure is None else VerdictWord.FAILED,
            entries=self.entries,
            failure=failure,
            checks=tuple(self.checks),
            unchecked=tuple(self.unchecked),
            size=self.head.size if self.head else 0,
            root=self.head.root.hex() if self.head else "",
        )

    def _verify(self) -> None:
        contents = self._opening()
        about, key = self._about(contents), self._log_key(contents)
        self.head = self._checkpoint(contents, about, key)
        book = self._statements(about, key)
        self._require_opening(contents, about, key, book)
        self._entries(about, book)
        book.require_all_named()
        self._count("B6", book.count)
        self._say_what_is_not_known(key)

    def _opening(self) -> dict[str, bytes]:
        """Everything before the statements, as it stands there."""
        names = (bundle.READ_ME, bundle.ABOUT, bundle.LOG_KEY, bundle.CHECKPOINT, bundle.ALLOWED, bundle.PEOPLE)
        return {name: self.archive.read(self.archive.member(name), _MAX_ABOUT) for name in names}

    def _about(self, contents: dict[str, bytes]) -> About:
        try:
            document = parse_strict(contents[bundle.ABOUT], _MAX_ABOUT)
            about = from_document(About, document if isinstance(document, dict) else {})
        except UsageError as error:
            raise _unlike(bundle.ABOUT) from error
        if about.form != bundle.FORM:
            raise StepError(N_("archive: bundle form {form} is unknown"), step="B1", form=about.form)
        for id in about.statements:
            if len(id) != _HASH_HEX or set(id) - set("0123456789abcdef"):
                raise _unlike(bundle.ABOUT)
        return about

    def _log_key(self, contents: dict[str, bytes]) -> NoteKey:
        """Step B2, the key."""
        try:
            key = NoteKey.from_text(contents[bundle.LOG_KEY].decode().strip())
        except (UsageError, UnicodeDecodeError) as error:
            raise StepError(N_("{name}: is no verifier key"), step="B2", name=bundle.LOG_KEY) from error
        if self.expected_key is not None and key != self.expected_key:
            raise StepError(N_("{name}: is not the key of the log that was expected"), step="B2", name=bundle.LOG_KEY)
        return key

    def _checkpoint(self, contents: dict[str, bytes], about: About, key: NoteKey) -> Checkpoint:
        """Step B2, the checkpoint."""
        try:
            head = open_checkpoint(contents[bundle.CHECKPOINT][: MAX_NOTE + 1], key)
        except VerificationError as error:
            raise StepError(N_("{name}: {reason}"), step="B2", name=bundle.CHECKPOINT, reason=str(error)) from error
        if (head.origin, head.size, head.root.hex()) != (about.origin, about.size, about.root):
            raise StepError(N_("{name}: is not the head the bundle is made for"), step="B2", name=bundle.CHECKPOINT)
        self._count("B2", 1)
        return head

    def _statements(self, about: About, key: NoteKey) -> StatementBook:
        """Step B3, the statements."""
        book = StatementBook(key, self.verifier)
        for id in about.statements:
            said = self.archive.read(self.archive.member(f"statements/{id}.json"), MAX_STATEMENT)
            armored = self.archive.read(self.archive.member(f"statements/{id}.sig"), MAX_ARMOR)
            signature = armored.decode(errors="replace")
            book.add(StatementBytes(id, said, signature))
            if signature.encode() != armored:
                raise _unlike(statement_files(StatementBytes(id, b"", ""))[1][0])
        self._count("B3", book.count)
        return book

    def _require_opening(self, contents: dict[str, bytes], about: About, key: NoteKey, book: StatementBook) -> None:
        """Steps B1 and B3: every member is the one its contents make, with the people of the genesis statements."""
        for name, expected in opening(about, key, contents[bundle.CHECKPOINT], book.holders()):
            if contents[name] != expected:
                step = "B3" if name in (bundle.ALLOWED, bundle.PEOPLE) else "B1"
                raise StepError(N_("archive: {name} is not what belongs there"), step=step, name=name)

    def _entries(self, about: About, book: StatementBook) -> None:
        """Steps B4 and B5, and the end of the archive."""
        members = [self.archive.member(name) for name in (bundle.ENTRIES, bundle.LEAVES, bundle.PAYLOADS)]
        self.archive.finish()
        check, belonging = EntryCheck(book), _Belonging(about.subject)
        last = -1
        for lines in self._lines(*members):
            self.entry = None
            stored, index, proof = _entry(*lines)
            self.entry = index
            if index <= last:
                raise StepError(N_("entry {index}: stands in the wrong place"), step="B4", index=index)
            last = index
            belonging.check(check.check(stored))
            self._prove(stored.leaf, index, proof)
            self.entries += 1
        self.entry = None
        belonging.finish()
        if self.entries != about.entries:
            raise StepError(
                N_("entries: got {got}, expected {expected}"), step="B4", got=self.entries, expected=about.entries
            )
        self.unchecked.extend((*check.remarks, *book.remarks()))
        self._count("B4", self.entries)

    def _lines(self, entries: Member, leaves: Member, payloads: Member) -> Iterator[tuple[bytes, bytes, bytes]]:
        for entry, leaf, payload in zip_longest(
            self.archive.lines(entries, _MAX_ENTRY),
            self.archive.lines(leaves, MAX_LEAF),
            self.archive.lines(payloads, _MAX_PAYLOAD),
        ):
            if entry is None or leaf is None or payload is None:
                raise StepError(N_("entries: their lines do not match"), step="B4")
            yield entry, leaf, payload

    def _prove(self, leaf: bytes, index: int, proof: tuple[bytes, ...]) -> None:
        head = self.head
        if head is None:
            raise StepError(N_("{name}: is missing"), step="B2", name=bundle.CHECKPOINT)
        try:
            verify_inclusion(leaf_hash(leaf), index, head.size, proof, head.root)
        except VerificationError as error:
            raise StepError.of("B4", error) from error

    def _say_what_is_not_known(self, key: NoteKey) -> None:
        self.unchecked.append(
            Note(N_("whether the bundle holds every entry of the run; a part of a log cannot prove it"))
        )
        if self.expected_key is None:
            self.unchecked.append(
                Note(N_("whose log it is: compare its key with the one you know: {key}"), {"key": key.to_text()})
            )

    def _count(self, step: str, count: int) -> None:
        self.checks.append(Check(step, Note(STEPS[step]), count))


class _Belonging:
    """Whether the entries are about what the bundle says it is about."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._missing = {
            ("run", subject.run),
            *((("request", subject.request),) if subject.request else ()),
            *((("content", subject.content),) if subject.content else ()),
        }

    def check(self, leaf: LeafFields) -> None:
        """Refuse an entry of another run, request or publication.

        Raises:
            StepError: it is.
        """
        about = leaf.about
        if leaf.tag in GRANT_TAGS:
            return
        content = about.content if leaf.tag in PUBLICATION_TAGS else ""
        for name, value in (("run", about.run), ("request", about.request), ("content", content)):
            if value and value != getattr(self._subject, name):
                raise StepError(N_("entries: {value} is not what the bundle is about"), step="B4", value=value)
            self._missing.discard((name, value))

    def finish(self) -> None:
        """Refuse a bundle without any entry of what it says it is about.

        Raises:
            StepError: it has none.
        """
        for _name_of, value in sorted(self._missing):
            raise StepError(N_("entries: none is about {value}"), step="B4", value=value)


def _entry(entry: bytes, leaf: bytes, payload: bytes) -> tuple[StoredLeaf, int, tuple[bytes, ...]]:
    """What the three lines about an entry say."""
    try:
        document = parse_strict(entry, _MAX_ENTRY)
        fields = document if isinstance(document, dict) else {}
        index, salt = fields.get("index"), _bytes(fields.get("salt"))
        hashes = tuple(bytes.fromhex(str(part)) for part in cast("list[object]", fields.get("proof", ())))
    except (UsageError, ValueError, TypeError) as error:
        raise _bad_line() from error
    if type(index) is not int or entry_line(index, leaf, salt, hashes) != entry:
        raise _bad_line()
    return StoredLeaf(0, index, leaf, payload if salt is not None else payload or None, salt), index, hashes


def _bytes(hexadecimal: object) -> bytes | None:
    return None if hexadecimal is None else bytes.fromhex(str(hexadecimal))


def _unlike(name: str) -> StepError:
    return StepError(N_("archive: {name} is not what belongs there"), step="B1", name=name)


def _bad_line() -> StepError:
    return StepError(N_("{name}: a line is not what belongs there"), step="B4", name=bundle.ENTRIES)
