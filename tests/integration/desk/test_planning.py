"""Plans of published content, and what has changed since one was made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.errors import InvalidContentError, NotFoundError, RefusedError, UsageError
from runner.model.plan import PlanDocument, UnboundKind
from runner.rules.plans import plan_digests
from runner.wire.api_request import PlanAsked
from tests.desk_world import ALICE, BOB, WINDOW, World

THREE_HOSTS = """\
all:
  children:
    web:
      hosts:
        web1: {ansible_connection: local}
        web2: {ansible_connection: local}
        web3: {ansible_connection: local}
    other:
      hosts:
        db1: {ansible_connection: local}
"""


def make(world: World, **asked: object) -> PlanDocument:
    with world.store.reading() as transaction:
        publication = transaction.publications.newest_of_each()[0]
    return world.premises.planner.make(publication, PlanAsked(window=WINDOW, **asked))  # type: ignore[arg-type]  # named by the test


def edit(world: World, path: str, old: str, new: str) -> None:
    file = world.site.root / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_plan_comes_out_the_same_every_time(world: World) -> None:
    world.publish()
    first, second = make(world), make(world)
    assert first == second
    assert first.digests == plan_digests(first.content, first.binding, first.runtime)


def test_a_plan_is_of_what_is_published_not_of_what_lies_there(world: World) -> None:
    world.publish()
    before = make(world)
    edit(world, "playbooks/web/restart.yml", "restart", "anything else")
    edit(world, "runbooks/restart/web-restart.yml", "version: 1", "version: 2")
    assert make(world) == before


def test_a_change_takes_fewer_hosts_never_others(world: World) -> None:
    (world.site.inventory / "hosts.yml").write_text(THREE_HOSTS)
    world.publish()
    assert make(world).binding["batches"] == [["web1", "web2", "web3"]]
    some = make(world, hosts=("web3", "web1"))
    assert some.binding["batches"] == [["web1", "web3"]]
    assert "web2" not in str(some.binding)
    with pytest.raises(UsageError) as caught:
        make(world, hosts=("db1",))
    assert caught.value.facts["host"] == "db1"


def test_parameters_are_settled(world: World) -> None:
    world.publish()
    assert make(world).binding["parameters"] == {"reason_code": 1}
    assert make(world, parameters={"reason_code": "7"}).binding["parameters"] == {"reason_code": 7}
    with pytest.raises(NotFoundError):
        make(world, parameters={"reason": 7})


def test_a_lookup_to_the_outside_is_listed_and_keeps_the_plan_from_being_requested(world: World) -> None:
    edit(world, "playbooks/web/restart.yml", '"true"', "\"echo {{ lookup('ansible.builtin.env', 'HOME') }}\"")
    document = world.plan(world.publish())
    (unbound,) = document.unbound
    assert (unbound.kind, unbound.allowed) == (UnboundKind.LOOKUP, False)
    assert unbound.place.startswith("playbooks/web/restart.yml:")
    with pytest.raises(RefusedError) as caught:
        world.request(ALICE, document)
    assert caught.value.rule == "L3:unbound"
    assert caught.value.facts["place"] == unbound.place


def test_a_task_handed_to_a_host_outside_the_plan_is_refused(world: World) -> None:
    (world.site.inventory / "hosts.yml").write_text(THREE_HOSTS)
    edit(world, "playbooks/web/restart.yml", "changed_when: true", "changed_when: true\n      delegate_to: web2")
    world.publish()
    assert make(world).binding["batches"] == [["web1", "web2", "web3"]]
    with pytest.raises(InvalidContentError) as caught:
        make(world, hosts=("web1",))
    assert "web2" in caught.value.problems[0]


def test_every_difference_is_named(world: World) -> None:
    plan = world.open(world.plan(world.publish()).digests.plan)
    planner = world.premises.planner
    assert planner.changes_of(plan) == ()
    edit(world, "inventory/test/hosts.yml", "colour: green", "colour: 5, shape: round")
    planner.runtime = replace(planner.runtime, python="2.7.18")
    changes = planner.changes_of(plan)
    assert [(change.place, change.approved, change.present) for change in changes] == [
        ("binding.groups.all.variables.colour", "green", "5"),
        ("binding.groups.all.variables.shape", "(absent)", "round"),
        ("runtime.python", plan.runtime.python, "2.7.18"),
    ]
    assert [change.is_binding for change in changes] == [True, True, False]


SECRETS = """\
apiVersion: twokey/v1
kind: Secrets
secrets:
  token: {version: '1', environment: TOKEN, for: [web]}
"""


def _with_a_secret(world: World) -> None:
    (world.site.inventory / "secrets.yml").write_text(SECRETS, "utf-8")
    edit(world, "runbooks/restart/web-restart.yml", "targets:", "secrets: [token]\ntargets:")


@pytest.mark.parametrize(
    "before, after, place",
    [
        ("version: '1'", "version: '2'", "binding.secrets.token.version"),
        ("environment: TOKEN", "environment: OTHER", "binding.secrets.token.source"),
        ("  token:", "  tokens:", "binding"),
        ("for: [web]", "for: [db1]", "binding"),
        ("kind: Secrets", "kind: Secret", "binding"),
    ],
)
def test_a_secret_that_is_declared_differently_is_a_difference(
    world: World, before: str, after: str, place: str
) -> None:
    (world.site.inventory / "hosts.yml").write_text(THREE_HOSTS)
    _with_a_secret(world)
    document = world.plan(world.publish())
    plan = world.open(document.digests.plan)
    assert [secret.name for secret in plan.binding.secrets] == ["token"]
    assert world.premises.planner.changes_of(plan) == ()
    edit(world, "inventory/test/secrets.yml", before, after)
    assert [change.place for change in world.premises.planner.changes_of(plan)] == [place]


def test_a_template_that_uses_a_secret_the_runbook_does_not_name_is_refused(world: World) -> None:
    (world.site.inventory / "secrets.yml").write_text(SECRETS, "utf-8")
    edit(world, "playbooks/web/restart.yml", '"true"', '"echo {{ token | upper }}"')
    world.publish()
    with pytest.raises(InvalidContentError) as caught:
        make(world)
    assert '"token" is a secret' in caught.value.problems[0]
    assert caught.value.problems[0].startswith("playbooks/web/restart.yml:")
    edit(world, "playbooks/web/restart.yml", "{{ token | upper }}", "{{ 'token' | upper }} {{ colour.token }}")
    edit(world, "runbooks/restart/web-restart.yml", "version: 1", "version: 2")
    world.publish()
    assert make(world).binding["secrets"] == []


def test_an_earlier_version_is_still_planned_by_its_digest(world: World) -> None:
    first = world.publish()
    edit(world, "runbooks/restart/web-restart.yml", "version: 1", "version: 2")
    second = world.publish(author=BOB, other=ALICE)
    assert first != second
    assert world.plan(first).digests.content == first
    with world.store.reading() as transaction:
        newest = transaction.publications.find_newest("web-restart")
    assert newest is not None
    assert newest.digest == second
