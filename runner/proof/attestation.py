"""Attestations: the service's word that a person confirmed a statement with password and code.

SSHSIG by the log's own key, whose public half every genesis statement names, in a namespace that no person signs in:
neither can stand for the other. It is weaker than a person's key, since whoever has the log's key can make one.
"""

from __future__ import annotations

from runner.model.statement import ATTESTED, StatementKind
from runner.proof.note import NoteKey, NoteSigner
from runner.proof.public_key import ED25519, PublicKey, key_from_blob
from runner.proof.ssh_wire import wire_string
from runner.proof.sshsig import armor, parse, signed_blob, verify_signature

_HASH = "sha512"


def attestation_namespace(kind: StatementKind) -> str:
    """The SSHSIG namespace of attestations of a kind of statement."""
    return f"twokey.v1.attested.{kind}"


def attested_by(log_key: NoteKey) -> str:
    """What stands in an attested statement in place of the fingerprint of a person's key."""
    return ATTESTED + _public(log_key).fingerprint


def attest(signer: NoteSigner, kind: StatementKind, message: bytes) -> str:
    """The armored attestation of a statement's bytes."""
    blob = signed_blob(attestation_namespace(kind), message, _HASH)
    value = wire_string(ED25519.encode()) + wire_string(signer.private_key.sign(blob))
    return armor(_public(signer.key).blob, attestation_namespace(kind), _HASH, value)


def verify_attestation(armored: str, kind: StatementKind, message: bytes, log_key: NoteKey) -> None:
    """Check that the service of that log has attested these bytes.

    Raises:
        SignatureError: malformed, by another key, in another namespace, or not of this message.
    """
    verify_signature(parse(armored), _public(log_key), attestation_namespace(kind), message)


def _public(log_key: NoteKey) -> PublicKey:
    return key_from_blob(wire_string(ED25519.encode()) + wire_string(log_key.public_key))
