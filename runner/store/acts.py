"""Joint acts that wait for their second signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from runner.errors import NotFoundError, RefusedError
from runner.model.document import JsonObject
from runner.model.joint import ActSignature, ActState, JointAct
from runner.model.statement import StatementKind
from runner.proof.canonical import digest_of
from runner.store.columns import given_id
from runner.store.documents import document_to_text, object_from_text
from runner.store.tables import act_signatures, acts
from runner.words import N_


class ActStore:
    """Joint acts: gates, decisions, sheets and closes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sign(
        self,
        kind: StatementKind,
        run: str,
        content: JsonObject,
        signature: ActSignature,
        until: datetime | None = None,
    ) -> JointAct:
        """Put a signature under the open act with this content; the first signature opens it.

        Args:
            kind: kind of the signed statement.
            run: run it is about.
            content: exactly what was signed.
            signature: whose, by which statement.
            until: when the act lapses, if this signature opens it.

        Returns:
            The act with this signature; whether it is complete, policy decides.

        Raises:
            RefusedError: this person has signed it already.
        """
        act = self.find_open(kind, run, content) or self._open(kind, run, content, signature.at, until)
        try:
            self._connection.execute(
                insert(act_signatures).values(
                    act=act.id, person=signature.person, statement=signature.statement, at=signature.at
                )
            )
        except IntegrityError as error:
            raise RefusedError(
                N_("run {run}: {person} has signed this already; the other person's signature is still missing"),
                rule="L2:signed-before",
                run=run,
                person=signature.person,
            ) from error
        return replace(act, signatures=(*act.signatures, signature))

    def find_open(self, kind: StatementKind, run: str, content: JsonObject) -> JointAct | None:
        """The open act of that kind with exactly this content."""
        rows = self._connection.execute(
            select(acts).where(
                acts.c.run == run,
                acts.c.state == ActState.OPEN,
                acts.c.kind == kind,
                acts.c.digest == digest_of(content),
            )
        )
        return next(iter(self._complete(rows.all())), None)

    def get(self, id: int) -> JointAct:
        """The act of that number.

        Raises:
            NotFoundError: there is none.
        """
        rows = self._connection.execute(select(acts).where(acts.c.id == id)).all()
        if not rows:
            raise NotFoundError(N_("act {id}: does not exist"), id=id)
        return self._complete(rows)[0]

    def open_of(self, run: str) -> tuple[JointAct, ...]:
        """Open acts of a run, oldest first."""
        rows = self._connection.execute(
            select(acts).where(acts.c.run == run, acts.c.state == ActState.OPEN).order_by(acts.c.id)
        )
        return self._complete(rows.all())

    def open(self) -> tuple[JointAct, ...]:
        """Open acts of all runs, oldest first."""
        rows = self._connection.execute(select(acts).where(acts.c.state == ActState.OPEN).order_by(acts.c.id))
        return self._complete(rows.all())

    def finish(self, id: int) -> None:
        """Record that an act has taken effect.

        Raises:
            RefusedError: it is no longer open.
        """
        changed = self._connection.execute(
            update(acts).where(acts.c.id == id, acts.c.state == ActState.OPEN).values(state=ActState.DONE)
        ).rowcount
        if not changed:
            raise RefusedError(N_("act {id}: is no longer open"), rule="state:changed-meanwhile", id=id)

    def drop(self, id: int) -> None:
        """Record that an act has lapsed."""
        self._drop(acts.c.id == id)

    def drop_open_of(self, run: str) -> None:
        """Drop every open act of a run's two people, because the run went on otherwise; its review is of others."""
        self._drop((acts.c.run == run) & (acts.c.kind != StatementKind.REVIEW))

    def _drop(self, which: ColumnElement[bool]) -> None:
        self._connection.execute(
            update(acts).where(which, acts.c.state == ActState.OPEN).values(state=ActState.DROPPED)
        )

    def _open(
        self, kind: StatementKind, run: str, content: JsonObject, at: datetime, until: datetime | None
    ) -> JointAct:
        digest = digest_of(content)
        inserted = self._connection.execute(
            insert(acts).values(
                kind=kind,
                run=run,
                content=document_to_text(content),
                digest=digest,
                state=ActState.OPEN,
                opened_at=at,
                until=until,
            )
        )
        return JointAct(given_id(inserted), kind, run, content, digest, ActState.OPEN, at, until, ())

    def _complete(self, rows: Sequence[Row[*tuple[Any, ...]]]) -> tuple[JointAct, ...]:
        """Acts with their signatures."""
        if not rows:
            return ()
        signatures: dict[int, list[ActSignature]] = {row.id: [] for row in rows}
        for row in self._connection.execute(
            select(act_signatures).where(act_signatures.c.act.in_(signatures)).order_by(act_signatures.c.id)
        ):
            signatures[row.act].append(ActSignature(row.person, row.statement, row.at))
        return tuple(
            JointAct(
                id=row.id,
                kind=row.kind,
                run=row.run,
                content=object_from_text(row.content),
                digest=row.digest,
                state=row.state,
                opened_at=row.opened_at,
                until=row.until,
                signatures=tuple(signatures[row.id]),
            )
            for row in rows
        )
