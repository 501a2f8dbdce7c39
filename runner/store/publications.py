"""Publications, and plans made from published content."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, ScalarSelect, func, insert, select, update

from runner.errors import NotFoundError, RefusedError
from runner.model.plan import Content, PlanDocument
from runner.model.request import Publication, PublicationState
from runner.store.columns import given_id
from runner.store.documents import value_from_text, value_to_text
from runner.store.pages import newest_first
from runner.store.tables import plans, publications, published_files
from runner.words import N_


class PublicationStore:
    """Content signed by its author, and by another person once it is published."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, publication: Publication) -> None:
        """Record a publication; each content digest is recorded once."""
        inserted = self._connection.execute(
            insert(publications).values(
                digest=publication.digest,
                runbook=publication.runbook_id,
                version=publication.version,
                state=publication.state,
                author=publication.author,
                countersigner=publication.countersigner,
                at=publication.at,
                content=value_to_text(publication.content),
            )
        )
        place = given_id(inserted)
        files = {file.sha256 for file in publication.content.files}
        self._connection.execute(
            insert(published_files), [{"sha256": sha256, "publication": place} for sha256 in sorted(files)]
        )

    def publish(self, digest: str, countersigner: str, at: datetime) -> None:
        """Countersign proposed content.

        Raises:
            RefusedError: it is not waiting for a countersignature.
        """
        changed = self._connection.execute(
            update(publications)
            .where(publications.c.digest == digest, publications.c.state == PublicationState.PROPOSED)
            .values(state=PublicationState.PUBLISHED, countersigner=countersigner, at=at)
        ).rowcount
        if not changed:
            raise RefusedError(
                N_("content {digest}: does not wait for a countersignature"),
                rule="L1:not-proposed",
                digest=digest,
            )

    def find(self, digest: str) -> Publication | None:
        """The publication of that content digest."""
        row = self._connection.execute(select(publications).where(publications.c.digest == digest)).one_or_none()
        return None if row is None else _publication(row)

    def get(self, digest: str) -> Publication:
        """The publication of that content digest.

        Raises:
            NotFoundError: no such content was proposed or published.
        """
        if (publication := self.find(digest)) is None:
            raise no_publication(digest)
        return publication

    def find_newest(self, runbook: str, *, before: str | None = None) -> Publication | None:
        """The published content of a runbook with its highest version; the newest of those when there are several.

        Args:
            runbook: id of the runbook.
            before: only what was recorded before this content.
        """
        query = select(publications).where(
            publications.c.runbook == runbook, publications.c.state == PublicationState.PUBLISHED
        )
        if before is not None:
            query = query.where(publications.c.id < _place(before))
        row = self._connection.execute(
            query.order_by(publications.c.version.desc(), publications.c.id.desc()).limit(1)
        ).one_or_none()
        return None if row is None else _publication(row)

    def newest_of_each(self) -> tuple[Publication, ...]:
        """For each runbook and version the newest publication, by runbook, highest version first."""
        newest = select(func.max(publications.c.id)).group_by(publications.c.runbook, publications.c.version)
        rows = self._connection.execute(
            select(publications)
            .where(publications.c.id.in_(newest))
            .order_by(publications.c.runbook, publications.c.version.desc())
        )
        return tuple(_publication(row) for row in rows)

    def page(
        self, limit: int, *, states: Collection[PublicationState] = (), before: str | None = None
    ) -> tuple[Publication, ...]:
        """Publications newest first.

        Args:
            limit: how many at most.
            states: only these; empty means all.
            before: content digest of the last row of the page before.
        """
        older = [] if before is None else [publications.c.id < _place(before)]
        rows = newest_first(self._connection, publications, publications.c.id, limit, states, *older)
        return tuple(_publication(row) for row in rows)

    def runbooks_with(self, sha256: str) -> tuple[str, ...]:
        """Runbooks of which any proposed or published content holds a file with these bytes."""
        query = (
            select(publications.c.runbook)
            .join(published_files, published_files.c.publication == publications.c.id)
            .where(published_files.c.sha256 == sha256)
        )
        return tuple(dict.fromkeys(self._connection.execute(query).scalars()))


class PlanStore:
    """Plans as they were computed, by digest."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, plan: PlanDocument) -> None:
        """Keep a plan; one with the same digest is the same plan and stays."""
        if self.find(plan.digests.plan) is None:
            self._connection.execute(
                insert(plans).values(
                    digest=plan.digests.plan, content=plan.digests.content, document=value_to_text(plan)
                )
            )

    def find(self, digest: str) -> PlanDocument | None:
        """The plan of that digest."""
        text = self._connection.execute(select(plans.c.document).where(plans.c.digest == digest)).scalar_one_or_none()
        return None if text is None else value_from_text(PlanDocument, text)

    def get(self, digest: str) -> PlanDocument:
        """The plan of that digest.

        Raises:
            NotFoundError: it was never made here.
        """
        if (plan := self.find(digest)) is None:
            raise no_plan(digest)
        return plan


def no_publication(digest: str) -> NotFoundError:
    """No content of that digest was proposed or published."""
    return NotFoundError(N_("content {digest}: is not published"), digest=digest)


def no_plan(digest: str) -> NotFoundError:
    """No plan of that digest was made here."""
    return NotFoundError(N_("plan {digest}: does not exist"), digest=digest)


def _place(digest: str) -> ScalarSelect[int]:
    return select(publications.c.id).where(publications.c.digest == digest).scalar_subquery()


def _publication(row: Row[*tuple[Any, ...]]) -> Publication:
    return Publication(
        digest=row.digest,
        content=value_from_text(Content, row.content),
        runbook_id=row.runbook,
        version=row.version,
        state=row.state,
        author=row.author,
        at=row.at,
        countersigner=row.countersigner,
    )
