"""Several signatures in one action: each shown in full and signed by its own statement, asked for once.

What becomes of one does not depend on another: a refusal neither undoes nor stops the rest.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from runner.cli.boundary import show
from runner.cli.output import put, put_json, tell
from runner.cli.session import Session
from runner.cli.signed import print_outcome, sentence
from runner.client.drafts import Draft
from runner.errors import RunnerError, UsageError
from runner.model.statement import Statement
from runner.wire.api_request import Outcome
from runner.wire.errors import ErrorDocument, to_wire
from runner.words import N_, _


@dataclass(frozen=True, slots=True)
class Signing:
    """One of several signatures: what is to be signed, or why it is not."""

    number: str
    statement: Statement | None = None
    error: RunnerError | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """What became of one of several signatures."""

    number: str
    outcome: Outcome | None = None
    error: ErrorDocument | None = None


def require_each_once(numbers: Sequence[str]) -> None:
    """Refuse a number that is typed twice.

    Raises:
        UsageError: naming it.
    """
    for number in numbers:
        if numbers.count(number) > 1:
            raise UsageError(N_("{number}: is named twice; each is signed once"), number=number)


def sign_each(
    here: Session, numbers: Sequence[str], draft_of: Callable[[str], Draft], options: argparse.Namespace
) -> int:
    """Show each in full, ask once for all of them, sign each by its own statement; the worst exit code.

    Args:
        here: the command's session.
        numbers: what is to be signed, in this order.
        draft_of: shows one and drafts its statement.
        options: as typed.

    Raises:
        UsageError: not agreed; nothing is signed then.
    """
    read = [_read(here, number, place, len(numbers), draft_of) for place, number in enumerate(numbers, start=1)]
    for each in read:
        _tell_error(each.number, each.error, options)
    ready = [each for each in read if each.statement is not None]
    if ready:
        require_yes_for_all(options.yes, len(ready))
    done = list(_signed(here, read, options))
    _print(here, done, options)
    return max(_code(error) for _number, _outcome, error in done)


def _read(here: Session, number: str, place: int, count: int, draft_of: Callable[[str], Draft]) -> Signing:
    tell(_("{place} of {count}: {number}").format(place=place, count=count, number=number))
    try:
        statement = here.signatory.state(draft_of(number))
    except RunnerError as error:
        return Signing(number, error=error)
    if here.status.production:
        tell(_("PRODUCTION: {name}").format(name=here.status.environment))
    tell(_("you sign: {sentence}").format(sentence=sentence(statement, here.present)))
    return Signing(number, statement)


def _signed(
    here: Session, read: Sequence[Signing], options: argparse.Namespace
) -> Iterator[tuple[str, Outcome | None, RunnerError | None]]:
    """Each signed and handed in; what fails is said at once, and the next is signed."""
    for each in read:
        if each.statement is None:
            yield each.number, None, each.error
            continue
        try:
            outcome = here.service.sign(here.signatory.sign(each.statement))
        except RunnerError as error:
            _tell_error(each.number, error, options)
            yield each.number, None, error
        else:
            yield each.number, outcome, None


def _print(
    here: Session, done: Sequence[tuple[str, Outcome | None, RunnerError | None]], options: argparse.Namespace
) -> None:
    """Each with its outcome."""
    if options.json:
        signatures = [
            Signature(number, outcome, to_wire(error) if error is not None else None) for number, outcome, error in done
        ]
        put_json({"signatures": signatures})
        return
    for number, outcome, error in done:
        if outcome is not None:
            put(_("{number}: signed").format(number=number), "good")
            print_outcome(here, outcome, as_json=False)
        else:
            put(_("{number}: NOT SIGNED: {reason}").format(number=number, reason=str(error)), "bad")


def _tell_error(number: str, error: RunnerError | None, options: argparse.Namespace) -> None:
    if error is not None:
        tell(_("{number}: not signed").format(number=number))
        show(error, options)


def _code(error: RunnerError | None) -> int:
    return 0 if error is None else error.exit_code


def require_yes_for_all(given: bool, count: int) -> None:  # noqa: FBT001 - the option as it was typed
    """Ask once for all of them: how many they are is typed, so that nobody signs one more than was read.

    Raises:
        UsageError: not agreed.
    """
    if given:
        return
    if not sys.stdin.isatty():
        raise UsageError(N_("nothing was signed: nobody can be asked here"), hint=N_("add --yes to sign"))
    sys.stderr.write(_("sign all {count}? type {count}: ").format(count=count))
    sys.stderr.flush()
    if sys.stdin.readline().strip() != str(count):
        raise UsageError(N_("nothing was signed"))
