"""Canonical JSON (RFC 8785) without floating point, strict reading of JSON, and digests over both.

`canonical_bytes` is the one encoding of everything Twokey hashes or signs. It lies on the path of every audit record,
so it uses the standard library's encoder, which writes the same bytes as `rfc8785` in a quarter of the time whenever
names sort alike by code point and by UTF-16 unit; otherwise `rfc8785` itself writes them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Final, NoReturn, cast

import rfc8785

from runner.errors import UsageError
from runner.model.document import JsonValue
from runner.words import N_

MAX_DEPTH: Final = 100
"""Containers inside containers; deeper documents are refused."""
MAX_DOCUMENT: Final = 16 * 1024 * 1024
"""Bytes `parse_strict` reads unless told otherwise."""
MAX_INTEGER: Final = 2**53 - 1
"""Largest whole number every JSON reader keeps exactly (RFC 7493)."""

_MAX_DIGITS = len(str(MAX_INTEGER))
_ASTRAL = re.compile(rb"[\xf0-\xf4]")
"""First byte, in UTF-8, of a character beyond U+FFFF: only these sort differently in UTF-16."""
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class CanonicalError(UsageError):
    """A value or a document has no canonical form."""


def canonical_bytes(value: JsonValue) -> bytes:
    """The RFC 8785 bytes of `value`; tuples are written as lists.

    Raises:
        CanonicalError: floating point, integers beyond 2^53 - 1, lone surrogates, names that are not text, nesting
            deeper than `MAX_DEPTH`, or any other type.
    """
    _require_canonical(value, 0)
    text = _encode(value)
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalError(N_("json: text holds half of a surrogate pair")) from error
    if len(data) != len(text) and _ASTRAL.search(data):
        return rfc8785.dumps(value)
    return data


def parse_strict(data: bytes, limit: int = MAX_DOCUMENT) -> JsonValue:
    """Read one JSON document, refusing everything that two readers could understand differently.

    Args:
        data: UTF-8 without byte order mark.
        limit: largest number of bytes to read.

    Raises:
        CanonicalError: too big, too deep, not UTF-8, not JSON, a name given twice, floating point, or an integer
            beyond 2^53 - 1.
    """
    if len(data) > limit:
        raise CanonicalError(
            N_("json: too long: got {size} bytes, expected at most {limit}"), size=len(data), limit=limit
        )
    try:
        text = data.decode("utf-8")
        value: JsonValue = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise CanonicalError(N_("json: byte {position} is not UTF-8"), position=error.start) from error
    except json.JSONDecodeError as error:
        raise CanonicalError(
            N_("json: line {line}, column {column}: not JSON"), line=error.lineno, column=error.colno
        ) from error
    except RecursionError as error:
        raise _too_deep() from error
    _require_canonical(value, 0)
    if _ESCAPED_SURROGATE.search(text):
        canonical_bytes(value)
    return value


def digest(data: bytes) -> str:
    """`sha256:<hex>` of some bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_of(value: JsonValue) -> str:
    """`sha256:<hex>` of a value's canonical bytes."""
    return digest(canonical_bytes(value))


def require_digest(text: str) -> None:
    """Refuse text that is not a digest as `digest` writes it.

    Raises:
        CanonicalError: it is not `sha256:` and 64 lower-case hex digits.
    """
    if not _DIGEST.fullmatch(text):
        raise CanonicalError(
            N_('digest: got "{text}", expected "sha256:" and 64 lower-case hex digits'), text=text[:80]
        )


def _encoder() -> Callable[[object], str]:
    """The standard library's encoder, made once instead of for each document; all of it where its C part is missing."""
    whole = json.JSONEncoder(
        ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return whole.encode
    sorted_, skipping, nan = True, False, False
    encode = make(None, whole.default, json.encoder.encode_basestring, None, ":", ",", sorted_, skipping, nan)
    return lambda value: "".join(encode(value, 0))


_encode = _encoder()


def _require_canonical(value: object, depth: int) -> None:
    """Refuse what has no canonical form; text and flags inside containers are passed over without a call."""
    kind = type(value)
    if kind is dict:
        _require_members(cast("dict[object, object]", value), depth + 1)
    elif kind is list or kind is tuple:
        _require_items(cast("list[object]", value), depth + 1)
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise _too_big()
    elif value is not None and not isinstance(value, str):
        raise CanonicalError(
            N_("json: got a value of type {type}, expected text, integer, flag, list or object"), type=kind.__name__
        )


def _require_members(members: dict[object, object], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _too_deep()
    for name, item in members.items():
        if not isinstance(name, str):
            raise CanonicalError(N_("json: got a name of type {type}, expected text"), type=type(name).__name__)
        kind = type(item)
        if kind is not str and kind is not bool and item is not None:
            _require_canonical(item, depth)


def _require_items(items: list[object], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _too_deep()
    for item in items:
        if type(item) is not str:
            _require_canonical(item, depth)


def _members(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise CanonicalError(N_('json: name "{name}" is given twice'), name=twice[:80])
    return members


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS + 1 or not -MAX_INTEGER <= (number := int(digits)) <= MAX_INTEGER:
        raise _too_big()
    if digits == "-0":
        raise CanonicalError(N_("json: minus zero"))
    return number


def _refuse_float(digits: str) -> NoReturn:
    raise CanonicalError(N_("json: got {number}, expected a whole number"), number=digits[:40])


def _too_big() -> CanonicalError:
    return CanonicalError(N_("json: integer beyond {limit}"), limit=MAX_INTEGER)


def _too_deep() -> CanonicalError:
    return CanonicalError(N_("json: more than {limit} containers inside each other"), limit=MAX_DEPTH)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_refuse_float, parse_int=_integer, parse_constant=_refuse_float
)
