"""What the service says of itself."""

from __future__ import annotations

import json
import sys
from dataclasses import fields

from fastapi import FastAPI
from starlette.responses import Response

from runner.model.policy import Policy
from runner.model.run import RunState
from runner.rules.moves import ENDED
from runner.runbook.settings import POLICY_FILE
from runner.runbook.site_folder import SITE_FILE
from runner.service.bodies import answer
from runner.service.parts import Service
from runner.service.permissions import Permission
from runner.store.sqlite import driver
from runner.wire import api
from runner.wire.documents import to_value

IN_PROGRESS = frozenset(set(RunState) - ENDED)
"""States of a run that may still do something by itself."""


def add_routes(app: FastAPI, service: Service) -> None:
    """Add routes of status, versions, configuration and people."""

    @app.get(api.STATUS)
    def status() -> Response:
        return answer(service_status(service))

    @app.get(api.VERSIONS)
    def versions() -> Response:
        runtime = service.premises.planner.runtime
        return answer(
            api.Versions(
                twokey=runtime.twokey,
                ansible_core=runtime.ansible_core,
                ansible_runner=runtime.ansible_runner,
                python=runtime.python,
                sqlite=str(driver().sqlite_version),
                collections=runtime.collections,
            )
        )

    @app.get(api.CONFIG)
    def config() -> Response:
        return answer(api.Config(_settings(service)))


def service_status(service: Service) -> api.ServiceStatus:
    """What the service says of itself now."""
    site, failure = service.premises.site, service.sequencer.failure
    closed = service.access.needs_session(Permission.READ)
    with service.store.reading() as transaction:
        tree = transaction.tree.state()
        return api.ServiceStatus(
            site=site.name,
            root=str(site.root),
            state=str(service.state.root),
            environment=site.environment,
            production=site.production,
            embedded=service.premises.embedded,
            origin=site.origin,
            timezone=site.timezone,
            version=service.premises.planner.runtime.twokey,
            pid=service.pid,
            epoch=service.epoch,
            started_at=service.started_at,
            now=service.clock.now(),
            log_size=tree.size if tree else 0,
            log_waiting=transaction.inbox.waiting(),
            log_key=service.log_key.to_text(),
            runs_in_progress=transaction.runs.count(IN_PROGRESS),
            people=() if closed else tuple(service.premises.register.of(transaction).people),
            needs_sign_in=closed,
            holding=str(failure) if failure else "",
        )


def _settings(service: Service) -> tuple[api.Setting, ...]:
    """Every setting in force with where it comes from."""
    premises, site = service.premises, service.premises.site
    found = [
        api.Setting("state", str(service.state.root), "default"),
        api.Setting("python", sys.executable, "default"),
    ]
    site_file = str(site.root / SITE_FILE)
    found += [
        api.Setting(f"site.{name}", _text(getattr(site, name)), site_file)
        for name in ("name", "environment", "production", "origin", "timezone")
    ]
    usual = Policy()
    for field in fields(Policy):
        value = getattr(premises.policy, field.name)
        is_written = value != getattr(usual, field.name)
        found.append(api.Setting(f"policy.{field.name}", _text(value), POLICY_FILE if is_written else "default"))
    return tuple(found)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(to_value(value), ensure_ascii=False)
