"""Everything Twokey raises on purpose.

    RunnerError
    ├── UsageError                 2  what was typed, configured or written cannot be used
    │   ├── InvalidContentError    2  a runbook, playbook or inventory has problems, each with its place
    │   └── NotFoundError          2  a named thing does not exist
    ├── UnreachableError           3  no service answers
    │   └── StorageError           3  the service cannot write (disk full, database gone)
    ├── RefusedError               4  law, policy or state forbids it; recorded as a refusal
    │   ├── SignatureError         4  a statement or its signature is not valid
    │   ├── SignInError            4  who asks has not signed in, or has not shown who they are
    │   └── TooOftenError          4  asked too often; a fact says when to ask again
    ├── VerificationError          5  the audit log is not what it should be
    ├── UnanchoredError            6  the audit log is sound, but its tail is older than policy allows without an anchor
    └── RunFailedError             1  a run failed or was rolled back

A message is an English message id with named `{facts}`; it is translated when shown. `hint` says the next thing to
do. Facts are kept as attributes of the error so that callers and the wire never parse prose.
"""

from __future__ import annotations

from typing import ClassVar

from runner.words import _

Fact = str | int | float | None


class RunnerError(Exception):
    """Root of the tree; never raised itself."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", **facts: Fact) -> None:
        super().__init__(message)
        self.message = message
        """English message id with `{name}` placeholders."""
        self.hint = hint
        """English message id of the next step to take, or empty; uses the same facts."""
        self.facts: dict[str, Fact] = facts

    def __str__(self) -> str:
        return fill(self.message, self.facts)

    def advice(self) -> str:
        """The hint in the current language, or an empty string."""
        return fill(self.hint, self.facts) if self.hint else ""


class UsageError(RunnerError):
    """What was typed, configured or written cannot be used."""

    exit_code = 2


class NotFoundError(UsageError):
    """A named thing does not exist."""


class InvalidContentError(UsageError):
    """A runbook, playbook, inventory or policy has problems; each line begins with its place."""

    def __init__(self, message: str, problems: tuple[str, ...] = (), *, hint: str = "", **facts: Fact) -> None:
        super().__init__(message, hint=hint, **facts)
        self.problems = problems
        """One line for each problem: `PATH:LINE:COLUMN: text`."""


class UnreachableError(RunnerError):
    """No service answers."""

    exit_code = 3


class StorageError(UnreachableError):
    """The service cannot write its state."""


class RefusedError(RunnerError):
    """Law, policy or state forbids it."""

    exit_code = 4

    def __init__(self, message: str, *, rule: str = "", hint: str = "", **facts: Fact) -> None:
        super().__init__(message, hint=hint, **facts)
        self.rule = rule
        """Id of the rule that refuses, such as `L2:approver-is-requester`."""


class SignatureError(RefusedError):
    """A statement or its signature is not valid."""


class SignInError(RefusedError):
    """Who asks has not signed in, or has not shown who they are."""


class TooOftenError(RefusedError):
    """Asked too often; the fact `seconds` says in how many to ask again."""


class VerificationError(RunnerError):
    """The audit log is not what it should be."""

    exit_code = 5


class UnanchoredError(RunnerError):
    """The audit log is sound, but its tail is older than policy allows without an anchor."""

    exit_code = 6


class RunFailedError(RunnerError):
    """A run failed or was rolled back."""

    exit_code = 1


def fill(message: str, facts: dict[str, Fact]) -> str:
    """Translate a message id and put the facts in; a missing fact shows as its name rather than failing."""
    return _(message).format_map(_Facts(facts))


class _Facts(dict[str, Fact]):
    def __missing__(self, name: str) -> str:
        return "{" + name + "}"
