"""The published OpenAPI document describes what is served, and nothing that it allows to be sent breaks anything.

Schemathesis makes requests from the document, fitting ones and others, and holds every answer against it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from fastapi import FastAPI
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from runner.model.grant import Enrol
from runner.service.app import make_app
from runner.service.openapi_routes import OPERATIONS
from runner.service.permissions import PERMISSIONS, Permission
from runner.wire import api
from runner.wire.api import digest_in_path
from tests.desk_grants import granted
from tests.desk_world import ALICE, BOB, CAROL, WINDOW, World, opened_world
from tests.integration.service.conftest import serving
from tests.integration.service.signing_in import asking, signed_in_only

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 20
CLOSED = sorted(route for route, permission in PERMISSIONS.items() if permission is not Permission.PUBLIC)
FINITE = sorted(route for route in PERMISSIONS if route != ("GET", api.EVENTS))


@dataclass(frozen=True)
class Published:
    """A service with something in it, its application, and its document as schemathesis reads it."""

    world: World
    app: FastAPI
    schema: Any
    token: str
    other: str
    """The token of a session that may be ended."""

    @property
    def session(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    def operation(self, route: tuple[str, str]) -> Any:
        method, path = route
        return self.schema[path.replace(":path", "")][method]


@pytest.fixture(scope="module")
def published(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """A world under which nobody reads without a session, with a run in it; the tests of this file share it."""
    folder = tmp_path_factory.mktemp("published") / "two"
    shutil.copytree(founded, folder)
    with tempfile.TemporaryDirectory(prefix="tk") as short, opened_world(folder) as world:
        signed_in_only(world)
        world.running()
        socket = Path(short) / "s"
        with serving(world, socket) as parts, asking(socket, world.clock) as somebody:
            app = make_app(parts)
            schema = schemathesis.openapi.from_asgi(api.OPENAPI, app)
            yield Published(world, app, schema, somebody.sign_in(ALICE), somebody.sign_in(BOB))


def tried(published: Published, route: tuple[str, str], headers: Mapping[str, str]) -> list[int]:
    """Statuses of the answers to what is made from the document; each is held against it."""
    statuses: list[int] = []

    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=published.operation(route).as_strategy())
    def sent(case: Any) -> None:
        answer = case.call(headers=dict(headers))
        statuses.append(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    sent()
    return statuses


class TestDocument:
    def test_it_names_every_path_and_nothing_else(self, published: Published) -> None:
        document = published.schema.raw_schema
        named = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
        assert named == {(method, path.replace(":path", "")) for method, path in PERMISSIONS}
        assert set(OPERATIONS) == set(PERMISSIONS)

    def test_it_says_what_each_needs(self, published: Published) -> None:
        paths = published.schema.raw_schema["paths"]
        for (method, path), permission in PERMISSIONS.items():
            told = paths[path.replace(":path", "")][method.lower()]
            assert told["x-permission"] == permission
            is_open = permission in (Permission.PUBLIC, Permission.STATEMENT)
            assert told["security"] == ([] if is_open else [{"session": []}])
            assert ("requestBody" in told) == (method == "POST")

    def test_every_part_it_refers_to_is_there(self, published: Published) -> None:
        text = json.dumps(published.schema.raw_schema)
        parts = published.schema.raw_schema["components"]["schemas"]
        referred = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
        assert referred
        assert referred <= set(parts)
        assert parts["Signed"]["additionalProperties"] is False
        assert parts["Signed"]["required"] == ["statement", "signature"]


@pytest.mark.parametrize("route", FINITE, ids=" ".join)
def test_what_it_allows_breaks_nothing(published: Published, route: tuple[str, str]) -> None:
    headers = {} if route == ("POST", api.SIGN_OUT) else published.session
    assert tried(published, route, headers)


@pytest.mark.parametrize("route", CLOSED, ids=" ".join)
def test_nothing_succeeds_that_is_not_allowed(published: Published, route: tuple[str, str]) -> None:
    before = len(published.world.tags())
    statuses = set(tried(published, route, {}))
    if PERMISSIONS[route] is Permission.STATEMENT:
        assert statuses <= {400, 403, 422}
    else:
        assert statuses == {401}
    added = published.world.tags()[before:]
    assert set(added) <= {"service:access:refused"}


def _a_grant(world: World) -> str:
    """Number of a grant; there is one once this was asked."""
    with world.store.reading() as transaction:
        rows = transaction.grants.page(1)
    return rows[0].number if rows else granted(world, Enrol("carol", "", "", CAROL.key.public.to_line()))


@pytest.mark.parametrize("route", [route for route in FINITE if route[0] == "GET"], ids=" ".join)
def test_a_true_answer_is_as_it_says(published: Published, route: tuple[str, str]) -> None:
    world = published.world
    grant = _a_grant(world) if route[1].startswith(api.GRANTS) else ""
    with world.store.reading() as transaction:
        request = transaction.requests.page(1)[0]
        statement = transaction.statements.of(request.number)[0]
        file = transaction.publications.get(request.content).content.files[0]
    given = {
        "digest": digest_in_path(request.plan if route[1].startswith(api.PLANS) else request.content),
        "sha256": file.sha256,
        "number": grant or request.number,
        "statement": statement.signed.id,
        "run": f"{request.number}/1",
        "index": 1,
    }
    queries: dict[str, dict[str, Any]] = {
        api.CONSISTENCY: {"from": 1, "to": 3},
        api.INCLUSION: {"index": 1, "size": 3},
        api.EXPLAIN: {"person": "alice", "action": "start", "object": request.number},
        api.LEAVING: {"person": "alice"},
    }
    operation = published.operation(route)
    names = [name for name in given if f"{{{name}" in route[1]]
    case = operation.Case(
        path_parameters={name: given[name] for name in names}, query=queries.get(route[1], {}), headers={}
    )
    answer = case.call(headers=published.session)
    assert answer.status_code == 200, answer.text
    case.validate_response(answer, checks=CHECKS)


def test_true_bodies_are_as_it_says(published: Published) -> None:
    asked: dict[tuple[str, str], dict[str, Any]] = {
        ("POST", api.PLANS): {"runbook": "web-restart", "window": {"opens": at(0), "closes": at(1)}},
        ("POST", api.BUNDLES): {"run": "BG-2026-0001/1"},
        ("POST", api.SIGN_IN_CHALLENGE): {"person": "alice"},
        ("POST", api.SIGN_OUT): {},
    }
    for route, body in asked.items():
        case = published.operation(route).Case(body=body, media_type="application/json", headers={})
        token = published.other if route[1] == api.SIGN_OUT else published.token
        answer = case.call(headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200, (route, answer.text)
        case.validate_response(answer, checks=CHECKS)


def at(number: int) -> str:
    return (WINDOW.opens, WINDOW.closes)[number].isoformat().replace("+00:00", "Z")
