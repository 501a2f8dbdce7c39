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
from runner.model.log import About, ActorKind, LeafFields, LeafKeys, LogMode
from runner.model.time import instant_to_text
from runner.proof.canonical import MAX_INTEGER, CanonicalError, require_digest
from runner.words import N_

VERSION: Final = 1
MAX_LEAF: Final = 16 * 1024
"""Bytes of a leaf; it names things, what happened lies in the payload."""
MIN_SALT: Final = 16
MAX_SALT: Final = 32

_quoted: Final = json.encoder.encode_basestring
_COMMITMENT: Final = b"twokey.v1.payload\x00"
_NAMES: Final = frozenset({"about", "actor", "mode", "occurred", "payload", "recorded", "tag", "v"})
_ABOUT_NUMBERS: Final = frozenset({"batch", "attempt", "event"})
_NUMBER: Final = (int, type(None))
_TEXT: Final = (str,)
_ABOUT: Final = tuple(field.name for field in fields(About))
_UNREADABLE: Final = LeafKeys("", "", "", "", datetime.fromtimestamp(0, UTC))


def leaf_bytes(leaf: LeafFields) -> bytes:
    """The bytes that are hashed and stored.

    Raises:
        UsageError: a time is not UTC, something has no canonical form, or they are more than `MAX_LEAF`.
    """
    frame = LeafFrame(leaf.mode, leaf.recorded)
    return frame.leaf(leaf.tag, leaf.occurred, leaf.actor_kind, leaf.actor, leaf.about, leaf.payload)


class LeafFrame:
    """What leaves recorded together have in common.

    NOTE: the hot path of the log. The names of a leaf are few and known, so its canonical JSON is put together here
    in their order; a test proves that `canonical_bytes` would write the same.
    """

    __slots__ = ("_mode", "_recorded")

    def __init__(self, mode: LogMode, recorded: datetime) -> None:
        self._mode = f'}},"mode":"{mode.value}","occurred":"'
        self._recorded = f',"recorded":"{instant_to_text(recorded)}","tag":'

    def leaf(
        self, tag: str, occurred: datetime, kind: ActorKind, actor: str, about: About, payload: str | None
    ) -> bytes:
        """The bytes of one leaf.

        Raises:
            UsageError: as `leaf_bytes`.
        """
        committed = "null" if payload is None else f'"{payload}"'
        try:
            data = (
                f'{{"about":{{{_about_text(about)}}},"actor":{{"id":{_quoted(actor)},"kind":{_quoted(kind)}'
                f'{self._mode}{instant_to_text(occurred)}","payload":{committed}{self._recorded}{_quoted(tag)},"v":1}}'
            ).encode()
        except (TypeError, UnicodeEncodeError) as error:
            raise CanonicalError(N_("leaf: has no canonical form: {reason}"), reason=str(error)[:200]) from error
        if len(data) > MAX_LEAF:
            raise CanonicalError(N_("leaf: got {size} bytes, expected at most {limit}"), size=len(data), limit=MAX_LEAF)
        return data


def _about_text(about: About) -> str:
    """The members of `about` that are known, in canonical order."""
    parts = []
    if (attempt := about.attempt) is not None:
        parts.append(f'"attempt":{_number(attempt)}')
    if (batch := about.batch) is not None:
        parts.append(f'"batch":{_number(batch)}')
    if content := about.content:
        parts.append(f'"content":{_quoted(content)}')
    if (event := about.event) is not None:
        parts.append(f'"event":{_number(event)}')
    _add_names(parts, about)
    return ",".join(parts)


def _add_names(parts: list[str], about: About) -> None:
    """Add the members behind `event`; each is written out, since a loop over them takes twice as long."""
    if host := about.host:
        parts.append(f'"host":{_quoted(host)}')
    if plan := about.plan:
        parts.append(f'"plan":{_quoted(plan)}')
    if request := about.request:
        parts.append(f'"request":{_quoted(request)}')
    if role := about.role:
        parts.append(f'"role":{_quoted(role)}')
    if run := about.run:
        parts.append(f'"run":{_quoted(run)}')
    if statement := about.statement:
        parts.append(f'"statement":{_quoted(statement)}')
    if step := about.step:
        parts.append(f'"step":{_quoted(step)}')


def _number(value: int) -> str:
    if type(value) is not int or not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise CanonicalError(N_("leaf: {value} is not a whole number within {limit}"), value=value, limit=MAX_INTEGER)
    return str(value)


def parse_leaf(data: bytes) -> LeafFields:
    """Read a leaf strictly: only bytes that `leaf_bytes` would write again are a leaf.

    Raises:
        VerificationError: anything else.
    """
    try:
        # NOTE: a lenient reading is enough: what it overlooks is missing when the leaf is written again.
        leaf = _fields_of(json.loads(data.decode()))
        if leaf_bytes(leaf) == data:
            return leaf
    except (KeyError, TypeError, ValueError, RecursionError, UsageError) as error:
        raise VerificationError(N_("leaf: malformed: {reason}"), reason=str(error)) from error
    raise VerificationError(N_("leaf: not in canonical form"))


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
    return "sha256:" + hashlib.sha256(b"".join((_COMMITMENT, bytes((len(salt),)), salt, payload))).hexdigest()


def _fields_of(document: Any) -> LeafFields:  # noqa: ANN401 - JSON as it was read, not yet known to be a leaf
    if set(document) != _NAMES:
        raise ValueError("names")
    if type(document["v"]) is not int or document["v"] != VERSION:
        raise VerificationError(N_("leaf: version {got} is unknown"), got=str(document["v"])[:40])
    if (payload := document["payload"]) is not None:
        require_digest(payload)
    about = About(**document["about"])
    for name in _ABOUT:
        if type(getattr(about, name)) not in (_NUMBER if name in _ABOUT_NUMBERS else _TEXT):
            raise ValueError(f"about.{name}")
    return LeafFields(
        tag=_text(document["tag"]),
        occurred=datetime.fromisoformat(document["occurred"]),
        recorded=datetime.fromisoformat(document["recorded"]),
        actor_kind=ActorKind(document["actor"]["kind"]),
        actor=_text(document["actor"]["id"]),
        mode=LogMode(document["mode"]),
        about=about,
        payload=payload,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value
