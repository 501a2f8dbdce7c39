from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runner.client.content import (
    LocalContent,
    author_draft,
    local_content,
    proposal,
    reach_of_shown,
    require_lookups_listed,
    unpublished_plan,
)
from runner.client.drafts import open_document
from runner.client.service import Service
from runner.errors import InvalidContentError, NotFoundError, UsageError, VerificationError
from runner.model.plan import Unbound, UnboundKind
from runner.model.site import Site
from runner.runbook.content_tree import Blob
from runner.wire.api import MAX_FILE, MAX_FILES
from runner.wire.api_request import PlanAsked, Signed
from tests.desk_site import write_site
from tests.stub_service import Raw, StubService, stub_service

SIGNED = Signed("statement", "signature")
RUNBOOK = "runbooks/restart/web-restart.yml"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return write_site(tmp_path)


def test_a_runbook_is_named_by_id_or_path(site: Site) -> None:
    by_id, by_path = local_content(site, "web-restart"), local_content(site, RUNBOOK)
    assert by_id == by_path
    assert by_id.path == site.root / RUNBOOK


def test_a_runbook_that_is_not_there(site: Site) -> None:
    with pytest.raises(NotFoundError) as raised:
        local_content(site, "web-restrat")
    assert "web-restart" in raised.value.advice()


def test_every_byte_and_the_executable_bit_count(site: Site) -> None:
    play = site.root / "playbooks/web/restart.yml"
    digests = [local_content(site, "web-restart").digest]
    play.write_text(play.read_text() + "\n")
    digests.append(local_content(site, "web-restart").digest)
    play.chmod(0o755)
    digests.append(local_content(site, "web-restart").digest)
    assert len(set(digests)) == 3
    (site.root / "playbooks/web/unused.yml").write_text("- hosts: all\n")
    assert local_content(site, "web-restart").digest == digests[-1]


def test_an_author_signs_the_content_as_its_author(site: Site) -> None:
    local = local_content(site, "web-restart")
    draft = author_draft(local)
    assert (draft.subject, draft.content["part"], draft.content["version"]) == (local.digest, "author", 1)


def test_a_proposal_holds_exactly_what_is_reached(site: Site) -> None:
    local = local_content(site, "web-restart")
    proposed = proposal(local, SIGNED)
    assert proposed.runbook == RUNBOOK
    assert {file.path: base64.b64decode(file.data) for file in proposed.files} == {
        path: (site.root / path).read_bytes()
        for path in (RUNBOOK, "playbooks/web/restart.yml", "playbooks/web/health.yml")
    }
    assert (proposed.statement, proposed.signature) == ("statement", "signature")


@pytest.mark.parametrize(
    "blobs",
    [
        {f"playbooks/{number}": Blob(b"") for number in range(MAX_FILES + 1)},
        {"playbooks/large": Blob(b"x" * (MAX_FILE + 1))},
    ],
    ids=["too many", "too large"],
)
def test_more_than_fits_is_said_before_it_is_sent(site: Site, blobs: dict[str, Blob]) -> None:
    local = local_content(site, "web-restart")
    grown = LocalContent(local.path, replace(local.reach, blobs=blobs), local.digest)
    with pytest.raises(UsageError, match="fit"):
        proposal(grown, SIGNED)


def test_unpublished_content_is_planned_and_marked(site: Site) -> None:
    document = unpublished_plan(site, local_content(site, "web-restart"), PlanAsked(parameters={"reason_code": "3"}))
    plan = open_document(document)
    assert not document.published
    assert plan.binding.parameters == {"reason_code": 3}
    assert plan.binding.batches == (("web1",),)


@pytest.mark.parametrize(
    "asked, what",
    [
        (PlanAsked(parameters={"reason_cod": "3"}), "reason_cod"),
        (PlanAsked(parameters={"reason_code": "10"}), "reason_code"),
        (PlanAsked(hosts=("web2",)), "web2"),
    ],
)
def test_wrong_wishes_are_told(site: Site, asked: PlanAsked, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        unpublished_plan(site, local_content(site, "web-restart"), asked)


def test_an_invalid_inventory_is_told(site: Site) -> None:
    (site.inventory / "hosts.yml").write_text("all: {hosts: {web1: }}\nall: {}\n")
    with pytest.raises(InvalidContentError):
        unpublished_plan(site, local_content(site, "web-restart"), PlanAsked())


@pytest.fixture
def stub(short_folder: Path) -> Iterator[StubService]:
    with stub_service(short_folder / "s") as stub:
        yield stub


@pytest.fixture
def service(stub: StubService, short_folder: Path) -> Iterator[Service]:
    with Service(short_folder / "s") as service:
        yield service


def offered(stub: StubService, local: LocalContent) -> None:
    """Let the service have the bytes of some content."""
    for blob in local.reach.blobs.values():
        stub.says(f"GET /v1/blobs/{hashlib.sha256(blob.data).hexdigest()}", Raw(blob.data))


def test_content_is_derived_anew_from_the_services_bytes(site: Site, service: Service, stub: StubService) -> None:
    local = local_content(site, "web-restart")
    offered(stub, local)
    assert reach_of_shown(service, None, local.reach.content, local.digest) == local.reach
    assert len(stub.asked) == 3


def test_own_files_are_used_where_they_are_the_same(site: Site, service: Service, stub: StubService) -> None:
    local = local_content(site, "web-restart")
    offered(stub, local)
    changed = site.root / "playbooks/web/health.yml"
    changed.write_text("- hosts: all\n")
    assert reach_of_shown(service, site.root, local.reach.content, local.digest) == local.reach
    assert len(stub.asked) == 1


def test_other_bytes_than_the_manifests_are_refused(site: Site, service: Service, stub: StubService) -> None:
    local = local_content(site, "web-restart")
    offered(stub, local)
    sha256 = local.reach.content.files[0].sha256
    stub.says(f"GET /v1/blobs/{sha256}", Raw(b"- hosts: all\n"))
    with pytest.raises(VerificationError, match=local.reach.content.files[0].path):
        reach_of_shown(service, None, local.reach.content, local.digest)


def test_another_manifest_than_the_signed_one_is_refused(site: Site, service: Service) -> None:
    local = local_content(site, "web-restart")
    fewer = replace(local.reach.content, files=local.reach.content.files[1:])
    with pytest.raises(VerificationError, match="list of files"):
        reach_of_shown(service, None, fewer, local.digest)


def test_a_plan_must_list_what_is_looked_up_outside(site: Site) -> None:
    local = local_content(site, "web-restart")
    plan = open_document(unpublished_plan(site, local, PlanAsked()))
    require_lookups_listed(plan, local.reach)
    looked_up = Unbound(UnboundKind.LOOKUP, "playbooks/web/restart.yml:5", "lookup('env', 'X')", allowed=False)
    with pytest.raises(VerificationError, match=r"restart\.yml:5"):
        require_lookups_listed(plan, replace(local.reach, unbound=(looked_up,)))
    with pytest.raises(VerificationError, match=r"restart\.yml:5"):
        require_lookups_listed(replace(plan, unbound=(*plan.unbound, looked_up)), local.reach)
