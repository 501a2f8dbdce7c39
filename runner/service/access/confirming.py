"""Statements that a person confirms with password and code, each for itself, under a session of their own."""

from __future__ import annotations

from runner.engine.desk.admission import read_statement
from runner.engine.desk.desk import Desk
from runner.engine.desk.premises import Premises
from runner.errors import RefusedError
from runner.model.access import Session
from runner.model.statement import Statement
from runner.rules.sessions import require_own_session
from runner.service.access.key_sign_in import refused
from runner.service.access.password_sign_in import PasswordSignIns
from runner.wire.api_access import PasswordSignIn
from runner.wire.api_request import Confirmed, Outcome


class Confirming:
    """Takes such statements in. Its work takes a processor for a while: call it where that disturbs nobody."""

    def __init__(self, premises: Premises, passwords: PasswordSignIns, desk: Desk) -> None:
        self._premises = premises
        self._passwords = passwords
        self._desk = desk

    def statement(self, asked: Confirmed) -> Statement:
        """What is to be confirmed, strictly read.

        Raises:
            UsageError: it is no statement.
        """
        return read_statement(asked.statement.encode("utf-8", errors="surrogatepass"))

    def confirm(self, asked: Confirmed, session: Session, source: str = "") -> Outcome:
        """Check whose session, password and code it is, in this order; then deal with the statement.

        The code is used up before anything else is decided, so that it confirms this statement and no other.

        Args:
            asked: the statement's text, password and code.
            session: the one it comes in.
            source: from where, as the operating system says; empty when it does not.

        Raises:
            RefusedError: the session is another person's, the password is wrong, or the statement is refused.
            UsageError: it is no statement.
        """
        person = self.statement(asked).person
        try:
            require_own_session(session.person, person, self._premises.policy.sessions)
        except RefusedError as error:
            refused(self._premises, session.person, error.rule, session.peer)
            raise
        self._passwords.confirm(PasswordSignIn(person, asked.password, asked.code), session.peer)
        return self._desk.attest(asked.statement, person, source)
