"""C2SP signed notes: text, a blank line, and a line for each signature.

Only Ed25519 (signature type 0x01) is signed and verified here; lines of other keys are kept and ignored, as the
specification asks, so that witnesses may add theirs. What a note's text means is `runner.proof.checkpoint`'s business.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from runner.errors import UsageError, VerificationError
from runner.proof.encoding import from_base64, to_base64
from runner.words import N_

MAX_NOTE: Final = 1024 * 1024
"""Bytes of a note; larger ones are refused."""
MAX_SIGNATURES: Final = 64
"""Signature lines of a note; the specification asks for 16 at least."""

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_ED25519_KEY_BYTES = 32
_SIGNATURE_LINE = "\N{EM DASH} "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_MALFORMED = N_("signed note: malformed")


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key that may sign notes, under a name."""

    name: str
    """Not empty, without spaces and plus signs."""
    public_key: bytes
    """Ed25519, 32 bytes."""

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise UsageError(N_('note key: name "{name}" is empty or holds a space or "+"'), name=self.name)
        if len(self.public_key) != _ED25519_KEY_BYTES:
            raise UsageError(
                N_("note key {name}: got {got} bytes, expected {expected}"),
                name=self.name,
                got=len(self.public_key),
                expected=_ED25519_KEY_BYTES,
            )

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell this key from others of the same name."""
        named = self.name.encode("utf-8") + b"\n" + _ED25519 + self.public_key
        return hashlib.sha256(named).digest()[:_KEY_ID_BYTES]

    def to_text(self) -> str:
        """The key as it is handed to verifiers: `name+id+base64`."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(_ED25519 + self.public_key)}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote.

        Raises:
            UsageError: malformed, another kind of key, or an id that does not belong to the key.
        """
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            typed_key = from_base64(encoded)
        except ValueError as error:
            raise UsageError(N_('note key: got "{text}", expected name+id+base64'), text=text[:200]) from error
        if typed_key[:1] != _ED25519:
            raise UsageError(N_('note key: "{text}" is not an Ed25519 key'), text=text[:200])
        key = cls(name, typed_key[1:])
        if key_id != key.key_id.hex():
            raise UsageError(
                N_("note key {name}: id mismatch (got {got}, expected {expected})"),
                name=name,
                got=key_id[:16],
                expected=key.key_id.hex(),
            )
        return key


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note as parsed; nothing in it is verified."""

    text: str
    """What is signed; ends in a newline."""
    signatures: tuple[NoteSignature, ...]

    def to_bytes(self) -> bytes:
        """The note as it is stored and sent."""
        lines = (
            f"{_SIGNATURE_LINE}{line.name} {to_base64(line.key_id + line.signature)}\n" for line in self.signatures
        )
        return (self.text + "\n" + "".join(lines)).encode("utf-8")


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A name with the private key that signs for it."""

    name: str
    private_key: Ed25519PrivateKey

    @property
    def key(self) -> NoteKey:
        """What verifiers need."""
        return NoteKey(self.name, self.private_key.public_key().public_bytes_raw())

    def sign(self, text: str) -> NoteSignature:
        """Sign a note's text."""
        return NoteSignature(self.name, self.key.key_id, self.private_key.sign(text.encode("utf-8")))


@dataclass(frozen=True, slots=True)
class OpenNote:
    """A note of which at least one signature was verified, and no known one failed."""

    text: str
    signed_by: tuple[NoteKey, ...]
    """Known keys that signed, in the order of their lines, each once."""
    unknown: tuple[NoteSignature, ...]
    """Lines of keys that are not known; they prove nothing."""


def sign_note(text: str, signers: Sequence[NoteSigner]) -> bytes:
    """The note of that text with a signature of each signer.

    Raises:
        VerificationError: the text cannot be a note's (no newline at its end, control characters) or nobody signs.
    """
    if not _is_encodable(text):
        raise VerificationError(_MALFORMED)
    signed = Note(text, tuple(signer.sign(text) for signer in signers)).to_bytes()
    if parse_note(signed).text != text:
        raise VerificationError(_MALFORMED)
    return signed


def open_note(data: bytes, keys: Iterable[NoteKey]) -> OpenNote:
    """Parse a note and verify the signatures of the known keys.

    Raises:
        VerificationError: malformed, a known key's signature is wrong, or no known key has signed.
    """
    note = parse_note(data)
    known: dict[tuple[str, bytes], NoteKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise VerificationError(
                N_("signed note: two known keys are both {name} {key_id}"), name=key.name, key_id=key.key_id.hex()
            )
    signed_by: list[NoteKey] = []
    unknown: list[NoteSignature] = []
    for line in note.signatures:
        signer = known.get((line.name, line.key_id))
        if signer is None:
            unknown.append(line)
            continue
        _verify_line(signer, line, note.text)
        if signer not in signed_by:
            signed_by.append(signer)
    if not signed_by:
        raise VerificationError(N_("signed note: no signature of a known key"))
    return OpenNote(note.text, tuple(signed_by), tuple(unknown))


def parse_note(data: bytes) -> Note:
    """Take a note apart without verifying anything.

    Raises:
        VerificationError: not a note, or beyond `MAX_NOTE` or `MAX_SIGNATURES`.
    """
    if len(data) > MAX_NOTE:
        raise VerificationError(
            N_("signed note: got {size} bytes, expected at most {limit}"), size=len(data), limit=MAX_NOTE
        )
    try:
        message = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise VerificationError(_MALFORMED) from error
    text, blank, signed = message.rpartition("\n\n")
    if not blank or not signed.endswith("\n") or _CONTROL.search(message):
        raise VerificationError(_MALFORMED)
    lines = signed[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise VerificationError(
            N_("signed note: got {count} signatures, expected at most {limit}"), count=len(lines), limit=MAX_SIGNATURES
        )
    return Note(text + "\n", tuple(_parse_line(line) for line in lines))


def _parse_line(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_SIGNATURE_LINE).partition(" ")
    try:
        signature = from_base64(encoded)
    except ValueError as error:
        raise VerificationError(_MALFORMED) from error
    if not line.startswith(_SIGNATURE_LINE) or not _is_name(name) or len(signature) <= _KEY_ID_BYTES:
        raise VerificationError(_MALFORMED)
    return NoteSignature(name, signature[:_KEY_ID_BYTES], signature[_KEY_ID_BYTES:])


def _verify_line(key: NoteKey, line: NoteSignature, text: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(line.signature, text.encode("utf-8"))
    except InvalidSignature as error:
        raise VerificationError(
            N_("signed note: wrong signature of key {name} {key_id}"), name=key.name, key_id=key.key_id.hex()
        ) from error


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(map(str.isspace, name)) and _is_encodable(name)


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
