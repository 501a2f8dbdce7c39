"""Secrets of authenticators, sealed with a key file of the state directory: a copied database gives no codes."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
import threading
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runner.engine.durable import write_durably
from runner.errors import StorageError
from runner.words import N_

FILE: Final = "credentials.key"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_VERSION: Final = b"\x01"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class Sealer:
    """Seals and opens, with the key in a file that is made when first needed."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()

    def seal(self, secret: bytes, person: str) -> bytes:
        """A person's secret as it is kept; it opens for no other person.

        Raises:
            StorageError: the key file cannot be made or used.
        """
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher(make=True).encrypt(nonce, secret, person.encode())

    def open(self, sealed: bytes, person: str) -> bytes:
        """The secret again.

        Raises:
            StorageError: the key file is gone or another, or this is not what was kept for this person.
        """
        version, nonce, rest = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if version == _VERSION:
                return self._cipher(make=False).decrypt(nonce, rest, person.encode())
        except (InvalidTag, ValueError):
            pass
        raise StorageError(
            N_("{place}: does not open what was sealed for {person}"),
            hint=N_("bring back the last backup of the state directory, or give the person a new credential"),
            place=str(self._path),
            person=person,
        )

    def derive(self, label: str, name: str) -> bytes:
        """Bytes that only the holder of the key file can tell, the same for the same name each time.

        Raises:
            StorageError: the key file cannot be made or used.
        """
        own = hmac.digest(self._key(make=True), label.encode(), hashlib.sha256)
        return hmac.digest(own, name.encode(), hashlib.sha256)

    def _cipher(self, *, make: bool) -> AESGCM:
        return AESGCM(self._key(make=make))

    def _key(self, *, make: bool) -> bytes:
        with self._lock:
            if make and not self._path.exists():
                write_durably(self._path, os.urandom(_KEY_BYTES))
            try:
                with self._path.open("rb") as file:
                    status = os.fstat(file.fileno())
                    key = file.read(_KEY_BYTES + 1)
            except OSError as error:
                raise self._unusable() from error
        if len(key) != _KEY_BYTES or status.st_mode & _OTHERS or status.st_uid != os.geteuid():
            raise self._unusable()
        return key

    def _unusable(self) -> StorageError:
        return StorageError(
            N_("{place}: is not a key that its owner alone can read"),
            hint=N_("bring back the last backup of the state directory"),
            place=str(self._path),
        )
