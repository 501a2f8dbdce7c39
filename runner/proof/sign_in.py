"""What a key signs to sign in: canonical JSON in a namespace that no statement has.

Verified here alone, without `ssh-keygen`: nobody verifies a sign-in again later, and there are many of them.
"""

from __future__ import annotations

from typing import Final

from runner.proof.sshsig import SshSignature, parse, verify_signature

NAMESPACE: Final = "twokey.v1.sign-in"


def verify_sign_in(armored: str, data: bytes) -> SshSignature:
    """Check that the key named in a signature has made it over `data` for a sign-in; whose key it is, is not looked at.

    Raises:
        SignatureError: malformed, in another namespace, without a touch where the key can tell, or not of this data.
    """
    signature = parse(armored)
    verify_signature(signature, signature.key, NAMESPACE, data)
    return signature
