"""Reading what ansible-vault has encrypted, format 1.1 and 1.2 with AES256; nothing of Ansible is imported for it.

The text of the file is, in hexadecimal digits twice over, a salt, an HMAC-SHA-256 and the data in AES-256 counter mode;
both keys and the counter come from the password by PBKDF2.
"""

from __future__ import annotations

import hashlib
import hmac
from binascii import Error, unhexlify
from typing import Final

from runner.errors import UsageError
from runner.words import N_

_ROUNDS: Final = 10_000
_KEY: Final = 32
_BLOCK: Final = 16
_FIELDS: Final = (3, 4)
"""Parts of the first line: without and with a vault id."""


def decrypt(data: bytes, password: bytes) -> bytes:
    """The text of an encrypted file.

    Raises:
        UsageError: it is not such a file, or the password is another one.
    """
    salt, mac, sealed = _parts(data)
    derived = hashlib.pbkdf2_hmac("sha256", password, salt, _ROUNDS, 2 * _KEY + _BLOCK)
    key, mac_key, counter = derived[:_KEY], derived[_KEY : 2 * _KEY], derived[2 * _KEY :]
    if not hmac.compare_digest(hmac.digest(mac_key, sealed, "sha256"), mac):
        raise UsageError(N_("the vault password does not open it"))
    return _without_padding(_opened(sealed, key, counter))


def is_vault(data: bytes) -> bool:
    """Whether a file says that ansible-vault has encrypted it in a way that can be read here."""
    head = data.split(b"\n", 1)[0].strip().split(b";")
    return (
        len(head) in _FIELDS and head[0] == b"$ANSIBLE_VAULT" and head[1] in {b"1.1", b"1.2"} and head[2] == b"AES256"
    )


def _parts(data: bytes) -> tuple[bytes, bytes, bytes]:
    if not is_vault(data):
        raise UsageError(N_("it is not encrypted by ansible-vault (1.1 or 1.2, AES256)"))
    try:
        salt, mac, sealed = unhexlify(b"".join(data.split()[1:])).split(b"\n", 2)
        return unhexlify(salt), unhexlify(mac), unhexlify(sealed)
    except (Error, ValueError) as error:
        raise UsageError(N_("it is damaged")) from error


def _opened(sealed: bytes, key: bytes, counter: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CTR

    decryptor = Cipher(AES(key), CTR(counter)).decryptor()
    return decryptor.update(sealed) + decryptor.finalize()


def _without_padding(text: bytes) -> bytes:
    count = text[-1] if text else 0
    if not 1 <= count <= _BLOCK or text[-count:] != bytes([count]) * count:
        raise UsageError(N_("it is damaged"))
    return text[:-count]
