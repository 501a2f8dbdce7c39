"""Signed notes: the examples published with Go's checksum database, and everything that must be refused."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError, VerificationError
from runner.proof.encoding import from_base64, to_base64
from runner.proof.note import (
    MAX_NOTE,
    MAX_SIGNATURES,
    Note,
    NoteKey,
    NoteSignature,
    NoteSigner,
    open_note,
    parse_note,
    sign_note,
)

PETER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_PRIVATE_KEY = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_KEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
OTHER_LINE = "— example.org/witness " + to_base64(b"\x00\x01\x02\x03" + b"cosignature of another kind") + "\n"

peter = NoteKey.from_text(PETER_KEY)
enoch = NoteKey.from_text(ENOCH_KEY)


def seeded(name: str, seed: int = 1) -> NoteSigner:
    return NoteSigner(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def note(*lines: str, text: str = TEXT) -> bytes:
    return (text + "\n" + "".join(lines)).encode()


def test_the_published_note_opens() -> None:
    opened = open_note(note(PETER_LINE, ENOCH_LINE), [peter, enoch])
    assert (opened.text, opened.signed_by, opened.unknown) == (TEXT, (peter, enoch), ())


def test_the_published_key_signs_the_published_note() -> None:
    seed = from_base64(PETER_PRIVATE_KEY).removeprefix(b"\x01")
    signer = NoteSigner("PeterNeumann", Ed25519PrivateKey.from_private_bytes(seed))
    assert signer.key.to_text() == PETER_KEY
    assert sign_note(TEXT, [signer]) == note(PETER_LINE)


def test_lines_of_unknown_keys_prove_nothing() -> None:
    opened = open_note(note(ENOCH_LINE, PETER_LINE, OTHER_LINE), [peter])
    assert opened.signed_by == (peter,)
    assert [line.name for line in opened.unknown] == ["EnochRoot", "example.org/witness"]
    for keys in ([], [seeded("Other").key]):
        with pytest.raises(VerificationError):
            open_note(note(ENOCH_LINE, PETER_LINE), keys)


def test_a_wrong_signature_of_a_known_key_refuses_the_whole_note() -> None:
    forged = NoteSignature("EnochRoot", enoch.key_id, b"\x00" * 64)
    message = Note(TEXT, (*parse_note(note(PETER_LINE)).signatures, forged)).to_bytes()
    assert open_note(message, [peter]).signed_by == (peter,)
    with pytest.raises(VerificationError) as refusal:
        open_note(message, [peter, enoch])
    assert refusal.value.facts == {"name": "EnochRoot", "key_id": "af0cfe78"}


def test_a_second_wrong_signature_of_a_key_that_signed_is_refused() -> None:
    forged = NoteSignature("PeterNeumann", peter.key_id, b"\x00" * 64)
    message = Note(TEXT, (*parse_note(note(PETER_LINE)).signatures, forged)).to_bytes()
    with pytest.raises(VerificationError):
        open_note(message, [peter])


def test_a_key_that_signed_twice_counts_once() -> None:
    assert open_note(note(PETER_LINE, PETER_LINE), [peter]).signed_by == (peter,)


def test_same_name_with_another_id_is_another_key() -> None:
    other = seeded("PeterNeumann")
    opened = open_note(sign_note(TEXT, [other, seeded("x")]), [other.key, peter])
    assert opened.signed_by == (other.key,)


def test_two_known_keys_of_one_name_and_id_are_refused() -> None:
    colliding: dict[bytes, NoteKey] = {}
    for number in range(2**20):
        key = NoteKey("a", number.to_bytes(32, "big"))
        if (twin := colliding.setdefault(key.key_id, key)) != key:
            break
    with pytest.raises(VerificationError):
        open_note(note(PETER_LINE), [peter, key, twin])
    assert open_note(note(PETER_LINE), [peter, peter]).signed_by == (peter,)


@pytest.mark.parametrize("at", range(len(note(PETER_LINE))))
def test_a_note_with_one_bit_changed_is_refused(at: int) -> None:
    message = bytearray(note(PETER_LINE))
    message[at] ^= 1
    with pytest.raises(VerificationError):
        open_note(bytes(message), [peter])


def test_a_note_cut_short_anywhere_is_refused() -> None:
    message = note(PETER_LINE)
    for length in range(len(message)):
        with pytest.raises(VerificationError):
            open_note(message[:length], [peter])


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\n",
        b"\n\n",
        TEXT.encode(),
        note(),
        note(PETER_LINE[:-1]),
        note(PETER_LINE[:-1] + "X"),
        PETER_LINE.encode(),
        note(PETER_LINE, "\n"),
        note(PETER_LINE, "Unexpected line.\n"),
        note("\n", PETER_LINE, "\n"),
        b"\x01" + note(PETER_LINE),
        b"\xff" + note(PETER_LINE),
        note(PETER_LINE).replace(b"\n", b"\r\n"),
        note(PETER_LINE, text="a\tb\n"),
        note(PETER_LINE.replace("— ", "- ")),
        note(PETER_LINE.replace("— ", "—")),
        note(PETER_LINE.replace("— ", "—  ")),
        note(PETER_LINE.replace("PeterNeumann", "Peter Neumann")),
        note(PETER_LINE.replace("PeterNeumann", "Peter+Neumann")),
        note(PETER_LINE.replace("PeterNeumann", "Peter\u3000Neumann")),
        note(PETER_LINE.replace("PeterNeumann", "")),
        note(PETER_LINE.replace("AM=", "AN=")),
        note(PETER_LINE.replace("AM=", "AM")),
        note(PETER_LINE.replace("AM=", "AM=\u00e9")),
        note("— PeterNeumann \n"),
        note("— PeterNeumann x08g\n"),
        note(f"— PeterNeumann {to_base64(peter.key_id)}\n"),
        note(*[PETER_LINE] * (MAX_SIGNATURES + 1)),
        note(PETER_LINE, text="a" * MAX_NOTE + "\n"),
    ],
    ids=lambda message: repr(message[-24:]),
)
def test_what_is_not_a_note_is_refused(message: bytes) -> None:
    with pytest.raises(VerificationError):
        parse_note(message)


def test_as_many_signatures_as_allowed() -> None:
    assert len(parse_note(note(*[PETER_LINE] * MAX_SIGNATURES)).signatures) == MAX_SIGNATURES


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32))))).map(
        lambda t: t + "\n"
    )
)
def test_what_is_signed_opens(text: str) -> None:
    signers = [seeded("Log"), seeded("见证", 2)]
    signed = sign_note(text, signers)
    assert open_note(signed, [signers[1].key]).text == text
    assert parse_note(signed).to_bytes() == signed


@pytest.mark.parametrize("text", ["one\n\ntwo\n", "\n", "\n\n", "one\n\n\n"])
def test_text_may_hold_empty_lines(text: str) -> None:
    assert open_note(sign_note(text, [seeded("Log")]), [seeded("Log").key]).text == text


@pytest.mark.parametrize("text", ["", "abc", "abc\n\n" + PETER_LINE[:-1], "abc\r\n", "abc\x00\n", "\ud800\n"])
def test_what_cannot_be_a_note_is_not_signed(text: str) -> None:
    with pytest.raises(VerificationError):
        sign_note(text, [seeded("Log")])


def test_a_note_nobody_signs_is_no_note() -> None:
    with pytest.raises(VerificationError):
        sign_note(TEXT, [])


def test_the_id_of_a_key_is_the_hash_of_its_name_and_bytes() -> None:
    expected = hashlib.sha256(b"PeterNeumann\n\x01" + peter.public_key).digest()[:4]
    assert peter.key_id == expected == bytes.fromhex("c74f20a3")
    assert peter.to_text() == PETER_KEY


def test_a_key_mangled_anywhere_is_refused() -> None:
    for start in range(len(PETER_KEY)):
        for end in range(start + 1, len(PETER_KEY) + 1):
            if end - start < len(PETER_KEY):
                with pytest.raises(UsageError):
                    NoteKey.from_text(PETER_KEY[start:end])
    for at, character in enumerate(PETER_KEY):
        with pytest.raises(UsageError):
            NoteKey.from_text(PETER_KEY[:at] + chr(ord(character) + 1) + PETER_KEY[at + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "++",
        PETER_KEY + "\n",
        PETER_KEY.replace("c74f20a3", "C74F20A3"),
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_other_text_is_no_key(text: str) -> None:
    with pytest.raises(UsageError):
        NoteKey.from_text(text)


@pytest.mark.parametrize("name", ["", " ", "a b", "a+b", "a\u00a0b", "a\n", "\ud800"])
def test_names_that_break_a_line_are_refused(name: str) -> None:
    with pytest.raises(UsageError):
        NoteKey(name, bytes(32))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_keys_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(UsageError):
        NoteKey("Log", bytes(length))


def test_the_longest_note() -> None:
    room = MAX_NOTE - len(note(PETER_LINE, text="\n"))
    longest = note(PETER_LINE, text="a" * room + "\n")
    assert len(parse_note(longest).text) == room + 1
    with pytest.raises(VerificationError):
        parse_note(b"a" + longest)


def test_a_signer_does_not_show_its_key() -> None:
    secret = bytes([1]) * 32
    assert secret.hex() not in repr(seeded("Log"))
    assert to_base64(secret) not in repr(seeded("Log"))
