"""Reading with fifty people at once: pages of a service that has seen years, each under a session and on record.

What has a target is the pace of people: each of the fifty clients asks for one page a second, as a screen does that is
refreshed every second. How it is when all fifty ask without any pause is told beside it, without a target. The
processor time of a read is that of the service alone; unlike the seconds, it hardly depends on what else the machine
does.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Final
from zoneinfo import ZoneInfo

import httpx

from bench.founded import BenchClock, BenchSite, bench_site
from bench.measure import Figure
from runner.audit.leaves import LeafMaker
from runner.client.signer import Signer, signer_from_file
from runner.errors import RunFailedError
from runner.model.access import SignInClaim
from runner.model.document import JsonObject
from runner.model.log import About, ActorKind, Entry, LogMode
from runner.proof.sign_in import NAMESPACE
from runner.proof.statement import statement_bytes
from runner.rules.tags import Tag
from runner.runbook.places import socket_of_state
from runner.runbook.settings import load_site
from runner.store.sqlite import driver
from runner.store.store import Store
from runner.wire import api
from runner.wire.documents import to_document

_CLIENTS: Final = 50
_EACH: Final = 20
"""Pages that each client looks at."""
_EVERY: Final = 1.0
"""Seconds from one page of a client to its next."""
_TARGET: Final = 0.15
_REQUESTS: Final = 2_000
_ENTRIES: Final = 20_000
_SESSIONS: Final = 8
"""Sessions of each of two people; the clients share them."""
_BATCH: Final = 1_000
_PLAY: Final = "- hosts: all\n  gather_facts: false\n  tasks: [{{name: look {number}, ansible.builtin.ping: {{}}}}]\n"


@dataclass(frozen=True, slots=True)
class _Round:
    """All clients have read all their pages."""

    seconds: list[float]
    """Of each read."""
    processor: float
    """Seconds of processor that the service used for a read."""
    together: float
    """Seconds from the first read to the last."""

    @property
    def most(self) -> float:
        """Seconds within which 95 of 100 reads were answered."""
        return quantiles(self.seconds, n=100)[94]


def measure() -> Iterator[Figure]:
    """Most of the answers, in seconds, over the socket: each client turns a page every second, as people do at most."""
    with tempfile.TemporaryDirectory(prefix="twokey-bench-") as folder, bench_site(Path(folder)) as bench:
        run = _one_run(bench)
        bench.twokey("serve", "--stop")
        _fill(bench)
        bench.twokey("runbook", "list")
        with bench.service() as service:
            process = service.status().pid
        paced = _read(bench, run, process, _EVERY)
        hasty = _read(bench, run, process, 0.0)
    note = (
        f"{len(paced.seconds)} reads, one a second of each client, half within {median(paced.seconds) * 1000:.0f} ms, "
        f"{paced.processor * 1000:.1f} ms of processor each; all without a pause: 95 of 100 within {hasty.most:.2f} s, "
        f"{len(hasty.seconds) / hasty.together:.0f} reads/s, {hasty.processor * 1000:.1f} ms of processor each; "
        f"load of the machine {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} processors"
    )
    name = "reads with 50 clients, one a second each, 95 of 100 within"
    yield Figure(name, paced.most, "s", _TARGET, "at most", (median(paced.seconds),), note=note)


def _read(bench: BenchSite, run: str, process: int, every: float) -> _Round:
    used, began = _processor(process), time.perf_counter()
    seconds = asyncio.run(_read_together(bench, run, every))
    together = time.perf_counter() - began
    return _Round(seconds, (_processor(process) - used) / len(seconds), together)


def _processor(process: int) -> float:
    """Seconds of processor that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _one_run(bench: BenchSite) -> str:
    bench.add_runbook("reading", 3, _PLAY)
    with bench.service() as service:
        return bench.measured_run(service, "reading").run


def _fill(bench: BenchSite) -> None:
    """Make one change into thousands, and a log as long as after years."""
    path = bench.state / "twokey.db"
    database = driver().connect(str(path), isolation_level=None)
    number = "'BG-2025-' || printf('%05d', i)"
    for table, own in (
        ("requests", {"id": "NULL", "number": number}),
        ("runs", {"place": "NULL", "id": f"{number} || '/1'", "request": number}),
    ):
        names = [str(row[1]) for row in database.execute(f"PRAGMA table_info({table})")]
        values = ", ".join(own.get(name, name) for name in names)
        database.execute(
            f"INSERT INTO {table} WITH RECURSIVE n(i) AS "  # noqa: S608 - our own names
            f"(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {_REQUESTS}) "
            f"SELECT {values} FROM n, (SELECT * FROM {table} LIMIT 1)"
        )
    database.execute("ANALYZE")
    database.close()
    site = load_site(bench.site)
    store = Store.open(path, zone=ZoneInfo(site.timezone), origin=site.origin)
    maker = LeafMaker(BenchClock(), LogMode.EMBEDDED)
    try:
        for first in range(0, _ENTRIES, _BATCH):
            with store.writing() as transaction:
                transaction.inbox.put(maker.make_all(_entry(number) for number in range(first, first + _BATCH)))
    finally:
        store.close()


def _entry(number: int) -> Entry:
    about = About(run=f"BG-2025-{number % 1999 + 1:05}/1", request=f"BG-2025-{number % 1999 + 1:05}")
    payload: JsonObject = {"from": "ready", "to": "running", "why": "two people have signed", "number": number}
    return Entry(Tag.RUN_MOVED, BenchClock().now(), ActorKind.SERVICE, "twokey", about, payload)


async def _read_together(bench: BenchSite, run: str, every: float) -> list[float]:
    """Seconds of each read, all clients at once, each `every` so many seconds; 0: without a pause."""
    socket = socket_of_state(bench.state)
    origin = load_site(bench.site).origin
    tokens: list[str] = []
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://twokey") as http:
        for name in ("one", "two"):
            signer = signer_from_file(bench.folder / name, lambda _: None)
            tokens += [_token(http, signer, origin) for _ in range(_SESSIONS)]
    clients = [
        _Client(socket, tokens[number % len(tokens)], _pages(number, run), number * every / _CLIENTS, every)
        for number in range(_CLIENTS)
    ]
    found = await asyncio.gather(*(client.read() for client in clients))
    return [seconds for one in found for seconds in one]


def _token(http: httpx.Client, signer: Signer, origin: str) -> str:
    given = http.post(api.SIGN_IN_CHALLENGE, json={"keys": [signer.fingerprint]}).raise_for_status().json()
    now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - a client's clock
    data = statement_bytes(to_document(SignInClaim(origin, given["person"], given["key"], given["nonce"], now)))
    body = {"statement": data.decode(), "signature": signer.sign(NAMESPACE, data)}
    return str(http.post(api.SIGN_IN, json=body).raise_for_status().json()["token"])


def _pages(number: int, run: str) -> list[str]:
    """What one client looks at: lists, one change, one run, the people, the log; never twice the same in a row."""
    kinds = (
        api.REQUESTS,
        f"{api.REQUESTS}/BG-2025-{number + 1:05}",
        api.RUNS,
        f"{api.RUNS}/{run}",
        api.REGISTER,
        f"{api.ENTRIES}?run=BG-2025-{number + 1:05}/1",
        api.WAITING,
        api.ENTRIES,
        api.GRANTS,
        f"{api.REQUESTS}?before=BG-2025-{number * 30 + 60:05}",
    )
    return [kinds[(number + at) % len(kinds)] for at in range(_EACH)]


class _Client:
    """One client that asks page after page over a connection of its own."""

    def __init__(self, socket: Path, token: str, pages: list[str], delay: float, every: float) -> None:
        self._delay = delay
        self._every = every
        self._socket = socket
        self._token = token
        self._pages = pages

    async def read(self) -> list[float]:
        reader, writer = await asyncio.open_unix_connection(str(self._socket))
        seconds: list[float] = []
        due = time.perf_counter() + self._delay
        try:
            for page in self._pages:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                seconds.append(await self._ask(reader, writer, page))
                due += self._every
            return seconds
        finally:
            writer.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, page: str) -> float:
        began = time.perf_counter()
        head = f"GET {page} HTTP/1.1\r\nhost: twokey\r\nauthorization: Bearer {self._token}\r\n\r\n"
        writer.write(head.encode())
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        length = next(int(line.partition(":")[2]) for line in lines if line.startswith("content-length:"))
        body = await reader.readexactly(length)
        if " 200 " not in lines[0]:
            raise RunFailedError(f"{page}: {lines[0]}: {body[:300]!r}")
        return time.perf_counter() - began
