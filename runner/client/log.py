"""The service's audit log as a client reads it: head, proofs, entries, evidence, and the live stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from runner.client.connection import Connection, Query, page_query
from runner.errors import UnreachableError
from runner.model.log import LogFilter
from runner.proof.canonical import parse_strict
from runner.wire import api
from runner.wire.api_audit import (
    BundleAsked,
    CheckpointShown,
    ConsistencyProof,
    EntryPage,
    EntryShown,
    Gap,
    Hello,
    InclusionProof,
)
from runner.wire.documents import from_document
from runner.words import N_

_KINDS: Final = {"hello": Hello, "entry": EntryShown, "gap": Gap}
StreamEvent = Hello | EntryShown | Gap


class ServiceLog:
    """The log of a running service. Methods raise the `RunnerError` the service raised."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def checkpoint(self) -> CheckpointShown:
        return self._connection.get(CheckpointShown, api.CHECKPOINT)

    def consistency(self, old_size: int, new_size: int) -> ConsistencyProof:
        return self._connection.get(ConsistencyProof, api.CONSISTENCY, [("from", old_size), ("to", new_size)])

    def inclusion(self, index: int, size: int) -> InclusionProof:
        return self._connection.get(InclusionProof, api.INCLUSION, [("index", index), ("size", size)])

    def entry(self, index: int) -> EntryShown:
        """The entry at that place of the Merkle tree."""
        return self._connection.get(EntryShown, api.entry_path(index))

    def entries(
        self, wanted: LogFilter | None = None, before: str | None = None, limit: int = api.DEFAULT_PAGE
    ) -> EntryPage:
        """A page of entries, newest first."""
        wanted = wanted or LogFilter()
        fields = (("run", wanted.run), ("request", wanted.request), ("tag", wanted.tag), ("actor", wanted.actor))
        query = [*page_query((), before, limit), *((name, value) for name, value in fields if value)]
        return self._connection.get(EntryPage, api.ENTRIES, query)

    def bundle(self, run: str) -> bytes:
        """The evidence bundle of a run, an archive."""
        return self._connection.post_for_bytes(api.BUNDLES, BundleAsked(run))

    @contextmanager
    def events(
        self, run: str = "", request: str = "", after: int | str | None = None
    ) -> Iterator[Iterator[StreamEvent]]:
        """The event stream, for as long as the block lasts.

        Args:
            run: only entries of this run.
            request: only entries of this request.
            after: number of the last entry seen, or id of the last event; None: from now on.

        Raises:
            UnreachableError: the connection is lost, also while events are read.
        """
        fields = (("run", run), ("request", request), ("after", "" if after is None else after))
        query: Query = [(name, value) for name, value in fields if value != ""]
        with self._connection.stream(api.EVENTS, query, {"accept": "text/event-stream"}) as lines:
            yield _events_in(lines)


def _events_in(lines: Iterator[str]) -> Iterator[StreamEvent]:
    """Server-sent events of an endless stream; its end is a lost connection."""
    kind, data = "", ""
    for line in lines:
        name, _, value = line.partition(":")
        if line == "":
            if kind in _KINDS:
                document = parse_strict(data.encode())
                if isinstance(document, dict):
                    yield from_document(_KINDS[kind], document)
            kind, data = "", ""
        elif name == "event":
            kind = value.removeprefix(" ")
        elif name == "data":
            data += value.removeprefix(" ")
    raise UnreachableError(N_("event stream: the service ended it"), hint=N_("it is read on after reconnecting"))
