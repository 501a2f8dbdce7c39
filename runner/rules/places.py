"""Where somebody sits: sources as they are compared, and the registered terminal of one."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address
from typing import Final

from runner.model.people import Register, Terminal

LOCAL: Final = "local/"
"""What the source of a console of the service machine begins with; no address does."""

_CONSOLE: Final = re.compile(r"local/(tty|ttyS|ttyAMA|hvc)[0-9]{1,3}")


def source_of(text: str) -> str:
    """A source as it is compared: an address in its usual form, or a console of the service machine; empty: neither."""
    if _CONSOLE.fullmatch(text):
        return text
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(inner or address)


def terminal_at(register: Register, source: str) -> Terminal | None:
    """The registered terminal of a source; None when there is none, or nobody knows the source."""
    found = source_of(source)
    return next((each for each in register.terminals.values() if found and source_of(each.source) == found), None)
