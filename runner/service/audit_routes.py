"""Routes of the audit log: its head, proofs, entries and evidence bundles."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import Depends, FastAPI, Path, Query
from starlette.responses import Response

from runner.audit.proofs import consistency, inclusion, root
from runner.errors import NotFoundError, UsageError
from runner.model.log import LogFilter
from runner.proof.canonical import MAX_INTEGER
from runner.proof.merkle import leaf_hash
from runner.service.access.guard import Asker
from runner.service.bodies import BYTES, JSON, Answer, answer, read_value, small_body
from runner.service.bundles import export_bundle
from runner.service.parts import Service
from runner.service.queries import USUAL_LIMIT, Before, Limit, Name, split_page
from runner.service.stream import entry_document
from runner.wire import api
from runner.wire.api_audit import BundleAsked, CheckpointShown, ConsistencyProof, InclusionProof
from runner.words import N_

Size = Annotated[int, Query(ge=0, le=MAX_INTEGER)]
Body = Annotated[bytes, Depends(small_body)]


def add_routes(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    store = service.store

    @app.get(api.CHECKPOINT)
    def checkpoint() -> Response:
        return answer(_checkpoint(service))

    @app.get(api.CONSISTENCY)
    def prove_consistency(old: Annotated[int, Query(alias="from", ge=0, le=MAX_INTEGER)], to: Size) -> Response:
        with store.reading() as transaction:
            proof = consistency(transaction.tree, old, to)
            head = root(transaction.tree, to)
        return answer(ConsistencyProof(old, to, head.hex(), tuple(part.hex() for part in proof)))

    @app.get(api.INCLUSION)
    def prove_inclusion(index: Size, size: Size) -> Response:
        with store.reading() as transaction:
            proof = inclusion(transaction.tree, index, size)
            leaf = transaction.log.at(index)
        return answer(InclusionProof(index, size, leaf_hash(leaf.leaf).hex(), tuple(part.hex() for part in proof)))

    @app.get(api.ENTRIES)
    def entries(
        run: Name = "",
        request: Name = "",
        tag: Name = "",
        actor: Name = "",
        before: Before = None,
        limit: Limit = USUAL_LIMIT,
    ) -> Response:
        wanted = LogFilter(run=run, request=request, tag=tag, actor=actor)
        with store.reading() as transaction:
            rows, last = split_page(transaction.log.page(limit + 1, wanted, _number(before)), limit)
        documents = b",".join(entry_document(leaf) for leaf in rows)
        following = json.dumps(str(last.id) if last else None).encode()
        told = Answer(b'{"rows":[%s],"next":%s}' % (documents, following), media_type=JSON)
        told.rows = len(rows)
        return told

    @app.get(api.ENTRIES + "/{index}")
    def entry(index: Annotated[int, Path(ge=0, le=MAX_INTEGER)]) -> Response:
        with store.reading() as transaction:
            return Response(entry_document(transaction.log.at(index)), media_type=JSON)

    @app.post(api.BUNDLES)
    def bundle(body: Body, caller: Asker) -> Response:
        return Response(export_bundle(service, read_value(BundleAsked, body).run, caller), media_type=BYTES)


def _checkpoint(service: Service) -> CheckpointShown:
    """The newest signed head; everything durable by now is put into it first."""
    service.sequencer.flush()
    with service.store.reading() as transaction:
        newest = transaction.tree.newest_checkpoint()
    if newest is None:
        raise NotFoundError(N_("log: it has no signed head yet"))
    head = newest.checkpoint
    return CheckpointShown(newest.note.decode(), head.origin, head.size, head.root.hex(), service.log_key.to_text())


def _number(before: str | None) -> int | None:
    if before is None:
        return None
    if not (before.isascii() and before.isdigit() and len(before) < 19):  # noqa: PLR2004 - int64
        raise UsageError(N_("query: before: expected the number of an entry"))
    return int(before)
