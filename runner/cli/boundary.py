"""The edge of the command: every error becomes one line for people and an exit code; nobody sees a traceback."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
from typing import TYPE_CHECKING, Final

from runner.cli.output import tell
from runner.errors import Fact, InvalidContentError, RefusedError, RunnerError, fill
from runner.words import _

if TYPE_CHECKING:
    from runner.client.wording.present import Present

INTERRUPTED: Final = 130
"""Exit code of a command that a person interrupted."""
_UNEXPECTED: Final = 2
_SPOKEN: Final = frozenset({"kind", "state"})


def guarded(options: argparse.Namespace) -> int:
    """Run the verb's function and give the process's exit code."""
    try:
        code = options.do(options)
        sys.stdout.flush()
    except RunnerError as error:
        show(error, options)
        return error.exit_code
    except KeyboardInterrupt:
        tell(_("interrupted"))
        return INTERRUPTED
    except BrokenPipeError:
        _say_no_more()
        return 0
    except OSError as error:
        place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
        tell(_("twokey: {place}: {reason}").format(place=place or "-", reason=error.strerror or str(error)))
        return _UNEXPECTED
    except Exception:  # noqa: BLE001 - named boundary: the last one before the person; it keeps the traceback in a file
        tell(_("twokey: an error in the program itself; details are in {path}").format(path=_keep_traceback()))
        return _UNEXPECTED
    return int(code)


def show(error: RunnerError, options: argparse.Namespace) -> None:
    """Say what is wrong, one line for each problem, then the next step to take."""
    if isinstance(error, InvalidContentError) and error.problems:
        for line in error.problems:
            tell(line)
    else:
        tell(_("twokey: {message}").format(message=fill(error.message, _in_words(error, options))))
    if isinstance(error, RefusedError) and error.rule:
        tell(_("  rule: {rule}").format(rule=error.rule))
    if advice := error.advice():
        tell(_("  next: {advice}").format(advice=advice))


def _say_no_more() -> None:
    """Let what is still to be written to a reader that has gone go nowhere, so that Python does not complain of it."""
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _in_words(error: RunnerError, options: argparse.Namespace) -> dict[str, Fact]:
    """Facts of an error: times by the clock of the site, states as people say them, in a refusal kinds too."""
    from runner.client.wording.present import is_instant, told_times

    facts = error.facts
    if any(is_instant(fact) for fact in facts.values()):
        facts = told_times(facts, _present(options))
    ours = _SPOKEN if isinstance(error, RefusedError) else {"state"}
    if not ours & facts.keys():
        return facts
    from runner.wire.spoken import spoken

    return {name: spoken(value) if name in ours and isinstance(value, str) else value for name, value in facts.items()}


def _present(options: argparse.Namespace) -> Present:
    """What people at the site read times against; UTC where there is no site."""
    from runner.cli.session import places_of, present_in
    from runner.runbook.settings import load_site

    try:
        return present_in(load_site(places_of(options).site).timezone)
    except RunnerError:
        return present_in("UTC")


def _keep_traceback() -> str:
    descriptor, path = tempfile.mkstemp(prefix="twokey-error-", suffix=".txt")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        traceback.print_exc(file=file)
    return path
