"""People who sign in and confirm with passwords, over the socket, as tests do it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp

from runner.model.document import JsonObject
from runner.model.grant import Appoint, Enrol, ResetCredentials
from runner.model.policy import USUAL_CLASSES, Strength
from runner.model.runbook import Risk
from runner.model.statement import Statement, StatementKind
from runner.proof.attestation import attested_by
from runner.proof.statement import statement_bytes
from runner.wire import api
from runner.wire.documents import to_document
from tests.desk_grants import answer, apply, granted
from tests.desk_world import ALICE, BOB
from tests.integration.service.conftest import Served
from tests.integration.service.signing_in import Asking

NEW = "correct horse battery"


@dataclass
class Carol:
    """Somebody who was enrolled without a key."""

    served: Served
    asking: Asking
    first: str = ""
    """Her first password."""
    secret: str = ""
    """What her authenticator knows."""
    token: str = ""

    def enrol(self) -> None:
        """Enrolled, with a post, and with her credentials set by alice and bob."""
        granted(self.served.world, Enrol("carol", "Carol", "", ""))
        granted(self.served.world, Appoint("carol", "member"))
        self.first = "-".join(self.halves())

    def halves(self) -> tuple[str, str]:
        applied = apply(self.served.world, ALICE, ResetCredentials("carol", "new here"))
        return applied.half, answer(self.served.world, BOB, StatementKind.GRANT, applied.subject).half

    def authenticator(self, password: str) -> httpx.Response:
        return self.asking.ask("POST", api.SIGN_IN_AUTHENTICATOR, {"person": "carol", "password": password})

    def learn(self) -> None:
        """Read the authenticator."""
        address = self.authenticator(self.first).json()["address"]
        self.secret = parse_qs(urlsplit(address).query)["secret"][0]

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(self.served.world.clock.now() + timedelta(seconds=30 * steps))

    def sign_in(self, password: str, new: str = "") -> httpx.Response:
        body = {"person": "carol", "password": password, "code": self.code(), "new_password": new}
        return self.asking.ask("POST", api.SIGN_IN_PASSWORD, body)

    def settle(self) -> None:
        """Get going: authenticator, first sign-in, a password of her own; then wait for the next code."""
        self.enrol()
        self.learn()
        self.token = self.sign_in(self.first, NEW).json()["token"]
        self.later()

    def later(self) -> None:
        self.served.world.clock.pass_by(seconds=30)

    def statement(self, kind: StatementKind, subject: str, content: JsonObject) -> Statement:
        """As her client writes it."""
        by = attested_by(self.served.parts.log_key)
        return replace(self.served.world.statement(ALICE, kind, subject, content), person="carol", key=by)

    def approval(self, number: str) -> Statement:
        world = self.served.world
        return self.statement(StatementKind.APPROVE, number, world.approval_content(world.found_request(number)))

    def confirm(
        self, statement: Statement, password: str = NEW, code: str | None = None, token: str | None = None
    ) -> httpx.Response:
        text = statement_bytes(to_document(statement)).decode()
        body = {"statement": text, "password": password, "code": self.code() if code is None else code}
        return self.asking.ask("POST", api.CONFIRMED, body, token=self.token if token is None else token)


def allow_passwords(served: Served) -> None:
    """A policy that is content with a password for ordinary changes."""
    in_force = served.world.premises.in_force
    policy = in_force.policy
    usual = policy.classes.get(Risk.ORDINARY) or USUAL_CLASSES[Risk.ORDINARY]
    classes = {**policy.classes, Risk.ORDINARY: replace(usual, strength=Strength.PASSWORD)}
    in_force.take(replace(policy, classes=classes), in_force.digest, ())
