"""Signing in: challenges answered by key in a minute, and how much of the processors passwords can use."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.founded import BenchClock, BenchSite
from bench.measure import Figure, timed
from runner.client.signer import Signer, signer_from_file
from runner.engine.desk.state import open_state
from runner.engine.notifier import SilentNotifier
from runner.errors import RunnerError
from runner.model.access import SignInClaim
from runner.proof.sign_in import NAMESPACE
from runner.proof.statement import statement_bytes
from runner.runbook.settings import load_site
from runner.service.access.access import Access
from runner.service.access.limits import Rate, Rates
from runner.service.compose import Order, compose
from runner.wire.api_access import ChallengeAsked, KeySignIn, PasswordSignIn
from runner.wire.documents import to_document

_KEYS = 400
_ROUNDS = 5
_PASSWORDS = 16
_OFTEN = Rate(10**9, 10**9)


def measure() -> Iterator[Figure]:
    """Both, within the service: its log, its store, its checks; no socket between."""
    with tempfile.TemporaryDirectory(prefix="twokey-bench-") as folder:
        bench = BenchSite(Path(folder))
        with _access(bench) as access:
            signer = signer_from_file(bench.folder / "one", lambda _: None)
            origin = load_site(bench.site).origin
            minutes = [timed(lambda: _sign_in_often(access, signer, origin)) / 60 for _ in range(_ROUNDS)]
            rates = sorted(_KEYS / minute for minute in minutes)
            yield Figure("sign-ins by key in a minute", rates[len(rates) // 2], "1/min", 1000, "at least", tuple(rates))
            yield _passwords(access)


@contextmanager
def _access(bench: BenchSite) -> Iterator[Access]:
    site = load_site(bench.site)
    state, clock = open_state(bench.state, site), BenchClock()
    order = Order(site, state, embedded=True, clock=clock, notifier=SilentNotifier(), end=lambda: None)
    composed = compose(order)
    try:
        access = Access(composed.service.premises, bench.state, rates=Rates(_OFTEN, _OFTEN, _OFTEN))
        yield access
        access.stop()
    finally:
        composed.close()


def _sign_in_often(access: Access, signer: Signer, origin: str) -> None:
    for _ in range(_KEYS):
        _sign_in(access, signer, origin)


def _sign_in(access: Access, signer: Signer, origin: str) -> None:
    given = access.keys.challenge(ChallengeAsked(keys=(signer.fingerprint,)), "bench")
    claim = SignInClaim(origin, given.person, given.key, given.nonce, BenchClock().now())
    data = statement_bytes(to_document(claim))
    access.keys.sign_in(KeySignIn(data.decode(), signer.sign(NAMESPACE, data)), "bench")


def _passwords(access: Access) -> Figure:
    """Wrong passwords of as many people: each costs one computation, as a right one does."""
    alone = min(timed(partial(_try, access, f"somebody {number}")) for number in range(3))

    async def together() -> None:
        names = [f"nobody {number}" for number in range(_PASSWORDS)]
        await asyncio.gather(*(access.slots.run(name, partial(_try, access, name)) for name in names))

    seconds = timed(lambda: asyncio.run(together()))
    possible = len(os.sched_getaffinity(0)) / alone
    share = _PASSWORDS / seconds / possible * 100
    return Figure("passwords, of what the processors can do", share, "%", 60, "at least", (alone,))


def _try(access: Access, name: str) -> None:
    try:
        access.passwords.sign_in(PasswordSignIn(name, "a wrong password", "000000"), "bench")
    except RunnerError:
        return
    raise AssertionError("a wrong password was right")
