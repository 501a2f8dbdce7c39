"""The last line: what can be done here and with which key."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from textual.strip import Strip

from runner.words import N_, _
from tui.actions import Action, Where, actions_at, key_label, keys_of
from tui.text import Line, Meaning, Part, width_of
from tui.widgets.painting import Painted

_GAP = "  "


class KeyBar(Painted):
    """Actions in the order of their rank, as many as fit; F1 names the others."""

    HELP = N_("What can be done here; F1 names every key.")

    def __init__(self, where: Where, remapped: Mapping[str, str]) -> None:
        super().__init__(id="keys")
        self._where = where
        self._remapped = remapped
        self._possible: frozenset[str] | None = None

    def allow(self, possible: Collection[str]) -> None:
        """Show only these actions."""
        self._possible = frozenset(possible)
        self.refresh()

    def render_line(self, _y: int) -> Strip:
        width = self.size.width
        shown = key_line(actions_at(self._where), self._remapped, self._possible, width)
        return self.strip_of(shown, width)


def key_line(
    actions: Collection[Action], remapped: Mapping[str, str], possible: Collection[str] | None, width: int
) -> Line:
    """Keys and labels that fit into so many cells."""
    parts: list[Part] = []
    used = 0
    for action in actions:
        if possible is not None and action.id not in possible:
            continue
        key, label = key_label(keys_of(action, remapped)[0]), _(action.label)
        needed = width_of(key) + 1 + width_of(label) + len(_GAP)
        if used + needed > width + len(_GAP):
            continue
        used += needed
        parts += [Part(key, Meaning.STRONG), Part(f" {label}{_GAP}")]
    return Line(tuple(parts))
