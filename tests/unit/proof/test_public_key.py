"""Which public keys people may register, and how each is named."""

from __future__ import annotations

import base64
import hashlib

import pytest

from runner.errors import UsageError
from runner.proof.encoding import from_base64, to_base64
from runner.proof.public_key import (
    KEY_TYPES,
    MAX_LINE,
    PublicKey,
    PublicKeyError,
    allowed_signers_line,
    fingerprint,
    key_from_blob,
    parse_public_key,
)
from runner.proof.ssh_wire import wire_string
from tests.ssh_keys import FIDO_KINDS, KINDS, PLAIN_KINDS, mpint, software_key

ED25519 = software_key("ssh-ed25519").public
PRIME = 2**255 - 19


def fields(*values: bytes) -> bytes:
    return b"".join(map(wire_string, values))


def line_of(blob: bytes, kind: str = "ssh-ed25519") -> str:
    return f"{kind} {to_base64(blob)}"


def test_every_accepted_kind_is_tested() -> None:
    assert set(KINDS) == KEY_TYPES


@pytest.mark.parametrize("kind", KINDS)
def test_accepted_kinds(kind: str) -> None:
    key = software_key(kind).public
    assert parse_public_key(key.to_line()) == key
    assert parse_public_key(f"  {kind}\t {to_base64(key.blob)}  张敏 at work \n") == PublicKey(
        kind, key.blob, "张敏 at work"
    )
    assert key_from_blob(key.blob) == key
    assert key.is_fido == (kind in FIDO_KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_blob_cut_short_or_too_long_is_refused(kind: str) -> None:
    blob = software_key(kind).public.blob
    for length in range(len(blob)):
        with pytest.raises(PublicKeyError):
            key_from_blob(blob[:length])
    for more in (b"\x00", b"\x00\x00\x00\x00", wire_string(b"ssh:")):
        with pytest.raises(PublicKeyError):
            key_from_blob(blob + more)


@pytest.mark.parametrize("kind", KINDS)
def test_a_length_beyond_the_end_is_refused(kind: str) -> None:
    blob = software_key(kind).public.blob
    for length in (len(blob), 2**31, 2**32 - 1):
        with pytest.raises(PublicKeyError):
            key_from_blob(length.to_bytes(4, "big") + blob[4:])


@pytest.mark.parametrize("kind", PLAIN_KINDS)
def test_a_kind_that_does_not_fit_its_bytes_is_refused(kind: str) -> None:
    blob = software_key(kind).public.blob
    for other in set(KINDS) - {kind}:
        with pytest.raises(PublicKeyError):
            parse_public_key(line_of(blob, other))
        with pytest.raises(PublicKeyError):
            key_from_blob(wire_string(other.encode()) + blob[4 + len(kind) :])


@pytest.mark.parametrize(
    "kind",
    [
        "ssh-dss",
        "ssh-ed448",
        "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
        "ssh-ed25519-cert-v01@openssh.com",
        "ssh-rsa-cert-v01@openssh.com",
        "sk-ssh-ed25519-cert-v01@openssh.com",
        "rsa-sha2-512",
        "SSH-ED25519",
    ],
)
def test_other_kinds_are_refused_by_name(kind: str) -> None:
    with pytest.raises(PublicKeyError) as refusal:
        parse_public_key(line_of(fields(kind.encode(), b"a" * 32), kind))
    assert refusal.value.facts == {"type": kind}
    with pytest.raises(PublicKeyError) as refusal:
        key_from_blob(fields(kind.encode(), b"a" * 32))
    assert refusal.value.facts == {"type": kind}


@pytest.mark.parametrize("options", ["no-pty", "cert-authority", 'command="a b",restrict', 'from="10.0.0.0/8"'])
def test_options_are_refused(options: str) -> None:
    with pytest.raises(PublicKeyError, match="options"):
        parse_public_key(f"{options} {ED25519.to_line()}")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 ",
        "# " + ED25519.to_line(),
        ED25519.to_line() + "\n" + ED25519.to_line(),
        ED25519.to_line() + " a\x00b",
        ED25519.to_line() + " a\x1b[31mb",
        ED25519.to_line() + "=",
        ED25519.to_line()[:-1],
        ED25519.to_line().replace("AAAA", "AA_A"),
        ED25519.to_line() + " " + "a" * MAX_LINE,
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    ],
    ids=lambda line: repr(line[:40]),
)
def test_other_text_is_no_key(line: str) -> None:
    with pytest.raises(PublicKeyError):
        parse_public_key(line)


@pytest.mark.parametrize("bits", [1024, 2048, 3071])
def test_short_rsa_keys_are_refused(bits: int) -> None:
    modulus = (1 << bits) - 1
    with pytest.raises(PublicKeyError) as refusal:
        key_from_blob(fields(b"ssh-rsa", mpint(65537), mpint(modulus)))
    assert refusal.value.facts["bits"] == bits


@pytest.mark.parametrize("bits", [16385, 60_000])
def test_endless_rsa_keys_are_refused(bits: int) -> None:
    with pytest.raises(PublicKeyError):
        key_from_blob(fields(b"ssh-rsa", mpint(65537), mpint((1 << bits) - 1)))


@pytest.mark.parametrize("bits", [3072, 16384])
def test_the_smallest_and_the_largest_rsa_key(bits: int) -> None:
    key_from_blob(fields(b"ssh-rsa", mpint(65537), mpint((1 << bits) - 1)))


def test_misspelt_numbers_are_refused() -> None:
    modulus = mpint((1 << 3072) - 1)
    for exponent in (b"", b"\x00", b"\xff", b"\x00\x01\x00\x01", mpint(1), mpint(4)):
        with pytest.raises(PublicKeyError):
            key_from_blob(fields(b"ssh-rsa", exponent, modulus))
    with pytest.raises(PublicKeyError):
        key_from_blob(fields(b"ssh-rsa", mpint(65537), b"\x00" + modulus))
    with pytest.raises(PublicKeyError):
        key_from_blob(fields(b"ssh-rsa", mpint(65537), modulus[1:]))


def test_points_off_the_curve_or_spelt_otherwise_are_refused() -> None:
    blob = software_key("ecdsa-sha2-nistp256").public.blob
    head, point = blob[:-65], blob[-65:]
    compressed = bytes([2 + point[-1] % 2]) + point[1:33]
    hybrid = bytes([6 + point[-1] % 2]) + point[1:]
    for wrong in (compressed, hybrid, b"\x00", b"", point[:-1] + bytes([point[-1] ^ 1]), point + b"\x00"):
        with pytest.raises(PublicKeyError):
            key_from_blob(head[:-4] + wire_string(wrong))
    with pytest.raises(PublicKeyError):
        key_from_blob(fields(b"ecdsa-sha2-nistp256", b"nistp384", point))


def small_order_points() -> set[bytes]:
    """Every spelling of the points of Ed25519 whose eightfold is the neutral point, worked out from the curve."""
    d = -121665 * pow(121666, -1, PRIME) % PRIME

    def add(p: tuple[int, int], q: tuple[int, int]) -> tuple[int, int]:
        product = d * p[0] * q[0] * p[1] * q[1] % PRIME
        x = (p[0] * q[1] + q[0] * p[1]) * pow(1 + product, -1, PRIME) % PRIME
        y = (p[1] * q[1] + p[0] * q[0]) * pow(1 - product, -1, PRIME) % PRIME
        return x, y

    def on_curve(y: int) -> tuple[int, int] | None:
        square = (y * y - 1) * pow(d * y * y + 1, -1, PRIME) % PRIME
        x = pow(square, (PRIME + 3) // 8, PRIME)
        if x * x % PRIME != square:
            x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
        return (x, y) if x * x % PRIME == square else None

    def times_order(point: tuple[int, int]) -> tuple[int, int]:
        total = (0, 1)
        for bit in f"{2**252 + 27742317777372353535851937790883648493:b}":
            total = add(total, total)
            if bit == "1":
                total = add(total, point)
        return total

    points = {(0, 1)}
    for y in range(2, 40):
        if (point := on_curve(y)) is not None:
            torsion = times_order(point)
            multiple = torsion
            while multiple not in points:
                points.add(multiple)
                multiple = add(multiple, torsion)
    assert len(points) == 8
    spellings = {value for _, y in points for value in (y, y + PRIME) if value < 2**255}
    return {(value | sign << 255).to_bytes(32, "little") for value in spellings for sign in (0, 1)}


def test_keys_for_which_anybody_could_sign_are_refused() -> None:
    points = small_order_points()
    assert len(points) == 14
    for point in points:
        for blob in (
            fields(b"ssh-ed25519", point),
            fields(b"sk-ssh-ed25519@openssh.com", point, b"ssh:"),
        ):
            with pytest.raises(PublicKeyError, match="anybody"):
                key_from_blob(blob)


def test_an_endless_blob_is_refused() -> None:
    with pytest.raises(PublicKeyError):
        key_from_blob(fields(b"sk-ssh-ed25519@openssh.com", b"a" * 32, b"x" * MAX_LINE))


@pytest.mark.parametrize("kind", KINDS)
def test_the_fingerprint_is_the_hash_of_the_blob(kind: str) -> None:
    key = software_key(kind).public
    assert key.fingerprint == fingerprint(key.blob)
    name, _, encoded = key.fingerprint.partition(":")
    assert (name, len(encoded), "=" in encoded) == ("SHA256", 43, False)
    assert base64.b64decode(encoded + "=") == hashlib.sha256(key.blob).digest()


def test_the_line_for_ssh_keygen() -> None:
    line = allowed_signers_line("zhang.min", ED25519, ["twokey.v1.start", "twokey.v1.approve", "twokey.v1.start"])
    assert line == f'zhang.min namespaces="twokey.v1.approve,twokey.v1.start" {ED25519.to_line()}'


@pytest.mark.parametrize(
    "principal",
    ["", " ", "a b", "a,b", "*", "a?", "!a", "#a", '"a"', "a\n", "a\tb", "a\\b", "a\u3000b", "a\x00", "a\x7f"],
)
def test_a_principal_that_could_mean_others_is_refused(principal: str) -> None:
    with pytest.raises(UsageError):
        allowed_signers_line(principal, ED25519, ["twokey.v1.start"])


@pytest.mark.parametrize("namespace", ["", "*", "a,b", 'a"', "a b", "!a", "a\n", "-a", "中"])
def test_a_namespace_that_could_mean_others_is_refused(namespace: str) -> None:
    with pytest.raises(UsageError):
        allowed_signers_line("zhang.min", ED25519, ["twokey.v1.start", namespace])


def test_a_key_for_no_namespace_is_refused() -> None:
    with pytest.raises(UsageError):
        allowed_signers_line("zhang.min", ED25519, [])


@pytest.mark.parametrize("text", ["A", "AA", "AAA", "AB==", "AAB=", "A===", "AA==\n", "AA==AA==", "é", "_w==", " AA=="])
def test_base64_has_one_spelling(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_base64(text)
    assert from_base64("AA==") == b"\x00"
