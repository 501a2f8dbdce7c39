"""Time-based codes of authenticators (RFC 6238): six digits, thirty seconds, one step to either side.

pyotp is imported late, as argon2 is.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Final

STEP: Final = 30
"""Seconds a code is good for."""
_AROUND: Final = (0, -1, 1)
_DIGITS: Final = 6


def new_secret() -> str:
    """A secret for an authenticator, in base32."""
    import pyotp

    return pyotp.random_base32()


def address(secret: str, person: str, issuer: str) -> str:
    """What an authenticator reads, as a square code or typed: an `otpauth:` address."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=person, issuer_name=issuer)


def step_of(code: str, secret: str, now: datetime) -> int | None:
    """The time step a code belongs to; None when it is not one of the present."""
    import pyotp

    if len(code) != _DIGITS or not (code.isascii() and code.isdigit()):
        return None
    present = int(now.timestamp()) // STEP
    expected = pyotp.TOTP(secret)
    return next(
        (present + around for around in _AROUND if hmac.compare_digest(expected.generate_otp(present + around), code)),
        None,
    )
