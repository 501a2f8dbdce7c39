"""What each path of the interface needs; there is no other place that says so.

A route that is not in the table keeps the service from starting, and so does a line of the table without its route.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from runner.wire import api


class Permission(StrEnum):
    """What whoever asks must be, or must have shown."""

    PUBLIC = "public"
    """Nothing: what the service is, what its log proves, and signing in."""
    READ = "read"
    """To have signed in, unless policy lets everybody read whom the operating system lets reach the service."""
    READ_LOG = "read_log"
    """As for `READ`; each query is on record by itself, its further pages excepted."""
    EXPORT = "export"
    """As for `READ`; what is taken away leaves an entry of its own."""
    SELF = "self"
    """To have signed in, whatever policy says: it is about one's own sessions, or confirmed by password in one."""
    STATEMENT = "statement"
    """Nothing but the statement sent, which carries its own signature; a session adds nothing to it."""


class Share(StrEnum):
    """How much of what a path shows is there for somebody of a vendor who has signed in."""

    ALL = "all"
    """What everybody sees, or what is about themselves alone."""
    LISTED = "listed"
    """What their grant lists (`runner.rules.seeing`); the route asks `runner.service.sight` about each thing."""
    NONE = "none"
    """Nothing: it is answered as a path that does not exist."""


RECORDED: Final = frozenset({Permission.READ, Permission.READ_LOG})
"""What is protected: a query of it by somebody who has signed in is written down before it is answered (L9)."""

PERMISSIONS: Final[Mapping[tuple[str, str], Permission]] = MappingProxyType(
    {
        ("GET", api.STATUS): Permission.PUBLIC,
        ("GET", api.VERSIONS): Permission.PUBLIC,
        ("GET", api.HERE): Permission.PUBLIC,
        ("GET", api.OPENAPI): Permission.PUBLIC,
        ("GET", api.CHECKPOINT): Permission.PUBLIC,
        ("GET", api.CONSISTENCY): Permission.PUBLIC,
        ("GET", api.INCLUSION): Permission.PUBLIC,
        ("POST", api.SIGN_IN_CHALLENGE): Permission.PUBLIC,
        ("POST", api.SIGN_IN): Permission.PUBLIC,
        ("POST", api.SIGN_IN_PASSWORD): Permission.PUBLIC,
        ("POST", api.SIGN_IN_AUTHENTICATOR): Permission.PUBLIC,
        ("POST", api.SIGN_OUT): Permission.SELF,
        ("GET", api.SESSIONS): Permission.SELF,
        ("DELETE", api.SESSIONS + "/{session}"): Permission.SELF,
        ("GET", api.CONFIG): Permission.READ,
        ("GET", api.PEOPLE): Permission.READ,
        ("GET", api.REGISTER): Permission.READ,
        ("GET", api.LEAVING): Permission.READ,
        ("GET", api.GRANTS): Permission.READ,
        ("GET", api.GRANTS + "/{number}"): Permission.READ,
        ("GET", api.POLICY): Permission.READ,
        ("GET", api.EXPLAIN): Permission.READ,
        ("GET", api.STAFFING): Permission.READ,
        ("GET", api.INVENTORY): Permission.READ,
        ("GET", api.SECRETS): Permission.READ,
        ("GET", api.RUNBOOKS): Permission.READ,
        ("GET", api.PUBLICATIONS): Permission.READ,
        ("POST", api.PUBLICATIONS): Permission.STATEMENT,
        ("GET", api.PUBLICATIONS + "/{digest}"): Permission.READ,
        ("GET", api.BLOBS + "/{sha256}"): Permission.READ,
        ("POST", api.PLANS): Permission.READ,
        ("GET", api.PLANS + "/{digest}"): Permission.READ,
        ("GET", api.REQUESTS): Permission.READ,
        ("GET", api.REQUESTS + "/{number}"): Permission.READ,
        ("GET", api.STANDING): Permission.READ,
        ("POST", api.STATEMENTS): Permission.STATEMENT,
        ("POST", api.CONFIRMED): Permission.SELF,
        ("GET", api.STATEMENTS + "/{statement}"): Permission.READ,
        ("GET", api.WAITING): Permission.READ,
        ("GET", api.RUNS): Permission.READ,
        ("GET", api.RUNS + "/{run:path}"): Permission.READ,
        ("GET", api.EVENTS): Permission.READ,
        ("GET", api.ENTRIES): Permission.READ_LOG,
        ("GET", api.ENTRIES + "/{index}"): Permission.READ_LOG,
        ("POST", api.BUNDLES): Permission.EXPORT,
    }
)
"""By method and path, as the route is written."""


_SHARED: Final = frozenset({Permission.PUBLIC, Permission.SELF, Permission.STATEMENT})
LISTED: Final = frozenset(
    {
        ("GET", api.PEOPLE),
        ("GET", api.RUNBOOKS),
        ("GET", api.PUBLICATIONS + "/{digest}"),
        ("GET", api.BLOBS + "/{sha256}"),
        ("POST", api.PLANS),
        ("GET", api.PLANS + "/{digest}"),
        ("GET", api.REQUESTS),
        ("GET", api.REQUESTS + "/{number}"),
        ("GET", api.STANDING),
        ("GET", api.STATEMENTS + "/{statement}"),
        ("GET", api.WAITING),
        ("GET", api.RUNS),
        ("GET", api.RUNS + "/{run:path}"),
        ("GET", api.EVENTS),
    }
)
"""Paths of which somebody of a vendor is shown what their grant lists; of others they are shown nothing."""


class UnlistedRouteError(RuntimeError):
    """Routes and table do not agree: a fault of the program, found before it serves anybody."""


def require_listed(routes: Iterable[BaseRoute]) -> None:
    """Refuse to serve unless exactly the routes of the table exist.

    Raises:
        UnlistedRouteError: a route is missing from the table, is of another kind, or the table names one too many.
    """
    found: set[tuple[str, str]] = set()
    for route in routes:
        if not isinstance(route, APIRoute):
            raise UnlistedRouteError(f"route {route!r}: of a kind that nothing guards")
        found |= {(method, route.path) for method in route.methods or ()}
    wrong = found ^ PERMISSIONS.keys()
    if wrong:
        raise UnlistedRouteError(", ".join(f"{method} {path}" for method, path in sorted(wrong)))


def permission_of(method: str, path: str) -> Permission:
    """What a route needs.

    Raises:
        UnlistedRouteError: nobody has said.
    """
    try:
        return PERMISSIONS[method, path]
    except KeyError as error:
        raise UnlistedRouteError(f"{method} {path}") from error


def share_of(method: str, path: str) -> Share:
    """How much of a route is there for somebody of a vendor; nothing, unless somebody has said otherwise."""
    if PERMISSIONS.get((method, path)) in _SHARED:
        return Share.ALL
    return Share.LISTED if (method, path) in LISTED else Share.NONE
