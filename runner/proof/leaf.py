"""The form of an audit leaf: the bytes that are hashed, what they say, and the commitment to a payload kept apart.

A leaf is RFC 8785 JSON with exactly these names; `about` holds only what is known, `payload` is null without payload:

    {"about":{…},"actor":{"id","kind"},"mode","occurred","payload":"sha256:…","recorded","tag","v":1}

The form is final: a later version only adds names, and raises `v` when it does. A payload's commitment is SHA-256 over
a fixed prefix, the salt's length as one byte, the salt, and the payload's bytes: without the salt a short payload
cannot be guessed, and once payload and salt are removed the leaf stays as verifiable as before.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final

from runner.errors import UsageError, VerificationError
from runner.model.document import JsonObject, JsonValue
from runner.model.log import About, ActorKind, LeafFields, LeafKeys, LogMode
from runner.model.time import instant_from_text, instant_to_text
from runner.proof.canonical import canonical_bytes, parse_strict, require_digest
from runner.words import N_

VERSION: Final = 1
MAX_LEAF: Final = 16 * 1024
"""Bytes of a leaf; it names things, what happened lies in the payload."""
MIN_SALT: Final = 16
MAX_SALT: Final = 32

_COMMITMENT: Final = b"twokey.v1.payload\x00"
_NAMES: Final = frozenset({"about", "actor", "mode", "occurred", "payload", "recorded", "tag", "v"})
_ABOUT_NUMBERS: Final = frozenset({"batch", "attempt", "event"})
_ABOUT: Final = tuple(field.name for field in fields(About))
_UNREADABLE: Final = LeafKeys("", "", "", "", datetime.fromtimestamp(0, UTC))


def leaf_bytes(leaf: LeafFields) -> bytes:
    """The bytes that are hashed and stored."""
    about = leaf.about
    known: JsonObject = {}
    for name in _ABOUT:
        value = getattr(about, name)
        if value is not None and value != "":
            known[name] = value
    return canonical_bytes(
        {
            "about": known,
            "actor": {"id": leaf.actor, "kind": leaf.actor_kind.value},
            "mode": leaf.mode.value,
            "occurred": instant_to_text(leaf.occurred),
            "payload": leaf.payload,
            "recorded": instant_to_text(leaf.recorded),
            "tag": leaf.tag,
            "v": VERSION,
        }
    )


def parse_leaf(data: bytes) -> LeafFields:
    """Read a leaf strictly: only bytes that `leaf_bytes` would write again are a leaf.

    Raises:
        VerificationError: anything else.
    """
    try:
        leaf = _fields_of(parse_strict(data, MAX_LEAF))
        if leaf_bytes(leaf) != data:
            raise VerificationError(N_("leaf: not in canonical form"))
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise VerificationError(N_("leaf: malformed: {reason}"), reason=str(error)) from error
    return leaf


def search_keys(data: bytes) -> LeafKeys:
    """What a leaf is found by; blanks when its bytes are no leaf, which is for verification to find."""
    try:
        leaf: Any = json.loads(data.decode())
        about = leaf["about"]
        return LeafKeys(
            tag=leaf["tag"],
            run=about.get("run", ""),
            request=about.get("request", ""),
            actor=leaf["actor"]["id"],
            occurred=datetime.fromisoformat(leaf["occurred"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return _UNREADABLE


def payload_commitment(salt: bytes, payload: bytes) -> str:
    """What a leaf says about its payload: `sha256:<hex>`."""
    hasher = hashlib.sha256(_COMMITMENT)
    hasher.update(len(salt).to_bytes(1, "big"))
    hasher.update(salt)
    hasher.update(payload)
    return "sha256:" + hasher.hexdigest()


def _fields_of(document: JsonValue) -> LeafFields:
    if not isinstance(document, dict) or set(document) != _NAMES:
        raise VerificationError(N_("leaf: malformed: {reason}"), reason="names")
    if document["v"] != VERSION or document["v"] is True:
        raise VerificationError(N_("leaf: version {got} is unknown"), got=str(document["v"]))
    payload = document["payload"]
    if payload is not None:
        require_digest(_text(payload))
    actor = document["actor"]
    if not isinstance(actor, dict) or set(actor) != {"id", "kind"}:
        raise VerificationError(N_("leaf: malformed: {reason}"), reason="actor")
    return LeafFields(
        tag=_text(document["tag"]),
        occurred=instant_from_text(_text(document["occurred"])),
        recorded=instant_from_text(_text(document["recorded"])),
        actor_kind=ActorKind(_text(actor["kind"])),
        actor=_text(actor["id"]),
        mode=LogMode(_text(document["mode"])),
        about=_about_of(document["about"]),
        payload=payload if isinstance(payload, str) else None,
    )


def _about_of(document: JsonValue) -> About:
    if not isinstance(document, dict):
        raise VerificationError(N_("leaf: malformed: {reason}"), reason="about")
    known: dict[str, Any] = {}
    for name, value in document.items():
        wanted = int if name in _ABOUT_NUMBERS else str
        if type(value) is not wanted:
            raise VerificationError(N_("leaf: malformed: {reason}"), reason=f"about.{name}"[:80])
        known[name] = value
    return About(**known)


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise VerificationError(N_("leaf: malformed: {reason}"), reason="text expected")
    return value
