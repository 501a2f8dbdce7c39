"""SSHSIG: what is signed verifies, and nothing else does; `ssh-keygen` has its say in the integration tests."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import SignatureError, UsageError
from runner.proof.encoding import from_base64, to_base64
from runner.proof.public_key import key_from_blob
from runner.proof.ssh_wire import wire_string
from runner.proof.sshsig import (
    MAX_ARMOR,
    SshSignature,
    armor,
    parse,
    require_user_present,
    signed_blob,
    user_present,
    verify_signature,
)
from tests.ssh_keys import FIDO_KINDS, KINDS, PLAIN_KINDS, SoftwareKey, mpint, software_key

NAMESPACE = "twokey.v1.approve"
MESSAGE = b'{"plan":"sha256:00"}'
BEGIN = "-----BEGIN SSH SIGNATURE-----\n"
END = "-----END SSH SIGNATURE-----\n"
PUBLISHED = f"""{BEGIN}\
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgJKxoLBJBivUPNTUJUSslQTt2hD
jozKvHarKeN8uYFqgAAAADZm9vAAAAAAAAAFMAAAALc3NoLWVkMjU1MTkAAABAKNC4IEbt
Tq0Fb56xhtuE1/lK9H9RZJfON4o6hE9R4ZGFX98gy0+fFJ/1d2/RxnZky0Y7GojwrZkrHT
FgCqVWAQ==
{END}"""
"""The example in the format's description, which names no hash."""


def armored(
    key: SoftwareKey, message: bytes = MESSAGE, namespace: str = NAMESPACE, hash_algorithm: str = "sha512"
) -> str:
    blob = key.sign(signed_blob(namespace, message, hash_algorithm))
    return armor(key.public.blob, namespace, hash_algorithm, blob)


def wrap(data: bytes) -> str:
    return f"{BEGIN}{to_base64(data)}\n{END}"


def unwrap(text: str) -> bytes:
    return from_base64("".join(text.splitlines()[1:-1]))


def with_value(key: SoftwareKey, value: bytes, algorithm: str = "") -> str:
    """A signature of `key` whose raw value and algorithm are replaced."""
    told = b"\x01\x00\x00\x00\x07" if key.public.is_fido else b""
    blob = wire_string((algorithm or key.kind).encode()) + wire_string(value) + told
    return armor(key.public.blob, NAMESPACE, "sha512", blob)


def is_refused(text: str, key: SoftwareKey) -> bool:
    try:
        verify_signature(parse(text), key.public, NAMESPACE, MESSAGE)
    except SignatureError:
        return True
    return False


def test_what_a_key_signs_is_as_described() -> None:
    expected = b"SSHSIG" + b"".join(
        len(field).to_bytes(4, "big") + field
        for field in (b"file", b"", b"sha256", hashlib.sha256(b"message").digest())
    )
    assert signed_blob("file", b"message", "sha256") == expected


@pytest.mark.parametrize(
    "namespace, hash_algorithm",
    [("", "sha512"), ("two words", "sha512"), ("line\n", "sha512"), ("file", "sha1"), ("file", ""), ("文件", "sha512")],
)
def test_what_cannot_be_signed_is_refused(namespace: str, hash_algorithm: str) -> None:
    with pytest.raises(UsageError):
        signed_blob(namespace, MESSAGE, hash_algorithm)


@pytest.mark.parametrize("namespace", ["", "two words", "文件"])
def test_nothing_is_armored_without_a_namespace(namespace: str) -> None:
    with pytest.raises(UsageError):
        armor(software_key("ssh-ed25519").public.blob, namespace, "sha512", b"")


@pytest.mark.parametrize("hash_algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_signed_verifies(kind: str, hash_algorithm: str) -> None:
    key = software_key(kind)
    signature = parse(armored(key, hash_algorithm=hash_algorithm))
    verify_signature(signature, key.public, NAMESPACE, MESSAGE)
    assert (signature.key, signature.namespace) == (key.public, NAMESPACE)
    assert signature.hash_algorithm == hash_algorithm
    assert signature.algorithm == ("rsa-sha2-512" if kind == "ssh-rsa" else kind)
    assert (signature.flags, signature.counter) == ((1, 7) if kind in FIDO_KINDS else (0, 0))


def test_rsa_may_use_sha256_inside() -> None:
    key = software_key("ssh-rsa")
    blob = key.sign(signed_blob(NAMESPACE, MESSAGE), "rsa-sha2-256")
    signature = parse(armor(key.public.blob, NAMESPACE, "sha512", blob))
    verify_signature(signature, key.public, NAMESPACE, MESSAGE)


@pytest.mark.parametrize("kind", KINDS)
def test_another_message_namespace_or_key_is_refused(kind: str) -> None:
    key, other = software_key(kind), software_key(kind, 1)
    signature = parse(armored(key))
    rules = []
    for public, namespace, message in (
        (key.public, NAMESPACE, MESSAGE + b" "),
        (key.public, NAMESPACE, b""),
        (key.public, "twokey.v1.reject", MESSAGE),
        (other.public, NAMESPACE, MESSAGE),
    ):
        with pytest.raises(SignatureError) as refusal:
            verify_signature(signature, public, namespace, message)
        rules.append(refusal.value.rule)
    assert rules == ["signature:invalid", "signature:invalid", "signature:other-namespace", "signature:other-key"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_under_another_key_is_refused(kind: str) -> None:
    key, other = software_key(kind), software_key(kind, 1)
    forged = armor(other.public.blob, NAMESPACE, "sha512", key.sign(signed_blob(NAMESPACE, MESSAGE)))
    assert is_refused(forged, other)


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_over_another_hash_or_namespace_is_refused(kind: str) -> None:
    key = software_key(kind)
    blob = key.sign(signed_blob(NAMESPACE, MESSAGE, "sha256"))
    assert is_refused(armor(key.public.blob, NAMESPACE, "sha512", blob), key)
    blob = key.sign(signed_blob("twokey.v1.reject", MESSAGE))
    assert is_refused(armor(key.public.blob, NAMESPACE, "sha512", blob), key)
    assert is_refused(armor(key.public.blob, NAMESPACE, "sha512", key.sign(MESSAGE)), key)


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_with_any_bit_changed_is_refused(kind: str) -> None:
    key = software_key(kind)
    data = unwrap(armored(key))
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :]
        assert is_refused(wrap(changed), key), at


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_cut_short_or_too_long_is_refused(kind: str) -> None:
    key = software_key(kind)
    data = unwrap(armored(key))
    for length in range(1, len(data)):
        assert is_refused(wrap(data[:length]), key), length
    for more in (b"\x00", b"\x00\x00\x00\x00"):
        assert is_refused(wrap(data + more), key)
        blob = key.sign(signed_blob(NAMESPACE, MESSAGE)) + more
        assert is_refused(armor(key.public.blob, NAMESPACE, "sha512", blob), key)


@pytest.mark.parametrize("kind", KINDS)
def test_a_length_beyond_the_end_is_refused(kind: str) -> None:
    key = software_key(kind)
    data = unwrap(armored(key))
    at = len(b"SSHSIG") + 4
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        for wrong in (len(data), 2**31, 2**32 - 1):
            assert is_refused(wrap(data[:at] + wrong.to_bytes(4, "big") + data[at + 4 :]), key)
        at += 4 + length


@pytest.mark.parametrize("kind", FIDO_KINDS)
def test_a_security_key_that_nobody_touched_is_refused(kind: str) -> None:
    key = software_key(kind).untouched()
    signature = parse(armored(key))
    assert not user_present(signature)
    with pytest.raises(SignatureError) as refusal:
        require_user_present(signature)
    assert refusal.value.rule == "signature:nobody-present"
    with pytest.raises(SignatureError) as refusal:
        verify_signature(signature, key.public, NAMESPACE, MESSAGE)
    assert refusal.value.rule == "signature:nobody-present"


@pytest.mark.parametrize("kind", FIDO_KINDS)
def test_a_touch_cannot_be_added_afterwards(kind: str) -> None:
    key = software_key(kind).untouched()
    data = bytearray(unwrap(armored(key)))
    assert data[-5] == 0
    data[-5] = 1
    signature = parse(wrap(bytes(data)))
    require_user_present(signature)
    with pytest.raises(SignatureError) as refusal:
        verify_signature(signature, key.public, NAMESPACE, MESSAGE)
    assert refusal.value.rule == "signature:invalid"


@pytest.mark.parametrize("flags, present", [(0, False), (1, True), (4, False), (5, True), (0x80, False), (0xFF, True)])
@pytest.mark.parametrize("kind", FIDO_KINDS)
def test_presence_is_one_flag_among_others(kind: str, flags: int, *, present: bool) -> None:
    key = software_key(kind)
    signature = parse(armored(SoftwareKey(kind, key.private, flags, 2**32 - 1)))
    assert (user_present(signature), signature.flags, signature.counter) == (present, flags, 2**32 - 1)


@pytest.mark.parametrize("kind", PLAIN_KINDS)
def test_plain_keys_cannot_tell_of_presence(kind: str) -> None:
    signature = parse(armored(software_key(kind)))
    assert not user_present(signature)
    require_user_present(signature)


@pytest.mark.parametrize("algorithm", ["ssh-rsa", "rsa-sha2-256-cert-v01@openssh.com", "ssh-ed25519", "RSA-SHA2-512"])
def test_rsa_with_another_algorithm_is_refused(algorithm: str) -> None:
    key = software_key("ssh-rsa")
    with pytest.raises(SignatureError):
        parse(with_value(key, bytes(384), algorithm))


@pytest.mark.parametrize("kind", PLAIN_KINDS + FIDO_KINDS)
def test_an_algorithm_of_another_key_is_refused(kind: str) -> None:
    for algorithm in {*KINDS, "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"} - {kind}:
        with pytest.raises(SignatureError):
            parse(with_value(software_key(kind), bytes(64), algorithm))


@pytest.mark.parametrize("kind", ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521", "sk-ecdsa-sha2-nistp256@openssh.com"])
@pytest.mark.parametrize("numbers", [(0, 0), (0, 1), (1, 0), (1, 1), (2**256, 1), (2**4000, 2**4000)])
def test_ecdsa_with_impossible_numbers_is_refused(kind: str, numbers: tuple[int, int]) -> None:
    key = software_key(kind)
    value = b"".join(wire_string(mpint(number)) for number in numbers)
    assert is_refused(with_value(key, value), key)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "ecdsa" in kind])
def test_ecdsa_with_something_after_its_numbers_is_refused(kind: str) -> None:
    key = software_key(kind)
    value = parse(armored(key)).value
    assert not is_refused(with_value(key, value), key)
    for more in (b"\x00", wire_string(b""), wire_string(b"\x01")):
        assert is_refused(with_value(key, value + more), key)


@pytest.mark.parametrize("length", [0, 63, 65, 128])
def test_ed25519_of_another_length_is_refused(length: int) -> None:
    key = software_key("ssh-ed25519")
    assert is_refused(with_value(key, b"\x01" * length), key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        BEGIN,
        BEGIN + END,
        BEGIN + "\n" + END,
        "garbage\n" + armored(software_key("ssh-ed25519")),
        armored(software_key("ssh-ed25519")) + "garbage",
        armored(software_key("ssh-ed25519")) + "\n",
        armored(software_key("ssh-ed25519")) * 2,
        armored(software_key("ssh-ed25519")).replace("\n", "\r\n"),
        armored(software_key("ssh-ed25519")).replace("=", ""),
        armored(software_key("ssh-ed25519")).replace("U1NI", "U1 NI"),
        armored(software_key("ssh-ed25519")).replace(BEGIN, BEGIN.lower()),
        armored(software_key("ssh-ed25519")).replace("SSH SIGNATURE", "PGP SIGNATURE"),
        BEGIN + "A" * MAX_ARMOR + "\n" + END,
        PUBLISHED,
    ],
    ids=lambda text: repr(text[-30:]),
)
def test_other_text_is_no_signature(text: str) -> None:
    with pytest.raises(SignatureError) as refusal:
        parse(text)
    assert refusal.value.rule == "signature:malformed"


def test_the_armor_needs_no_last_newline_and_no_fixed_width() -> None:
    text = armored(software_key("ssh-ed25519"))
    assert parse(text.removesuffix("\n")) == parse(text) == parse(wrap(unwrap(text)))


def test_lines_are_as_long_as_in_the_published_example() -> None:
    for text in (PUBLISHED, armored(software_key("ssh-ed25519"))):
        lines = text.splitlines()
        assert lines[0] + "\n" == BEGIN
        assert {len(line) for line in lines[1:-2]} == {70}


def parts(key: SoftwareKey, **changed: bytes) -> str:
    """A signature put together from its fields, some of them changed."""
    fields = {
        "public_key": key.public.blob,
        "namespace": NAMESPACE.encode(),
        "reserved": b"",
        "hash_algorithm": b"sha512",
        "signature": key.sign(signed_blob(NAMESPACE, MESSAGE)),
    }
    head = changed.pop("head", b"SSHSIG\x00\x00\x00\x01")
    return wrap(head + b"".join(map(wire_string, (fields | changed).values())))


@pytest.mark.parametrize(
    "changed",
    [
        {"head": b"SSHSIG\x00\x00\x00\x00"},
        {"head": b"SSHSIG\x00\x00\x00\x02"},
        {"head": b"sshsig\x00\x00\x00\x01"},
        {"namespace": b""},
        {"namespace": NAMESPACE.encode() + b"\x00"},
        {"namespace": "批准".encode()},
        {"namespace": b"\xff"},
        {"reserved": b"x"},
        {"hash_algorithm": b""},
        {"hash_algorithm": b"sha1"},
        {"hash_algorithm": b"SHA512"},
        {"signature": b""},
        {"public_key": b""},
        {"public_key": wire_string(b"ssh-dss")},
        {"public_key": software_key("ssh-rsa", bits=2048).public.blob},
    ],
    ids=" ".join,
)
def test_a_field_out_of_place_is_refused(changed: dict[str, bytes]) -> None:
    key = software_key("ssh-ed25519")
    verify_signature(parse(parts(key)), key.public, NAMESPACE, MESSAGE)
    with pytest.raises(SignatureError) as refusal:
        parse(parts(key, **changed))
    assert refusal.value.rule == "signature:malformed"


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(SignatureError) as refusal:
        parse(wrap(b"SSHSIG\x00\x00\x00\x01" + data))
    assert refusal.value.rule == "signature:malformed"


def test_a_signature_compares_by_value() -> None:
    text = armored(software_key("ssh-ed25519"))
    signature = parse(text)
    assert isinstance(signature, SshSignature)
    assert signature == parse(text)
    assert armor(signature.key.blob, signature.namespace, signature.hash_algorithm, signature.blob) == text
    assert key_from_blob(signature.key.blob) == signature.key
