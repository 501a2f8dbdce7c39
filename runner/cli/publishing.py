"""`twokey runbook publish`: content is proposed by its author, then countersigned by another person who saw it."""

from __future__ import annotations

import argparse

from runner.cli.output import put, put_json, tell
from runner.cli.planning import find_publication
from runner.cli.runbook_text import print_difference, print_runbook
from runner.cli.session import Session
from runner.cli.signed import print_outcome, sign, stated
from runner.client import drafts
from runner.client.content import LocalContent, author_draft, local_content, proposal, reach_of_shown
from runner.errors import UsageError, VerificationError
from runner.model.request import PublicationState
from runner.runbook.closure import Reach
from runner.wire.api_content import PublicationShown
from runner.words import N_, _


def publish(here: Session, options: argparse.Namespace) -> int:
    """Propose the content on disk, or countersign it when somebody else has proposed it."""
    if options.content:
        return _countersign(here, _named(here, options), options)
    local = local_content(here.site, options.runbook)
    known = find_publication(here, local.digest)
    if known is None:
        return _propose(here, local, options)
    if known.row.state is PublicationState.PUBLISHED:
        return _say_published(known, options)
    return _countersign(here, known, options)


def _propose(here: Session, local: LocalContent, options: argparse.Namespace) -> int:
    if not (options.quiet or options.json):
        print_runbook(local)
        put()
    tell(_("this content is new here: you sign it as its author"))
    statement = stated(here, author_draft(local), options)
    outcome = here.service.propose(proposal(local, here.signatory.sign(statement)))
    print_outcome(here, outcome, as_json=options.json)
    return 0


def _countersign(here: Session, known: PublicationShown, options: argparse.Namespace) -> int:
    """Show what another person proposes, against what was published before, and sign it."""
    row = known.row
    reach = reach_of_shown(here.service, here.places.site, known.content, row.digest)
    _require_named(known, reach)
    if not (options.quiet or options.json):
        print_runbook(LocalContent(here.places.site / row.runbook, reach, row.digest))
        put()
        before = _reach_of_before(here, known)
        if before is not None:
            put(_("changed since the former publication:"), "strong")
            print_difference(before.blobs, reach.blobs)
    tell(_("proposed by {author}: you countersign it").format(author=row.author))
    return sign(here, drafts.countersign(known), options)


def _reach_of_before(here: Session, known: PublicationShown) -> Reach | None:
    """The former content of the same runbook; None for its first."""
    if known.before is None:
        return None
    before = here.service.publication(known.before)
    return reach_of_shown(here.service, here.places.site, before.content, before.row.digest)


def _named(here: Session, options: argparse.Namespace) -> PublicationShown:
    """The proposed content that was typed, which must be of the runbook that was typed."""
    known = here.service.publication(options.content)
    if known.row.runbook_id != options.runbook:
        raise UsageError(
            N_("content {digest}: it is runbook {id}, not {typed}"),
            digest=known.row.digest,
            id=known.row.runbook_id,
            typed=options.runbook,
        )
    return known


def _require_named(known: PublicationShown, reach: Reach) -> None:
    """Refuse content that is another runbook, or another version, than the service calls it."""
    runbook, row = reach.runbook, known.row
    if (runbook.id, runbook.version) != (row.runbook_id, row.version):
        raise VerificationError(
            N_("content {digest}: it is runbook {id} version {version}, and is not called so"),
            digest=row.digest,
            id=runbook.id,
            version=runbook.version,
        )


def _say_published(known: PublicationShown, options: argparse.Namespace) -> int:
    row = known.row
    if options.json:
        put_json(row)
    else:
        put(
            _("runbook {runbook} version {version} is published: by {author}, countersigned by {countersigner}").format(
                runbook=row.runbook_id, version=row.version, author=row.author, countersigner=row.countersigner
            )
        )
    return 0
