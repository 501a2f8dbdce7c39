"""People and the keys they sign with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may sign."""

    name: str
    """Staff name as it appears in statements and registers; unique."""
    key: str
    """Public key line, `type base64`."""
    fingerprint: str
    """`SHA256:…` of the key; no key belongs to two people."""
