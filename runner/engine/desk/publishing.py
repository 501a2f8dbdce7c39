"""Publication: content signed by its author with its bytes, then by another person (L1)."""

from __future__ import annotations

from runner.engine.desk.case import Case
from runner.engine.desk.facts import publication_facts
from runner.engine.desk.turns import publication_act
from runner.errors import RefusedError
from runner.model.log import About
from runner.model.request import Publication, PublicationState
from runner.proof.canonical import digest_of
from runner.rules.statements import AUTHOR, COUNTERSIGNER, publish_content
from runner.rules.tags import Tag
from runner.runbook.closure import Reach
from runner.wire.api import Words
from runner.wire.api_request import Outcome
from runner.wire.documents import to_document
from runner.words import N_


def propose(case: Case, reach: Reach) -> Outcome:
    """Record content with its author's signature; its bytes are kept already.

    Args:
        case: the author's statement.
        reach: what the uploaded runbook reaches, as the service derived it.

    Raises:
        RefusedError: it was proposed or published before, or the statement says something else than the bytes.
    """
    manifest, runbook = to_document(reach.content), reach.runbook
    digest = digest_of(manifest)
    case.require_content(digest, publish_content(digest, runbook.id, runbook.version, AUTHOR))
    known = case.transaction.publications.find(digest)
    if known is not None:
        raise RefusedError(
            N_("content {digest}: is {state} already, by {author}"),
            rule="L1:proposed-before",
            digest=digest,
            state=known.state.value,
            author=known.author,
        )
    case.require_policy(publication_facts(case.premises, case.transaction, None))
    publication = Publication(
        digest=digest,
        content=reach.content,
        runbook_id=runbook.id,
        version=runbook.version,
        state=PublicationState.PROPOSED,
        author=case.person.name,
        at=case.now,
    )
    case.record(Tag.PUBLICATION_PROPOSED, About(content=digest), {"manifest": manifest})
    case.transaction.publications.add(publication)
    return _outcome(case, publication, N_("{author} proposes runbook {runbook} version {version}"))


def countersign(case: Case) -> Outcome:
    """Publish proposed content with the other person's signature.

    Raises:
        RefusedError: it is not proposed, or its author signs again.
        NotFoundError: no such content was proposed.
    """
    digest = case.statement.subject
    publication = case.transaction.publications.get(digest)
    content = publish_content(digest, publication.runbook_id, publication.version, COUNTERSIGNER)
    case.require_content(digest, content)
    case.require_policy(publication_facts(case.premises, case.transaction, publication))
    case.record(Tag.PUBLICATION_COUNTERSIGNED, About(content=digest))
    case.transaction.publications.publish(digest, case.person.name, case.now)
    case.note(
        Tag.PUBLICATION_PUBLISHED,
        About(content=digest),
        {"runbook": publication.runbook_id, "version": publication.version, "author": publication.author},
    )
    published = case.transaction.publications.get(digest)
    return _outcome(case, published, N_("runbook {runbook} version {version} is published"))


def _outcome(case: Case, publication: Publication, message: str) -> Outcome:
    return Outcome(
        statement=case.signed.id,
        kind=case.statement.kind,
        subject=publication.digest,
        state=publication.state.value,
        complete=publication.state is PublicationState.PUBLISHED,
        message=Words(
            message,
            {
                "runbook": publication.runbook_id,
                "version": publication.version,
                "author": publication.author,
            },
        ),
        next=publication_act(case.premises, case.transaction, publication),
    )
