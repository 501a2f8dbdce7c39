"""Somebody of a vendor over the socket: of every path they see what their grant lists, and nothing tells of more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from runner.client.service import Service
from runner.errors import RefusedError
from runner.model.grant import Appoint, Enrol, Leave, SetVendor
from runner.model.people import Vendor
from runner.model.request import Request
from runner.model.run import RunRecord, RunState
from runner.model.statement import StatementKind
from runner.rules import statements
from runner.service.permissions import LISTED, PERMISSIONS, Permission, Share, share_of
from runner.wire import api
from runner.wire.api_request import PlanAsked
from runner.wire.documents import to_document
from tests.desk_grants import granted
from tests.desk_site import HOSTS, RUNBOOK
from tests.desk_world import ALICE, BOB, CAROL, DAVE, NOW, World
from tests.integration.service.conftest import Served, serving
from tests.integration.service.signing_in import Asking, asking, refusal, signed_in_only
from tests.integration.service.test_permissions import SOME, filled

TERMS = Vendor("North", "carol", NOW + timedelta(days=300), "Q-1", ("web-restart",), ("web",))
CORE = "runbooks/restart/core-restart.yml"
HIDDEN = ("core-restart", "core1", "the core is slow")
"""What stands in everything that is not theirs."""


@dataclass(frozen=True)
class Things:
    """One of each that can be asked for."""

    request: Request
    run: RunRecord
    statement: str
    blob: str

    def path(self, path: str) -> str:
        """The path of a route, about these things."""
        digest = self.request.content if path.startswith(api.PUBLICATIONS) else self.request.plan
        values = {
            "{digest}": digest.removeprefix("sha256:"),
            "{sha256}": self.blob,
            "{number}": self.request.number,
            "{statement}": self.statement,
            "{run:path}": self.run.id,
        }
        for parameter, value in {**SOME, **values}.items():
            path = path.replace(parameter, value)
        return path


@dataclass(frozen=True)
class Site:
    """A service of alice, bob, carol of operations, and dave of a vendor, whom carol answers for."""

    served: Served
    somebody: Asking
    theirs: Things
    others: Things

    @property
    def world(self) -> World:
        return self.served.world


def enrolled(world: World) -> None:
    granted(world, Enrol("carol", "", "", CAROL.key.public.to_line()))
    granted(world, Appoint("carol", "member"))
    granted(world, Enrol("dave", "", "", DAVE.key.public.to_line(), TERMS))


def changed(world: World, content: str, reason: str) -> Request:
    """An approved change by published content."""
    number = world.request(ALICE, world.plan(content), reason).request
    world.approve(BOB, number)
    return world.found_request(number)


def over(world: World, run: str) -> RunRecord:
    """A run that holds nothing any more."""
    with world.store.writing() as transaction:
        transaction.locks.release(run)
    return world.change_run(run, state=RunState.CLOSED, ended_at=NOW)


def things(world: World, request: Request, run: RunRecord) -> Things:
    with world.store.reading() as transaction:
        files = transaction.publications.get(request.content).content.files
        statement = transaction.statements.of(request.number)[0].signed.id
    [blob] = [file.sha256 for file in files if file.path.startswith("runbooks/")]
    return Things(request, run, statement, blob)


@pytest.fixture
def site(world: World, short_folder: Path) -> Iterator[Site]:
    root = world.site.root
    (root / CORE).write_text(RUNBOOK.replace("web-restart", "core-restart").replace("group: web", "group: core"))
    hosts = HOSTS + "    core:\n      hosts:\n        core1: {ansible_connection: local}\n"
    (root / "inventory/test/hosts.yml").write_text(hosts)
    signed_in_only(world)
    enrolled(world)
    other = changed(world, world.publish(runbook=CORE), HIDDEN[2])
    started = world.start(ALICE, other.number)
    world.confirm(BOB, started)
    others = things(world, other, over(world, started.run))
    mine = changed(world, world.publish(), "leak")
    begun = world.start(DAVE, mine.number)
    world.confirm(CAROL, begun, "dave")
    theirs = things(world, mine, world.run(begun.run))
    socket = short_folder / "s"
    with serving(world, socket) as parts, Service(socket) as client, asking(socket, world.clock) as somebody:
        yield Site(Served(world, parts, socket, client), somebody, theirs, others)


def walked() -> list[tuple[str, str]]:
    """Every path at which a session is looked at."""
    ones_own = {Permission.READ, Permission.READ_LOG, Permission.EXPORT}
    return sorted(route for route, permission in PERMISSIONS.items() if permission in ones_own)


SINGLE = sorted(path for method, path in LISTED if method == "GET" and "{" in path)


def said(body: dict[str, Any], *values: str) -> str:
    """An error without what it is about."""
    text = str({key: body[key] for key in ("error", "message", "hint", "rule")})
    for value in values:
        text = text.replace(value, "…")
    return text


class TestTable:
    def test_nothing_is_shown_of_a_path_about_which_nobody_has_said_otherwise(self) -> None:
        assert share_of("GET", "/v1/new") is Share.NONE
        assert {share_of(*route) for route in walked() if route not in LISTED} == {Share.NONE}
        assert all(PERMISSIONS[route] is Permission.READ for route in LISTED)

    def test_log_register_grants_policy_inventory_and_secrets_are_none_of_theirs(self) -> None:
        hidden = (api.ENTRIES, api.REGISTER, api.GRANTS, api.POLICY, api.INVENTORY, api.SECRETS, api.CONFIG)
        assert {share_of("GET", path) for path in hidden} == {Share.NONE}
        assert share_of("POST", api.BUNDLES) is Share.NONE


class TestWalk:
    def test_what_is_not_theirs_at_all_is_answered_as_what_does_not_exist(self, site: Site) -> None:
        token = site.somebody.sign_in(DAVE)
        walked_paths = [route for route in walked() if share_of(*route) is Share.NONE]
        assert len(walked_paths) > 12
        for method, path in walked_paths:
            asked = site.theirs.path(path)
            found = site.somebody.ask(method, asked, {} if method == "POST" else None, token)
            nothing = site.somebody.ask(method, "/v1/nothing", {} if method == "POST" else None, token)
            assert found.status_code == 404, path
            assert said(found.json(), asked) == said(nothing.json(), "/v1/nothing"), path

    def test_one_thing_of_others_is_answered_as_one_that_does_not_exist(self, site: Site) -> None:
        token = site.somebody.sign_in(DAVE)
        alice = site.somebody.sign_in(ALICE)
        for path in SINGLE:
            asked = site.others.path(path)
            assert site.somebody.ask("GET", asked, token=alice).status_code == 200, path
            found, missing = (site.somebody.ask("GET", each, token=token) for each in (asked, filled(path)))
            assert (found.status_code, missing.status_code) == (404, 404), path
            there, not_there = (each.removeprefix(path.partition("{")[0]) for each in (asked, filled(path)))
            assert said(found.json(), there) == said(missing.json(), not_there), path

    def test_one_thing_of_theirs_is_shown(self, site: Site) -> None:
        token = site.somebody.sign_in(DAVE)
        for path in SINGLE:
            assert site.somebody.ask("GET", site.theirs.path(path), token=token).status_code == 200, path

    def test_no_answer_tells_of_what_is_not_theirs(self, site: Site) -> None:
        token = site.somebody.sign_in(DAVE)
        hidden = (*HIDDEN, site.others.request.number, site.others.request.plan, site.others.request.content)
        for method, path in sorted(PERMISSIONS):
            if method != "GET" or path == api.EVENTS:
                continue
            answer = site.somebody.ask(method, site.theirs.path(path), token=token)
            assert [each for each in hidden if each in answer.text] == [], path


class TestLists:
    def rows(self, site: Site, path: str, key: str, field: str) -> list[str]:
        answer = site.somebody.ask("GET", path, token=site.somebody.sign_in(DAVE))
        assert answer.status_code == 200, answer.text
        return [each[field] for each in answer.json()[key]]

    def test_hold_what_their_grant_lists(self, site: Site) -> None:
        assert self.rows(site, api.RUNBOOKS, "runbooks", "id") == ["web-restart"]
        assert self.rows(site, api.REQUESTS, "rows", "number") == [site.theirs.request.number]
        assert self.rows(site, api.RUNS, "rows", "id") == [site.theirs.run.id]
        assert self.rows(site, api.STANDING + "?all=true", "rows", "until") == []
        assert self.rows(site, api.PEOPLE, "people", "name") == ["dave"]
        assert self.rows(site, api.WAITING, "acts", "run") == [site.theirs.run.id]
        assert self.rows(site, api.WAITING + "?person=alice", "acts", "run") == []

    def test_a_page_goes_past_what_they_do_not_see(self, site: Site) -> None:
        older = site.theirs.request.number
        for _ in range(3):
            changed_again = site.world.plan(site.others.request.content)
            site.world.request(ALICE, changed_again, HIDDEN[2])
        assert self.rows(site, api.REQUESTS + "?limit=1", "rows", "number") == [older]
        token = site.somebody.sign_in(DAVE)
        page = site.somebody.ask("GET", api.REQUESTS + "?limit=1", token=token).json()
        assert page["next"] is None
        hidden = f"{api.REQUESTS}?before={site.others.request.number}"
        assert site.somebody.ask("GET", hidden, token=token).status_code == 404
        hidden = f"{api.RUNS}?before={site.others.run.id}"
        assert site.somebody.ask("GET", hidden, token=token).status_code == 404

    def test_a_host_beyond_their_grant_takes_all_of_it_out_of_sight(self, site: Site) -> None:
        granted(site.world, SetVendor("dave", replace(TERMS, groups=("core",))))
        assert self.rows(site, api.REQUESTS, "rows", "number") == []
        assert self.rows(site, api.RUNS, "rows", "id") == []
        assert self.rows(site, api.RUNBOOKS, "runbooks", "id") == ["web-restart"]

    def test_everybody_else_sees_all_of_it(self, site: Site) -> None:
        token = site.somebody.sign_in(CAROL)
        for path, count in ((api.REQUESTS, 2), (api.RUNS, 2)):
            assert len(site.somebody.ask("GET", path, token=token).json()["rows"]) == count


class TestPlans:
    def test_they_plan_what_their_grant_lists(self, site: Site) -> None:
        token = site.somebody.sign_in(DAVE)
        made = site.somebody.ask("POST", api.PLANS, to_document(PlanAsked(runbook="web-restart")), token)
        assert made.status_code == 200, made.text

    @pytest.mark.parametrize("name", ["core-restart", "core-restar", "nothing"])
    def test_a_runbook_of_others_is_not_even_hinted_at(self, site: Site, name: str) -> None:
        answer = site.somebody.ask("POST", api.PLANS, to_document(PlanAsked(runbook=name)), site.somebody.sign_in(DAVE))
        assert answer.status_code == 404
        assert answer.json()["facts"] in ({"name": name, "near": "web-restart"}, {"name": name, "near": None})

    def test_neither_is_its_content_or_a_host(self, site: Site) -> None:
        token = site.somebody.sign_in(DAVE)
        by_content = to_document(PlanAsked(content=site.others.request.content))
        assert site.somebody.ask("POST", api.PLANS, by_content, token).status_code == 404
        granted(site.world, SetVendor("dave", replace(TERMS, groups=("core",))))
        answers = [
            site.somebody.ask("POST", api.PLANS, to_document(asked), token)
            for asked in (
                PlanAsked(runbook="web-restart"),
                PlanAsked(runbook="web-restart", parameters={"unknown": 1}),
            )
        ]
        assert [answer.status_code for answer in answers] == [400, 400]
        assert answers[0].text == answers[1].text


class TestStream:
    def test_they_follow_their_own_run(self, site: Site) -> None:
        headers = {"authorization": f"Bearer {site.somebody.sign_in(DAVE)}"}
        path = f"{api.EVENTS}?run={site.theirs.run.id}&after=0"
        with site.somebody.http.stream("GET", path, headers=headers) as stream:
            assert any(f'"run":"{site.theirs.run.id}"' in line for line in stream.iter_lines())

    def test_but_no_other(self, site: Site) -> None:
        token = site.somebody.sign_in(DAVE)
        for narrowed in (f"run={site.others.run.id}", f"request={site.others.request.number}", "run=nothing"):
            assert site.somebody.ask("GET", f"{api.EVENTS}?{narrowed}", token=token).status_code == 404

    def test_and_nothing_of_a_stream_of_everything(self, site: Site) -> None:
        headers = {"authorization": f"Bearer {site.somebody.sign_in(DAVE)}"}
        seen: list[str] = []
        with site.somebody.http.stream("GET", f"{api.EVENTS}?after=0", headers=headers, timeout=0.5) as stream:
            lines = stream.iter_lines()
            with pytest.raises(httpx.ReadTimeout):
                seen.extend(lines)
        assert [line for line in seen if line.startswith("event:")] == ["event: hello"]


class TestSupervision:
    def test_their_run_is_flagged(self, site: Site) -> None:
        token = site.somebody.sign_in(CAROL)
        rows = site.somebody.ask("GET", api.RUNS + "?vendor=true", token=token).json()["rows"]
        assert [(row["id"], row["vendor"], row["confirmer"]) for row in rows] == [
            (site.theirs.run.id, "North", "carol")
        ]

    @pytest.mark.parametrize("kind", [StatementKind.PAUSE, StatementKind.ABORT])
    def test_who_confirmed_it_stops_it_alone(self, site: Site, kind: StatementKind) -> None:
        make = {StatementKind.PAUSE: statements.pause_content, StatementKind.ABORT: statements.abort_content}[kind]
        run = site.theirs.run
        outcome = site.world.submit(CAROL, kind, run.id, make(run.id, "not what was agreed"))
        assert outcome.complete

    def test_they_confirm_nobodys_run(self, site: Site) -> None:
        over(site.world, site.theirs.run.id)
        request = changed(site.world, site.theirs.request.content, "again")
        started = site.world.start(ALICE, request.number)
        with pytest.raises(RefusedError) as caught:
            site.world.confirm(DAVE, started)
        assert (caught.value.rule, caught.value.exit_code) == ("L2:vendor-confirms", 4)

    def test_their_session_ends_with_the_contract_and_with_the_sponsor(self, site: Site) -> None:
        token = site.somebody.sign_in(DAVE)
        granted(site.world, Leave("carol", "moved away"))
        assert refusal(site.somebody.ask("GET", api.RUNS, token=token)) == (401, "access:session-over")


class TestWithoutSession:
    def test_nobody_reads_without_one_where_somebody_of_a_vendor_is_enrolled(
        self, world: World, short_folder: Path
    ) -> None:
        socket = short_folder / "s"
        with serving(world, socket), asking(socket, world.clock) as somebody:
            assert somebody.ask("GET", api.RUNS).status_code == 200
            enrolled(world)
            assert refusal(somebody.ask("GET", api.RUNS)) == (401, "access:no-session")
            assert somebody.ask("GET", api.STATUS).json()["people"] == []
            assert somebody.ask("GET", api.RUNS, token=somebody.sign_in(ALICE)).status_code == 200
