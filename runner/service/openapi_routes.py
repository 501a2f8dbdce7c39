"""The interface as an OpenAPI document: paths and queries from the routes, bodies and answers from their types.

FastAPI knows the queries; bodies are read by `runner.wire.documents`, so their types stand in a table here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import BaseRoute

from runner import __version__
from runner.model.plan import PlanDocument
from runner.model.policy import Reading
from runner.service.access.access import Access
from runner.service.bodies import BYTES, JSON
from runner.service.parts import Service
from runner.service.permissions import Permission, permission_of
from runner.wire import api, api_access, api_audit, api_content, api_people, api_request, api_run
from runner.wire.errors import ErrorDocument
from runner.wire.schemas import Schemas, schemas_of

EVENTS: Final = "text/event-stream"
_SESSION: Final = "session"


@dataclass(frozen=True, slots=True)
class Operation:
    """What a path takes and gives."""

    answer: type | str
    """A kind of document, or the media type of something else."""
    body: type | None = None


OPERATIONS: Final[Mapping[tuple[str, str], Operation]] = {
    ("GET", api.STATUS): Operation(api.ServiceStatus),
    ("GET", api.VERSIONS): Operation(api.Versions),
    ("GET", api.OPENAPI): Operation(JSON),
    ("GET", api.CHECKPOINT): Operation(api_audit.CheckpointShown),
    ("GET", api.CONSISTENCY): Operation(api_audit.ConsistencyProof),
    ("GET", api.INCLUSION): Operation(api_audit.InclusionProof),
    ("POST", api.SIGN_IN_CHALLENGE): Operation(api_access.Challenge, api_access.ChallengeAsked),
    ("POST", api.SIGN_IN): Operation(api_access.SignedIn, api_access.KeySignIn),
    ("POST", api.SIGN_IN_PASSWORD): Operation(api_access.SignedIn, api_access.PasswordSignIn),
    ("POST", api.SIGN_IN_AUTHENTICATOR): Operation(api_access.Authenticator, api_access.FirstPassword),
    ("POST", api.SIGN_OUT): Operation(api_access.SignedOut, api_access.SignOutAsked),
    ("GET", api.SESSIONS): Operation(api_access.SessionList),
    ("DELETE", api.SESSIONS + "/{session}"): Operation(api_access.SignedOut),
    ("GET", api.CONFIG): Operation(api.Config),
    ("GET", api.PEOPLE): Operation(api.People),
    ("GET", api.HERE): Operation(api_people.Here),
    ("GET", api.REGISTER): Operation(api_people.RegisterShown),
    ("GET", api.LEAVING): Operation(api_people.LeavingShown),
    ("GET", api.GRANTS): Operation(api_people.GrantPage),
    ("GET", api.GRANTS + "/{number}"): Operation(api_people.GrantShown),
    ("GET", api.POLICY): Operation(api_people.PolicyShown),
    ("GET", api.EXPLAIN): Operation(api_people.Explained),
    ("GET", api.STAFFING): Operation(api_people.Staffing),
    ("GET", api.INVENTORY): Operation(api_content.InventoryShown),
    ("GET", api.SECRETS): Operation(api_content.SecretsShown),
    ("GET", api.RUNBOOKS): Operation(api_content.RunbookList),
    ("GET", api.PUBLICATIONS): Operation(api_content.PublicationPage),
    ("POST", api.PUBLICATIONS): Operation(api_request.Outcome, api_content.Proposal),
    ("GET", api.PUBLICATIONS + "/{digest}"): Operation(api_content.PublicationShown),
    ("GET", api.BLOBS + "/{sha256}"): Operation(BYTES),
    ("POST", api.PLANS): Operation(PlanDocument, api_request.PlanAsked),
    ("GET", api.PLANS + "/{digest}"): Operation(PlanDocument),
    ("GET", api.REQUESTS): Operation(api_request.RequestPage),
    ("GET", api.REQUESTS + "/{number}"): Operation(api_request.RequestShown),
    ("POST", api.STATEMENTS): Operation(api_request.Outcome, api_request.Signed),
    ("POST", api.CONFIRMED): Operation(api_request.Outcome, api_request.Confirmed),
    ("GET", api.STATEMENTS + "/{statement}"): Operation(api_request.StatementShown),
    ("GET", api.STANDING): Operation(api_request.StandingList),
    ("GET", api.WAITING): Operation(api_request.Waiting),
    ("GET", api.RUNS): Operation(api_run.RunPage),
    ("GET", api.RUNS + "/{run:path}"): Operation(api_run.RunShown),
    ("GET", api.EVENTS): Operation(EVENTS),
    ("GET", api.ENTRIES): Operation(api_audit.EntryPage),
    ("GET", api.ENTRIES + "/{index}"): Operation(api_audit.EntryShown),
    ("POST", api.BUNDLES): Operation(BYTES, api_audit.BundleAsked),
}
"""By method and path, as the route is written."""


def add_routes(app: FastAPI, service: Service) -> None:
    """Add the route."""
    made: dict[Reading, bytes] = {}

    @app.get(api.OPENAPI)
    def openapi() -> Response:
        reading = service.premises.policy.reading
        if reading not in made:
            document = openapi_document(app.routes, service.access)
            made[reading] = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        return Response(made[reading], media_type=JSON)


def openapi_document(routes: Iterable[BaseRoute], access: Access) -> dict[str, Any]:
    """The document; made when somebody asks for it, since that takes a moment and some memory."""
    from fastapi.openapi.utils import get_openapi

    listed = [route for route in routes if isinstance(route, APIRoute)]
    told = get_openapi(title="Twokey", version=__version__, routes=listed)
    bodies = {operation.body for operation in OPERATIONS.values() if operation.body}
    answers = {operation.answer for operation in OPERATIONS.values() if isinstance(operation.answer, type)}
    schemas = schemas_of(_in_order(bodies), _in_order({*answers, ErrorDocument}))
    paths: dict[str, dict[str, Any]] = {}
    for route in listed:
        for method in sorted(route.methods or ()):
            written = told["paths"][route.path_format][method.lower()]
            described = _described(OPERATIONS[method, route.path], schemas)
            permission = permission_of(method, route.path)
            paths.setdefault(route.path_format, {})[method.lower()] = {
                "operationId": route.name,
                "summary": written["summary"],
                "parameters": written.get("parameters", []),
                **described,
                "security": _security(permission, access),
                "x-permission": permission.value,
            }
    return {
        "openapi": told["openapi"],
        "info": told["info"],
        "paths": paths,
        "components": {
            "schemas": {**told.get("components", {}).get("schemas", {}), **schemas.named},
            "securitySchemes": {_SESSION: {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    answer = operation.answer
    content = {answer: {}} if isinstance(answer, str) else {JSON: {"schema": schemas.written[answer]}}
    error = {"description": "Error", "content": {JSON: {"schema": schemas.written[ErrorDocument]}}}
    described: dict[str, Any] = {
        "responses": {"200": {"description": "Done", "content": content}, "4XX": error, "5XX": error}
    }
    if operation.body is not None:
        schema = schemas.read[operation.body]
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    return described


def _security(permission: Permission, access: Access) -> list[dict[str, list[str]]]:
    """A session; or none; or, where policy lets everybody read, either."""
    if access.needs_session(permission):
        return [{_SESSION: []}]
    return [] if permission in (Permission.PUBLIC, Permission.STATEMENT) else [{}, {_SESSION: []}]


def _in_order(kinds: Iterable[type]) -> list[type]:
    return sorted(kinds, key=lambda kind: kind.__qualname__)
