"""Measuring in pairs: ours and raw in turn, so that a machine whose speed drifts does not favour either."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure with its target."""

    name: str
    value: float
    unit: str
    """What the value is: `ratio`, `s`, `MB`, `%`."""
    target: float
    better: Literal["at most", "at least"]
    ours: tuple[float, ...] = ()
    """Every measured value of ours, in order."""
    raw: tuple[float, ...] = ()
    """Every measured value of what it is compared with, in order."""
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.value <= self.target if self.better == "at most" else self.value >= self.target


@dataclass(slots=True)
class Pairs:
    """Values measured in turn."""

    ours: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)

    def ratio(self) -> float:
        """Median of the ratios pair by pair."""
        return median(our / other for our, other in zip(self.ours, self.raw, strict=True))

    def difference(self) -> float:
        """Median of the differences pair by pair."""
        return median(our - other for our, other in zip(self.ours, self.raw, strict=True))


def in_turn(ours: Callable[[], float], raw: Callable[[], float], rounds: int, warm_up: int = 1) -> Pairs:
    """Measure both `rounds` times, changing which goes first; each callable answers its own measured value."""
    pairs = Pairs()
    for number in range(warm_up + rounds):
        if number % 2:
            other, our = raw(), ours()
        else:
            our, other = ours(), raw()
        if number >= warm_up:
            pairs.ours.append(our)
            pairs.raw.append(other)
    return pairs


def timed(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def table(figures: Sequence[Figure]) -> str:
    """The figures as text."""
    heads = ("measurement", "value", "target", "met", "ours (median)", "raw (median)")
    rows = [heads, *(_row(figure) for figure in figures)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    notes = [f"  {figure.name}: {figure.note}" for figure in figures if figure.note]
    return "\n".join([*lines, *notes])


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        f"{figure.value:.3f} {figure.unit}",
        f"{figure.better} {figure.target:g}",
        "yes" if figure.met else "NO",
        f"{median(figure.ours):.4f}" if figure.ours else "-",
        f"{median(figure.raw):.4f}" if figure.raw else "-",
    )
