"""Published and proposed content, and the inventory, as people see them."""

from __future__ import annotations

from runner.engine.desk.premises import Premises
from runner.engine.desk.turns import publication_act
from runner.errors import InvalidContentError, NotFoundError, RunnerError, UsageError
from runner.model.nearest import nearest
from runner.model.request import Publication
from runner.model.runbook import Family, Risk
from runner.model.text import Text
from runner.runbook.loader import parse_runbook
from runner.service.queries import split_page
from runner.service.sight import Sight
from runner.service.statement_view import statement_shown
from runner.store.store import Transaction
from runner.wire.api_content import (
    HostLock,
    InventoryShown,
    PublicationPage,
    PublicationRow,
    PublicationShown,
    RunbookList,
    RunbookRow,
)
from runner.words import N_


def runbook_list(premises: Premises, transaction: Transaction, sight: Sight) -> RunbookList:
    """The newest publication of each version of each runbook that is seen, by family and id, newest version first."""
    rows = [
        _runbook_row(premises, publication)
        for publication in transaction.publications.newest_of_each()
        if sight.runbook(publication.runbook_id)
    ]
    return RunbookList(tuple(sorted(rows, key=lambda row: (row.family, row.id, -row.version))))


def publication_page(publications: tuple[Publication, ...], limit: int) -> PublicationPage:
    """One page of publications, out of one more than it holds."""
    shown, last = split_page(publications, limit)
    return PublicationPage(tuple(_publication_row(each) for each in shown), last.digest if last else None)


def publication_shown(premises: Premises, transaction: Transaction, digest: str) -> PublicationShown:
    """One publication with all a countersigner needs.

    Raises:
        NotFoundError: there is no such content.
    """
    publication = transaction.publications.get(digest)
    before = transaction.publications.find_newest(publication.runbook_id, before=digest)
    return PublicationShown(
        row=_publication_row(publication),
        content=publication.content,
        statements=tuple(statement_shown(statement) for statement in transaction.statements.of(digest)),
        turn=publication_act(premises, transaction, publication),
        before=before.digest if before else None,
    )


def inventory_shown(premises: Premises, transaction: Transaction) -> InventoryShown:
    """The inventory as its files say now, or why they cannot be used."""
    site = premises.site
    locks = transaction.locks.all()
    try:
        inventory = premises.planner.inventory()
    except UsageError as error:
        problems = error.problems if isinstance(error, InvalidContentError) else (str(error),)
        shown = tuple(HostLock(lock.identity, "", lock.run, lock.exclusive, lock.since) for lock in locks)
        return InventoryShown(site.environment, site.production, (), (), shown, problems)
    names = {host.identity: host.name for host in inventory.hosts}
    return InventoryShown(
        environment=site.environment,
        production=site.production,
        hosts=inventory.hosts,
        groups=inventory.groups,
        locks=tuple(
            HostLock(lock.identity, names.get(lock.identity, ""), lock.run, lock.exclusive, lock.since)
            for lock in locks
        ),
    )


def find_publication(transaction: Transaction, sight: Sight, runbook: str, content: str) -> Publication:
    """The published content that is to be planned: by its digest, or the newest of a runbook.

    Raises:
        NotFoundError: nothing is published under that name.
        UsageError: neither is named, or both.
    """
    if bool(runbook) == bool(content):
        raise UsageError(N_("plan: name either a runbook or a content digest"))
    if content:
        return sight.require_publication(content)
    publication = transaction.publications.find_newest(runbook) if sight.runbook(runbook) else None
    if publication is None:
        known = {known.runbook_id for known in transaction.publications.newest_of_each()}
        near = nearest(runbook, filter(sight.runbook, known))
        hint = N_('did you mean "{near}"?') if near else N_("publish it with: twokey runbook publish")
        raise NotFoundError(N_('runbook "{name}": is not published'), hint=hint, name=runbook[:80], near=near)
    return publication


def _runbook_row(premises: Premises, publication: Publication) -> RunbookRow:
    """A runbook in a list; one that today's language refuses is listed with its problem."""
    try:
        source = premises.planner.source_of(publication.content)
        runbook = parse_runbook(source.encode(), publication.content.runbook)
    except RunnerError as error:
        return _row(
            publication, Family.MAINTENANCE, Text(publication.runbook_id, publication.runbook_id), problem=str(error)
        )
    return _row(publication, runbook.family, runbook.title, runbook.owner, runbook.risk)


def _row(
    publication: Publication,
    family: Family,
    title: Text,
    owner: str = "",
    risk: Risk = Risk.ORDINARY,
    problem: str = "",
) -> RunbookRow:
    return RunbookRow(
        id=publication.runbook_id,
        version=publication.version,
        path=publication.content.runbook,
        family=family,
        title=title,
        owner=owner,
        risk=risk,
        content=publication.digest,
        state=publication.state,
        author=publication.author,
        countersigner=publication.countersigner,
        at=publication.at,
        problem=problem,
    )


def _publication_row(publication: Publication) -> PublicationRow:
    return PublicationRow(
        digest=publication.digest,
        runbook_id=publication.runbook_id,
        version=publication.version,
        runbook=publication.content.runbook,
        state=publication.state,
        author=publication.author,
        countersigner=publication.countersigner,
        at=publication.at,
        files=len(publication.content.files),
    )
