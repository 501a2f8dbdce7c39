from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runner.errors import UsageError, VerificationError
from runner.model.document import JsonObject, JsonValue
from runner.model.plan import (
    Binding,
    Content,
    ContentFile,
    Digests,
    PlanDocument,
    Runtime,
    SecretRef,
    Unbound,
    UnboundKind,
)
from runner.model.runbook import Risk, Targets
from runner.rules.plans import open_plan, plan_digests
from runner.wire.documents import from_document, to_document
from tests.runbooks import added, binding, change, host, play, runbook, window

SOURCE = "kind: Runbook\n"
RUNBOOK = runbook(
    added("backup"),
    change("up", play=play("up", path="{{ outputs.backup.path }}")),
    targets=Targets(group="all", batch=1),
    secrets=("token",),
)
UNBOUND = Unbound(UnboundKind.OUTPUT, "up", "{{ outputs.backup.path }}", allowed=True)
LOOKUP = Unbound(UnboundKind.LOOKUP, "playbooks/up.yml:3", "lookup('env', 'X')", allowed=False)
CONTENT = Content(
    "runbooks/change.yml",
    (
        ContentFile("playbooks/up.yml", "ab" * 32, 12),
        ContentFile("playbooks/run.sh", "cd" * 32, 3, executable=True),
        ContentFile("runbooks/change.yml", hashlib.sha256(SOURCE.encode()).hexdigest(), len(SOURCE)),
    ),
)
BINDING = replace(
    binding(("a",), ("b",), parameters={"version": "15.7"}),
    window=window(),
    secrets=(SecretRef("token", "vault", "3"),),
)
RUNTIME = Runtime("0.1.0", "2.19.14", "2.4.3", "3.11.7", ("ansible.posix 2.0.0",))


def document(content: Content = CONTENT, bound: Binding = BINDING, runtime: Runtime = RUNTIME) -> PlanDocument:
    parts = to_document(content), to_document(bound), to_document(runtime)
    return PlanDocument(plan_digests(*parts), *parts, SOURCE, (UNBOUND, LOOKUP))


def digests(content: Content = CONTENT, bound: Binding = BINDING, runtime: Runtime = RUNTIME) -> Digests:
    return document(content, bound, runtime).digests


def changed(before: Digests, after: Digests) -> set[str]:
    parts = ("content", "binding", "runtime", "plan")
    return {part for part in parts if getattr(before, part) != getattr(after, part)}


def with_file(place: int, **fields: object) -> Content:
    files = list(CONTENT.files)
    files[place] = replace(files[place], **fields)  # type: ignore[arg-type]  # fields of ContentFile
    return replace(CONTENT, files=tuple(files))


@given(place=st.integers(0, 2), data=st.binary())
def test_a_changed_byte_changes_the_content_and_the_plan_and_nothing_else(place: int, data: bytes) -> None:
    sha256 = hashlib.sha256(data).hexdigest()
    assume(sha256 != CONTENT.files[place].sha256)
    assert changed(digests(), digests(content=with_file(place, sha256=sha256))) == {"content", "plan"}


@pytest.mark.parametrize("place", range(3))
def test_the_executable_bit_does_too(place: int) -> None:
    flipped = with_file(place, executable=not CONTENT.files[place].executable)
    assert changed(digests(), digests(content=flipped)) == {"content", "plan"}


@pytest.mark.parametrize(
    "change_of",
    [
        lambda bound: replace(bound, environment="other"),
        lambda bound: replace(bound, production=True),
        lambda bound: replace(bound, parameters={"version": "15.8"}),
        lambda bound: replace(bound, parameters={}),
        lambda bound: replace(bound, window=None),
        lambda bound: replace(bound, window=window(5)),
        lambda bound: replace(bound, batches=(("b",), ("a",))),
        lambda bound: replace(bound, batches=(("a", "b"),)),
        lambda bound: replace(bound, hosts=(*bound.hosts, host("c"))),
        lambda bound: replace(bound, hosts=(replace(bound.hosts[0], identity="hostkey:x"), bound.hosts[1])),
        lambda bound: replace(bound, hosts=(replace(bound.hosts[0], host_keys=("ssh-ed25519 x",)), bound.hosts[1])),
        lambda bound: replace(bound, hosts=(replace(bound.hosts[0], variables={"port": 1}), bound.hosts[1])),
        lambda bound: replace(bound, groups=(replace(bound.groups[0], variables={"port": "1"}),)),
        lambda bound: replace(bound, secrets=(SecretRef("token", "vault", "4"),)),
    ],
)
def test_what_is_bound_changes_the_binding_and_the_plan_and_nothing_else(
    change_of: Callable[[Binding], Binding],
) -> None:
    assert changed(digests(), digests(bound=change_of(BINDING))) == {"binding", "plan"}


@given(
    one=st.dictionaries(st.text(), st.text() | st.integers(-9, 9) | st.booleans()),
    other=st.dictionaries(st.text(), st.text() | st.integers(-9, 9) | st.booleans()),
)
def test_different_variables_always_show(one: dict[str, JsonValue], other: dict[str, JsonValue]) -> None:
    first, second = (digests(bound=replace(BINDING, parameters=given)) for given in (one, other))
    same = one == other and all(type(one[name]) is type(other[name]) for name in one)
    assert changed(first, second) == (set() if same else {"binding", "plan"})


@pytest.mark.parametrize("field", ["twokey", "ansible_core", "ansible_runner", "python"])
def test_a_version_changes_the_runtime_and_the_plan_and_nothing_else(field: str) -> None:
    other = from_document(Runtime, {**to_document(RUNTIME), field: "9"})
    assert changed(digests(), digests(runtime=other)) == {"runtime", "plan"}


def test_the_same_parts_give_the_same_plan() -> None:
    assert digests() == digests()
    assert len({digests().content, digests().binding, digests().runtime, digests().plan}) == 4


def opened(stored: PlanDocument) -> object:
    return open_plan(stored, RUNBOOK, from_document)


def test_a_true_document_opens_into_its_plan() -> None:
    plan = open_plan(document(), RUNBOOK, from_document)
    assert (plan.content, plan.binding, plan.runtime) == (CONTENT, BINDING, RUNTIME)
    assert plan.digests == document().digests
    assert plan.risk is Risk.ORDINARY
    assert plan.unbound == (UNBOUND, LOOKUP)
    assert plan.rollback_estimate == 300


@pytest.mark.parametrize("part", ["content", "binding", "runtime", "plan"])
def test_a_digest_that_is_not_of_its_part_is_refused(part: str) -> None:
    stored = document()
    forged = replace(stored, digests=replace(stored.digests, **{part: "sha256:" + "0" * 64}))
    with pytest.raises(VerificationError) as refusal:
        opened(forged)
    assert refusal.value.facts["part"] == part


def test_a_part_changed_after_it_was_signed_is_refused() -> None:
    stored = document()
    bound: JsonObject = {**stored.binding, "production": True}
    with pytest.raises(VerificationError):
        opened(replace(stored, binding=bound))


def test_another_runbook_source_is_refused() -> None:
    with pytest.raises(VerificationError):
        opened(replace(document(), runbook_source=SOURCE + "#"))


def test_content_without_its_runbook_is_refused() -> None:
    with pytest.raises(UsageError):
        opened(document(content=replace(CONTENT, files=CONTENT.files[:2])))


@pytest.mark.parametrize("batches", [(("a", "b"),), (("a",),), (("a",), ("b",), ("b",))])
def test_batches_the_targets_do_not_make_are_refused(batches: tuple[tuple[str, ...], ...]) -> None:
    with pytest.raises((VerificationError, UsageError)):
        opened(document(bound=replace(BINDING, batches=batches)))


@pytest.mark.parametrize(
    "stated",
    [(), (LOOKUP,), (UNBOUND, replace(UNBOUND, place="backup")), (replace(UNBOUND, what="{{ outputs.x.y }}"),)],
)
def test_a_list_of_what_is_unbound_that_is_not_true_is_refused(stated: tuple[Unbound, ...]) -> None:
    with pytest.raises(VerificationError):
        opened(replace(document(), unbound=stated))


def test_a_part_of_another_shape_is_refused() -> None:
    stored = document()
    odd: JsonObject = {**stored.runtime, "more": 1}
    forged = replace(stored, runtime=odd, digests=plan_digests(stored.content, stored.binding, odd))
    with pytest.raises(UsageError):
        opened(forged)
