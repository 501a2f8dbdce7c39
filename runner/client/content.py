"""Content as it lies in the person's own site: what is proposed for publication, and what is read before that.

Nothing of it is executed. Its digest is the one the service derives again from the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from runner.client.drafts import Draft, publish
from runner.client.service import Service
from runner.errors import UsageError, VerificationError
from runner.model.plan import Content, ContentFile, Plan, PlanDocument, UnboundKind
from runner.model.site import Site
from runner.proof.canonical import digest_of
from runner.rules.statements import AUTHOR
from runner.runbook.closure import Reach, reach_of, reach_of_file
from runner.runbook.content_tree import Blob, BlobTree, FolderTree
from runner.runbook.inventory import load_inventory
from runner.runbook.loader import resolve_runbook
from runner.runbook.planning import Surroundings, installed_runtime, make_plan
from runner.runbook.secret_sources import load_secrets
from runner.runbook.settings import load_policy
from runner.wire.api import MAX_FILE, MAX_FILES
from runner.wire.api_content import Proposal, UploadedFile
from runner.wire.api_request import PlanAsked, Signed
from runner.wire.documents import to_document
from runner.words import N_


@dataclass(frozen=True, slots=True)
class LocalContent:
    """A runbook on disk and everything it reaches, read once."""

    path: Path
    """The runbook's file."""
    reach: Reach
    digest: str
    """Content digest."""


def local_content(site: Site, runbook: str) -> LocalContent:
    """The content of a runbook of the site.

    Args:
        site: the site on disk.
        runbook: id or path of the runbook.

    Raises:
        NotFoundError: there is no such runbook.
        InvalidContentError: with every problem of it and of what it reaches.
    """
    path = resolve_runbook(site.root, runbook)
    reach = reach_of_file(site.root, path)
    return LocalContent(path, reach, digest_of(to_document(reach.content)))


def unpublished_plan(site: Site, local: LocalContent, asked: PlanAsked) -> PlanDocument:
    """The plan of content that is not published, to be read and not to be requested.

    Raises:
        NotFoundError: a host, group or parameter does not exist.
        UsageError: a parameter or the choice of hosts will not do.
        InvalidContentError: the site's inventory or policy has problems.
    """
    inventory = load_inventory(site)
    secrets = load_secrets(site, inventory)
    where = Surroundings(site, load_policy(site), inventory, installed_runtime(), secrets)
    return make_plan(local.reach, asked, where, published=False)


def author_draft(local: LocalContent) -> Draft:
    """What the author of content signs."""
    runbook = local.reach.runbook
    return publish(local.digest, runbook.id, runbook.version, AUTHOR)


def proposal(local: LocalContent, signed: Signed) -> Proposal:
    """The content with its author's signature, ready to be sent.

    Raises:
        UsageError: it is more than the service takes.
    """
    blobs = local.reach.blobs
    if len(blobs) > MAX_FILES:
        raise UsageError(N_("content: {got} files, at most {limit} fit"), got=len(blobs), limit=MAX_FILES)
    for path, blob in blobs.items():
        if len(blob.data) > MAX_FILE:
            raise UsageError(
                N_("content: {path} has {got} bytes, at most {limit} fit"),
                path=path,
                got=len(blob.data),
                limit=MAX_FILE,
            )
    files = tuple(
        UploadedFile(path, blob.executable, base64.b64encode(blob.data).decode("ascii")) for path, blob in blobs.items()
    )
    return Proposal(local.reach.content.runbook, files, signed.statement, signed.signature)


def reach_of_shown(service: Service, site: Path | None, content: Content, digest: str) -> Reach:
    """What content of the service reaches, derived anew from its bytes.

    Args:
        service: where the bytes are.
        site: folder of the person's own site, whose files are used where they are the same.
        content: the manifest as the service showed it.
        digest: the content digest that a person is to sign.

    Raises:
        VerificationError: manifest or bytes are not what the digest says.
        InvalidContentError: the content has problems.
    """
    if digest_of(to_document(content)) != digest:
        raise VerificationError(N_("content {digest}: its list of files is another one"), digest=digest)
    blobs = {file.path: _blob(service, site, file) for file in content.files}
    reach = reach_of(BlobTree(blobs), content.runbook)
    if reach.content != content:
        raise VerificationError(N_("content {digest}: its files are not those its runbook reaches"), digest=digest)
    return reach


def require_lookups_listed(plan: Plan, reach: Reach) -> None:
    """Refuse a plan that leaves out something its content looks up outside.

    Raises:
        VerificationError: the plan's list is another one.
    """
    expected = {(unbound.place, unbound.what) for unbound in reach.unbound}
    got = {(unbound.place, unbound.what) for unbound in plan.unbound if unbound.kind is UnboundKind.LOOKUP}
    if got != expected:
        place, what = min(got ^ expected)
        raise VerificationError(
            N_("plan: {place}: {what} is looked up outside and not listed, or wrongly so"), place=place, what=what
        )


def _blob(service: Service, site: Path | None, file: ContentFile) -> Blob:
    own = FolderTree(site).read(file.path) if site is not None else None
    data = own.data if own is not None else b""
    if hashlib.sha256(data).hexdigest() != file.sha256:
        data = service.blob(file.sha256)
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise VerificationError(N_("content: {path}: the service's bytes are others"), path=file.path)
    return Blob(data, file.executable)
