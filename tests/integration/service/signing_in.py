"""Signing in over the socket as tests do it, and asking with the token or without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from runner.model.access import SignInClaim
from runner.model.policy import Reading
from runner.proof.sign_in import NAMESPACE
from runner.proof.sshsig import armor, signed_blob
from runner.proof.statement import statement_bytes
from runner.wire import api
from runner.wire.documents import to_document
from tests.desk_site import ORIGIN
from tests.desk_world import FixedClock, Signer, World


@dataclass(frozen=True)
class Asking:
    """Somebody who asks over a socket, with a token or without."""

    http: httpx.Client
    clock: FixedClock

    def ask(self, method: str, path: str, body: object = None, token: str = "") -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return self.http.request(method, path, json=body, headers=headers)

    def challenge(self, **asked: object) -> dict[str, Any]:
        answer = self.ask("POST", api.SIGN_IN_CHALLENGE, asked)
        assert answer.status_code == 200, answer.text
        given: dict[str, Any] = answer.json()
        return given

    def claim(self, person: Signer, nonce: str, **other: object) -> SignInClaim:
        claim = SignInClaim(ORIGIN, person.name, person.key.public.fingerprint, nonce, self.clock.now())
        return replace(claim, **other)  # type: ignore[arg-type]  # named by the test

    def answered(self, signer: Signer, claim: SignInClaim, namespace: str = NAMESPACE) -> httpx.Response:
        data = statement_bytes(to_document(claim))
        signature = armor(signer.key.public.blob, namespace, "sha512", signer.key.sign(signed_blob(namespace, data)))
        return self.ask("POST", api.SIGN_IN, {"statement": data.decode(), "signature": signature})

    def sign_in(self, person: Signer) -> str:
        """The token of a new session."""
        return str(self.session(person)["token"])

    def session(self, person: Signer) -> dict[str, Any]:
        nonce = str(self.challenge(person=person.name)["nonce"])
        answer = self.answered(person, self.claim(person, nonce))
        assert answer.status_code == 200, answer.text
        begun: dict[str, Any] = answer.json()
        return begun


@contextmanager
def asking(socket: Path, clock: FixedClock) -> Iterator[Asking]:
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://twokey") as http:
        yield Asking(http, clock)


def signed_in_only(world: World) -> None:
    """The policy under which nobody reads without a session."""
    world.use_policy(replace(world.premises.policy, reading=Reading.SIGNED_IN))


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and rule of a refusal."""
    return answer.status_code, str(answer.json()["rule"])
