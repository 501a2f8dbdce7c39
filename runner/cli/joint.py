"""Words of a statement that two people sign alike: the first writes them, the second may leave them away."""

from __future__ import annotations

import argparse

from runner.errors import UsageError
from runner.model.statement import StatementKind
from runner.wire.api_request import Act
from runner.wire.api_run import RunShown
from runner.words import N_, _


def add_joint_reason(parser: argparse.ArgumentParser) -> None:
    """The reason of a decision."""
    parser.add_argument(
        "--reason",
        default="",
        metavar=_("TEXT"),
        help=_("why; the second person may leave it away, and signs the first's"),
    )


def require_same_words(shown: RunShown, kind: StatementKind, name: str, typed: str, *, needed: bool = True) -> None:
    """Refuse words that are not those that will be signed; the second person may leave them away.

    Raises:
        UsageError: the second person wrote something else, or the first nothing that is needed.
    """
    act = shown.act
    require_words_of(act if act and act.kind is kind else None, name, typed, needed=needed)


def require_words_of(act: Act | None, name: str, typed: str, *, needed: bool = True) -> None:
    """Refuse words that differ from those somebody has signed first, if anybody has; the second may leave them away.

    Raises:
        UsageError: they differ, or nobody has written what is needed.
    """
    first = act.content.get(name) if act and act.content is not None else None
    if first is None and needed and not typed:
        raise UsageError(N_("--{name} is missing"), hint=N_("say it in a sentence"), name=name)
    if first is not None and typed not in ("", first):
        raise UsageError(
            N_('--{name}: the first person wrote "{first}", and both sign the same'),
            hint=N_(
                "leave --{name} away to sign that, or write it anew together; the first signature lapses by itself"
            ),
            name=name.replace("_", "-"),
            first=str(first),
        )
