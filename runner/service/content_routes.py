"""Routes of runbooks, publications, blobs and the inventory."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, Query
from starlette.responses import Response

from runner.errors import NotFoundError
from runner.model.request import PublicationState
from runner.service.access.guard import Asker, Source
from runner.service.bodies import BYTES, answer, read_value, upload_body
from runner.service.content_view import inventory_shown, publication_page, publication_shown, runbook_list
from runner.service.parts import Service
from runner.service.queries import USUAL_LIMIT, Before, Limit
from runner.service.sight import Sight
from runner.wire import api
from runner.wire.api_content import Proposal, SecretShown, SecretsShown
from runner.words import N_

States = Annotated[list[PublicationState], Query()]


def add_routes(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    premises, store = service.premises, service.store

    @app.get(api.RUNBOOKS)
    def runbooks(caller: Asker) -> Response:
        with store.reading() as transaction:
            sight = Sight(premises, transaction, caller)
            return answer(runbook_list(premises, transaction, sight))

    @app.get(api.PUBLICATIONS)
    def publications(state: States = [], before: Before = None, limit: Limit = USUAL_LIMIT) -> Response:  # noqa: B006 - FastAPI copies a default
        with store.reading() as transaction:
            return answer(
                publication_page(transaction.publications.page(limit + 1, states=state, before=before), limit)
            )

    @app.post(api.PUBLICATIONS)
    def propose(body: Annotated[bytes, Depends(upload_body)], source: Source) -> Response:
        return answer(service.desk.propose(read_value(Proposal, body), source))

    @app.get(api.PUBLICATIONS + "/{digest}")
    def publication(digest: str, caller: Asker) -> Response:
        with store.reading() as transaction:
            Sight(premises, transaction, caller).require_publication(f"sha256:{digest}")
            return answer(publication_shown(premises, transaction, f"sha256:{digest}"))

    @app.get(api.BLOBS + "/{sha256}")
    def blob(sha256: str, caller: Asker) -> Response:
        with store.reading() as transaction:
            sight = Sight(premises, transaction, caller)
            if not any(sight.runbook(runbook) for runbook in transaction.publications.runbooks_with(sha256)):
                raise NotFoundError(N_("content {sha256}: is in no publication"), sha256=sha256[:80])
        return Response(premises.contents.read(sha256), media_type=BYTES)

    @app.get(api.INVENTORY)
    def inventory() -> Response:
        with store.reading() as transaction:
            return answer(inventory_shown(premises, transaction))

    @app.get(api.SECRETS)
    def secrets() -> Response:
        checked = service.secrets.check()
        return answer(SecretsShown(tuple(SecretShown(one.reference, one.problem) for one in checked)))
