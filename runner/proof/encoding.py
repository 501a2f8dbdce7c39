"""Base64 with exactly one spelling for each value, so that no signed or hashed text can be respelled."""

from __future__ import annotations

import base64
import binascii


def to_base64(data: bytes) -> str:
    """RFC 4648 section 4, padded, on one line."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """Decode `text`, refusing every spelling that `to_base64` would not have written.

    Raises:
        ValueError: foreign characters, wrong padding, or bits set beyond the last byte.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    if to_base64(data) != text:
        raise ValueError("not the canonical spelling")
    return data
