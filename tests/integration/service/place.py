"""A founded site on disk with a real service process, and people who sign at it with the machine's own clock."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from runner.client.autostart import READY
from runner.client.drafts import Draft, publish
from runner.client.service import Service
from runner.model.site import Site
from runner.model.statement import Seen, Statement
from runner.proof.canonical import digest_of
from runner.proof.statement import statement_bytes
from runner.rules import statements
from runner.runbook.closure import Reach
from runner.runbook.settings import load_site
from runner.service.serve import Terms
from runner.wire.api_content import Proposal, UploadedFile
from runner.wire.api_request import Outcome, Signed
from runner.wire.documents import to_document
from tests.desk_world import Signer

_SERVE = """
import os, sys
from pathlib import Path
from runner.runbook.settings import load_site
from runner.service.serve import Terms, serve
site, state, socket, idle, told = sys.argv[1:]
serve(Terms(site=load_site(Path(site)), state=Path(state), socket=Path(socket), embedded=True,
            idle_after=float(idle), ready=lambda: os.write(int(told), b"ready\\n")))
"""


@dataclass(frozen=True)
class Running:
    """A service process."""

    process: subprocess.Popen[bytes]
    socket: Path

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)


@dataclass(frozen=True)
class Place:
    """A founded site on disk."""

    site: Path
    state: Path
    socket: Path

    def load(self) -> Site:
        return load_site(self.site)

    def terms(self, **more: object) -> Terms:
        return Terms(self.load(), self.state, self.socket, **more)  # type: ignore[arg-type]  # named by the test

    @contextmanager
    def running(self, idle: float = 600) -> Iterator[Running]:
        """A service that answers; killed at the end if the test has not ended it."""
        reading, writing = os.pipe()
        arguments = [str(self.site), str(self.state), str(self.socket), str(idle), str(writing)]
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, *arguments], pass_fds=(writing,), stderr=subprocess.PIPE
        )
        os.close(writing)
        try:
            with os.fdopen(reading, "rb") as pipe:
                assert pipe.readline() == READY
            yield Running(process, self.socket)
        finally:
            process.kill()
            process.communicate(timeout=20)


@dataclass(frozen=True)
class Desktop:
    """People at a client of a running service."""

    client: Service
    origin: str

    def sign(self, person: Signer, draft: Draft) -> Signed:
        head = self.client.log.checkpoint()
        statement = Statement(
            kind=draft.kind,
            origin=self.origin,
            person=person.name,
            key=person.key.public.fingerprint,
            subject=draft.subject,
            content=draft.content,
            at=datetime.now(UTC),  # noqa: TID251 - the service under test has the machine's clock
            nonce=secrets.token_hex(16),
            seen=Seen(head.size, head.root),
        )
        data = statement_bytes(to_document(statement))
        return Signed(data.decode(), person.sign(draft.kind, data))

    def hand_in(self, person: Signer, draft: Draft) -> Outcome:
        return self.client.sign(self.sign(person, draft))

    def propose(self, person: Signer, reach: Reach) -> Outcome:
        digest = digest_of(to_document(reach.content))
        draft = publish(digest, reach.runbook.id, reach.runbook.version, statements.AUTHOR)
        signed = self.sign(person, draft)
        files = tuple(
            UploadedFile(path, blob.executable, base64.b64encode(blob.data).decode())
            for path, blob in reach.blobs.items()
        )
        return self.client.propose(Proposal(reach.content.runbook, files, signed.statement, signed.signature))
