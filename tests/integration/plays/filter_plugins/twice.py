"""A filter of the content's own."""

from __future__ import annotations

from collections.abc import Callable


def _twice(text: str) -> str:
    return text * 2


class FilterModule:
    """What Ansible asks a filter file for."""

    def filters(self) -> dict[str, Callable[[str], str]]:
        return {"twice": _twice}
