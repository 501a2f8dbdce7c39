"""One table says what every path needs: it is whole, it is what is served, and nothing gets past it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from runner.service.app import make_app
from runner.service.permissions import (
    PERMISSIONS,
    Permission,
    UnlistedRouteError,
    permission_of,
    require_listed,
)
from runner.wire import api
from tests.desk_world import ALICE, World
from tests.integration.service.conftest import Served, serving
from tests.integration.service.signing_in import Asking, asking, refusal, signed_in_only

SOME = {
    "{digest}": "0" * 64,
    "{sha256}": "0" * 64,
    "{number}": "BG-2026-0001",
    "{statement}": "0" * 64,
    "{run:path}": "BG-2026-0001/1",
    "{index}": "0",
    "{session}": "00",
}


def filled(path: str) -> str:
    """The path of a route with something in the place of its parameters."""
    for parameter, value in SOME.items():
        path = path.replace(parameter, value)
    assert "{" not in path
    return path


def paths(*permissions: Permission) -> list[tuple[str, str]]:
    return sorted(route for route, permission in PERMISSIONS.items() if permission in permissions)


PROTECTED = paths(Permission.READ, Permission.READ_LOG, Permission.SELF)


class TestTable:
    def test_every_route_is_in_it_and_nothing_else(self, served: Served) -> None:
        app = make_app(served.parts)
        routes = [route for route in app.routes if isinstance(route, APIRoute)]
        assert len(routes) == len(app.routes)
        served_paths = {(method, route.path) for route in routes for method in route.methods or ()}
        assert served_paths == set(PERMISSIONS)
        assert len(served_paths) > 25

    def test_every_permission_is_used(self) -> None:
        assert set(PERMISSIONS.values()) == set(Permission)

    def test_only_these_paths_are_public(self) -> None:
        assert [path for _, path in paths(Permission.PUBLIC)] == [
            api.CHECKPOINT,
            api.CONSISTENCY,
            api.INCLUSION,
            api.HERE,
            api.OPENAPI,
            api.STATUS,
            api.VERSIONS,
            api.SIGN_IN,
            api.SIGN_IN_AUTHENTICATOR,
            api.SIGN_IN_CHALLENGE,
            api.SIGN_IN_PASSWORD,
        ]

    def test_a_route_that_is_not_in_it_keeps_the_service_from_starting(self, served: Served) -> None:
        app = make_app(served.parts)

        @app.get("/v1/back-door")
        def back_door() -> str:
            return "open"

        with pytest.raises(UnlistedRouteError, match="GET /v1/back-door"):
            require_listed(app.routes)
        with pytest.raises(UnlistedRouteError):
            permission_of("GET", "/v1/back-door")

    def test_a_route_that_is_missing_keeps_the_service_from_starting(self, served: Served) -> None:
        app = make_app(served.parts)
        with pytest.raises(UnlistedRouteError, match="GET /v1/runs"):
            require_listed([route for route in app.routes if getattr(route, "path", "") != api.RUNS])

    def test_what_is_no_route_of_ours_keeps_the_service_from_starting(self, served: Served) -> None:
        app = make_app(served.parts)
        app.mount("/v1/folder", FastAPI())
        with pytest.raises(UnlistedRouteError, match="of a kind that nothing guards"):
            require_listed(app.routes)


class TestSignedInOnly:
    @pytest.fixture
    def strict(self, world: World, short_folder: Path) -> Iterator[Asking]:
        signed_in_only(world)
        with serving(world, short_folder / "s"), asking(short_folder / "s", world.clock) as somebody:
            yield somebody

    def test_nothing_protected_is_shown_without_a_session(self, strict: Asking) -> None:
        for method, path in PROTECTED:
            answer = strict.ask(method, filled(path), body={} if method == "POST" else None)
            assert refusal(answer) == (401, "access:no-session"), path
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["hint"].endswith("twokey login")

    def test_a_body_is_not_looked_at_before_a_session(self, strict: Asking) -> None:
        answer = strict.http.post(api.PLANS, content=b"no json at all")
        assert refusal(answer) == (401, "access:no-session")
        answer = strict.ask("GET", api.REQUESTS + "?limit=nonsense")
        assert refusal(answer) == (401, "access:no-session")

    def test_what_is_public_is_shown_to_everybody(self, strict: Asking) -> None:
        for method, path in paths(Permission.PUBLIC):
            answer = strict.ask(method, path, body={} if method == "POST" else None)
            assert answer.status_code in (200, 400), path
        assert strict.ask("GET", api.STATUS).json()["people"] == []

    def test_with_a_session_everything_is_there(self, strict: Asking) -> None:
        token = strict.sign_in(ALICE)
        for method, path in PROTECTED:
            if path in (api.EVENTS, api.SIGN_OUT):
                continue
            answer = strict.ask(method, filled(path), body={} if method == "POST" else None, token=token)
            assert answer.status_code in (200, 400, 404), (path, answer.text)
        assert strict.ask("GET", api.PEOPLE, token=token).json()["people"][0]["name"] == "alice"

    def test_statements_are_let_through_to_their_signature(self, strict: Asking) -> None:
        for method, path in paths(Permission.STATEMENT):
            answer = strict.ask(method, path, body={})
            assert (answer.status_code, answer.json()["error"]) == (400, "UsageError")


class TestAdmitted:
    def test_reading_needs_no_session(self, served: Served) -> None:
        with asking(served.socket, served.world.clock) as somebody:
            for method, path in paths(Permission.READ, Permission.READ_LOG):
                if path == api.EVENTS:
                    continue
                answer = somebody.ask(method, filled(path), body={} if method == "POST" else None)
                assert answer.status_code in (200, 400, 404), path

    def test_what_is_ones_own_needs_a_session_all_the_same(self, served: Served) -> None:
        with asking(served.socket, served.world.clock) as somebody:
            for method, path in paths(Permission.SELF):
                answer = somebody.ask(method, filled(path), body={} if method == "POST" else None)
                assert refusal(answer) == (401, "access:no-session"), path

    def test_a_session_that_is_not_good_is_not_overlooked(self, served: Served) -> None:
        with asking(served.socket, served.world.clock) as somebody:
            assert refusal(somebody.ask("GET", api.RUNS, token="A" * 43)) == (401, "access:no-session")
            assert somebody.ask("GET", api.STATUS, token="A" * 43).status_code == 200
