"""Evidence bundles: the entries of one run with proofs, statements and keys, in one archive that verifies offline.

The same log and run always give the same bytes. What is inside is described in `bundle_text`, how it is verified in
`docs/audit-verification.md`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from runner.audit.archive import ArchiveWriter
from runner.audit.bundle_text import README
from runner.audit.entry_check import check_leaf
from runner.audit.ports import EntryReader, LogReader
from runner.audit.proofs import hash_reader, remembering
from runner.audit.statement_check import StatementBook
from runner.errors import NotFoundError, VerificationError
from runner.model.document import JsonValue
from runner.model.log import LogFilter, StoredLeaf
from runner.model.people import KeyHolder
from runner.model.statement import StatementBytes, StatementKind
from runner.proof.canonical import canonical_bytes
from runner.proof.leaf import search_keys
from runner.proof.merkle import HashReader, inclusion_proof, leaf_hash
from runner.proof.note import NoteKey
from runner.proof.public_key import allowed_signers_line, parse_public_key
from runner.proof.statement import NAMESPACES
from runner.rules.tags import Tag
from runner.wire.documents import to_document
from runner.words import N_

FORM: Final = 1
ABOUT: Final = "bundle.json"
LOG_KEY: Final = "log.pub"
CHECKPOINT: Final = "checkpoint"
ALLOWED: Final = "allowed_signers"
PEOPLE: Final = "people.json"
READ_ME: Final = "README.txt"
ENTRIES: Final = "entries.jsonl"
LEAVES: Final = "leaves.jsonl"
PAYLOADS: Final = "payloads.jsonl"

_FIRST: Final = (Tag.GENESIS_SIGNED, Tag.LOG_OPENED)
GRANT_TAGS: Final = (
    Tag.GRANT_APPLIED,
    Tag.GRANT_APPROVED,
    Tag.GRANT_DENIED,
    Tag.GRANT_RETRACTED,
    Tag.GRANT_INSPECTED,
    Tag.GRANT_ENTERED,
)
"""All of them are in every bundle: who could sign when follows from nothing less."""
PUBLICATION_TAGS: Final = (Tag.PUBLICATION_PROPOSED, Tag.PUBLICATION_COUNTERSIGNED, Tag.PUBLICATION_PUBLISHED)
_IN_MEMORY: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Subject:
    """What a bundle is about."""

    run: str
    request: str
    """Number of the run's request; empty for a check."""
    content: str
    """Digest of the content it ran."""


def export(log: LogReader, entries: EntryReader, log_key: NoteKey, subject: Subject, out: IO[bytes]) -> int:
    """Write the bundle of a run.

    Args:
        log: tree, statements and people, as one unchanging state.
        entries: finds entries, in the same state.
        log_key: verifier key of the log.
        subject: the run.
        out: where the archive is written.

    Returns:
        How many entries it holds.

    Raises:
        NotFoundError: the log holds nothing of that run yet.
        VerificationError: an entry does not fit its payload, or a statement is missing.
    """
    checkpoint = log.newest_checkpoint()
    chosen = _Chosen(entries, subject)
    statements = chosen.statements(log)
    if checkpoint is None or not chosen.count:
        raise NotFoundError(N_("run {run}: the log holds nothing of it yet"), run=subject.run)
    about = About(
        origin=log_key.name,
        subject=replace(subject, content=chosen.content),
        size=checkpoint.checkpoint.size,
        root=checkpoint.checkpoint.root.hex(),
        entries=chosen.count,
        statements=tuple(statement.id for statement in statements),
    )
    writer = ArchiveWriter(out)
    for name, data in opening(about, log_key, checkpoint.note, _holders(log_key, statements)):
        writer.add(name, data)
    for statement in statements:
        for name, data in statement_files(statement):
            writer.add(name, data)
    _write_entries(writer, chosen, remembering(hash_reader(log, about.size)), about.size)
    writer.finish()
    return chosen.count


@dataclass(frozen=True, slots=True)
class About:
    """What `bundle.json` says; with the other members' contents it determines every byte of the archive."""

    origin: str
    subject: Subject
    size: int
    """Size of the tree under the checkpoint."""
    root: str
    """Its root in hex."""
    entries: int
    statements: tuple[str, ...]
    """Ids, in the order in which entries first name them."""
    form: int = FORM


def opening(
    about: About, log_key: NoteKey, checkpoint: bytes, people: Sequence[KeyHolder]
) -> tuple[tuple[str, bytes], ...]:
    """Names and contents of the members before the statements.

    Raises:
        UsageError: a person or a key has no valid form.
    """
    allowed = "".join(
        allowed_signers_line(person.name, parse_public_key(person.key), NAMESPACES) + "\n" for person in people
    )
    listed: list[JsonValue] = [to_document(person) for person in people]
    return (
        (READ_ME, README.encode()),
        (ABOUT, canonical_bytes(to_document(about)) + b"\n"),
        (LOG_KEY, log_key.to_text().encode() + b"\n"),
        (CHECKPOINT, checkpoint),
        (ALLOWED, allowed.encode()),
        (PEOPLE, canonical_bytes(listed) + b"\n"),
    )


def statement_files(statement: StatementBytes) -> tuple[tuple[str, bytes], ...]:
    """Names and contents of the members of one statement."""
    return (
        (f"statements/{statement.id}.json", statement.bytes),
        (f"statements/{statement.id}.sig", statement.signature.encode()),
    )


def entry_line(index: int, leaf: bytes, salt: bytes | None, proof: Sequence[bytes]) -> bytes:
    """The line of `entries.jsonl` for an entry, without its newline."""
    hashes: list[JsonValue] = [part.hex() for part in proof]
    return canonical_bytes(
        {
            "index": index,
            "hash": leaf_hash(leaf).hex(),
            "salt": None if salt is None else salt.hex(),
            "proof": hashes,
        }
    )


class _Chosen:
    """The entries of a bundle: the few of other kinds in memory, those of the run read when needed."""

    def __init__(self, entries: EntryReader, subject: Subject) -> None:
        self._entries = entries
        self._subject = subject
        self._others: dict[int, StoredLeaf] = {}
        for tag in (*_FIRST, *GRANT_TAGS):
            self._keep(LogFilter(tag=tag))
        for tag in PUBLICATION_TAGS:
            self._keep(LogFilter(tag=tag), lambda stored: check_leaf(stored).about.content == subject.content)
        if subject.request:
            self._keep(LogFilter(request=subject.request), lambda stored: not search_keys(stored.leaf).run)
        self.count = 0
        """Entries of the bundle; 0 when the run has none."""
        self.content = ""
        """Content digest, if its publication is among the entries."""

    def statements(self, log: LogReader) -> list[StatementBytes]:
        """Every statement the entries name, in that order; counts the entries.

        Raises:
            VerificationError: one was not recorded.
        """
        named: dict[str, None] = {}
        count = of_run = 0
        for stored in self:
            leaf = check_leaf(stored)
            about = leaf.about
            count += 1
            of_run += about.run == self._subject.run
            if leaf.tag in PUBLICATION_TAGS:
                self.content = about.content
            if about.statement:
                named[about.statement] = None
        self.count = count if of_run else 0
        return [_statement(log, id) for id in named]

    def __iter__(self) -> Iterator[StoredLeaf]:
        others = (self._others[index] for index in sorted(self._others))
        of_run = self._entries.in_tree(LogFilter(run=self._subject.run))
        return heapq.merge(others, of_run, key=_index)

    def _keep(self, wanted: LogFilter, is_meant: Callable[[StoredLeaf], bool] | None = None) -> None:
        for stored in self._entries.in_tree(wanted):
            if is_meant is None or is_meant(stored):
                self._others[_index(stored)] = stored


def _write_entries(writer: ArchiveWriter, chosen: Iterable[StoredLeaf], read: HashReader, size: int) -> None:
    """Write the three members that say one line each about every entry."""
    with (
        SpooledTemporaryFile(_IN_MEMORY) as entries,
        SpooledTemporaryFile(_IN_MEMORY) as leaves,
        SpooledTemporaryFile(_IN_MEMORY) as payloads,
    ):
        for stored in chosen:
            index = _index(stored)
            proof = inclusion_proof(read, index, size)
            entries.write(entry_line(index, stored.leaf, stored.salt, proof) + b"\n")
            leaves.write(stored.leaf + b"\n")
            payloads.write((stored.payload or b"") + b"\n")
        for name, file in ((ENTRIES, entries), (LEAVES, leaves), (PAYLOADS, payloads)):
            length = file.tell()
            file.seek(0)
            writer.add_from(name, file, length)


class _Trusting:
    """Stands in for the verifier where statements are only read: whoever opens the bundle verifies them."""

    def verify(self, kind: StatementKind, message: bytes, signature: str, person: str, key: str) -> None:
        """Accept it."""


def _holders(log_key: NoteKey, statements: Iterable[StatementBytes]) -> tuple[KeyHolder, ...]:
    """Everyone with every key they have or had, as the statements of the bundle say."""
    book = StatementBook(log_key, _Trusting())
    for statement in statements:
        book.add(statement)
    return book.holders()


def _index(stored: StoredLeaf) -> int:
    if stored.index is None:
        raise ValueError("an entry of a bundle stands in the tree")
    return stored.index


def _statement(log: LogReader, id: str) -> StatementBytes:
    found = log.find_statement(id)
    if found is None:
        raise VerificationError(N_("statement {statement}: was not recorded"), statement=id)
    return found
