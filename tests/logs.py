"""Audit logs for tests: a key, a sequencer, and entries over a real store."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runner.audit.sequencer import Sequencer
from runner.proof.note import NoteSigner
from runner.store.store import SqlLogStore, Store
from tests.stores import ORIGIN, FixedClock

LOG_KEY = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"1" * 32))
"""The key of every test log."""


def sequencer_of(store: Store, gather: float = 0.0) -> Sequencer:
    return Sequencer(SqlLogStore(store), LOG_KEY, FixedClock(), "test", gather=gather)
