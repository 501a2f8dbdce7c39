from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runner.errors import NotFoundError, RefusedError, SignatureError
from runner.model.people import KeyHolder
from runner.model.request import PublicationState, RequestState
from runner.model.statement import StatementKind
from runner.model.time import Window
from runner.store.store import Store
from tests.stores import ANN, BOB, NOON, World, approval, digest, plan, publication, request, statement


def test_people_are_found_by_name_and_by_key(store: Store) -> None:
    with store.writing() as transaction:
        transaction.founders.add(BOB)
        transaction.founders.add(ANN)
    with store.reading() as transaction:
        assert transaction.founders.all() == (ANN, BOB)
        assert transaction.founders.get("bob") == BOB
        assert transaction.founders.find_by_key("SHA256:ann") == ANN
        assert transaction.founders.find("eve") is None
        with pytest.raises(NotFoundError):
            transaction.founders.get("eve")


@pytest.mark.parametrize("twin", [KeyHolder("ann", "other", "SHA256:other"), KeyHolder("eve", "other", "SHA256:ann")])
def test_no_name_and_no_key_belongs_to_two_people(store: Store, twin: KeyHolder) -> None:
    with store.writing() as transaction:
        transaction.founders.add(ANN)
    with pytest.raises(RefusedError) as refused, store.writing() as transaction:
        transaction.founders.add(twin)
    assert refused.value.rule == "L2:one-key-one-person"


def test_facts_about_the_installation_change(store: Store) -> None:
    with store.writing() as transaction:
        transaction.installation.put("site", "demo")
        transaction.installation.put("site", "bank")
    with store.reading() as transaction:
        assert transaction.installation.find("site") == "bank"
        assert transaction.installation.find("other") is None


def test_content_is_proposed_then_published(store: Store) -> None:
    proposed = publication()
    with store.writing() as transaction:
        transaction.publications.add(proposed)
        assert transaction.publications.find_newest("restart") is None
        assert transaction.publications.get(digest("1")) == proposed
    with store.writing() as transaction:
        transaction.publications.publish(digest("1"), "bob", NOON)
    published = replace(proposed, state=PublicationState.PUBLISHED, countersigner="bob")
    with store.reading() as transaction:
        assert transaction.publications.find_newest("restart") == published
        assert transaction.publications.runbooks_with("1" * 64) == ("restart",)
        assert not transaction.publications.runbooks_with("9" * 64)


def test_content_is_countersigned_once(store: Store) -> None:
    with store.writing() as transaction:
        transaction.publications.add(publication())
        transaction.publications.publish(digest("1"), "bob", NOON)
    with pytest.raises(RefusedError), store.writing() as transaction:
        transaction.publications.publish(digest("1"), "eve", NOON)
    with store.reading() as transaction:
        assert transaction.publications.get(digest("1")).countersigner == "bob"


def test_newest_publication_has_the_highest_version(store: Store) -> None:
    with store.writing() as transaction:
        for letter, version in (("1", 2), ("2", 3), ("3", 3), ("4", 1)):
            transaction.publications.add(publication(letter, version=version))
            transaction.publications.publish(digest(letter), "bob", NOON)
        transaction.publications.add(publication("5", version=9))
    with store.reading() as transaction:
        newest = transaction.publications.find_newest("restart")
        assert newest is not None
        assert newest.digest == digest("3")
        before = transaction.publications.find_newest("restart", before=digest("3"))
        assert before is not None
        assert before.digest == digest("2")
        assert [row.digest for row in transaction.publications.newest_of_each()] == [
            digest(letter) for letter in "5314"
        ]


def test_publications_are_paged_newest_first(store: Store) -> None:
    with store.writing() as transaction:
        for letter in "12345":
            transaction.publications.add(publication(letter))
        transaction.publications.publish(digest("2"), "bob", NOON)
    with store.reading() as transaction:
        first = transaction.publications.page(2)
        assert [row.digest for row in first] == [digest("5"), digest("4")]
        rest = transaction.publications.page(9, before=first[-1].digest)
        assert [row.digest for row in rest] == [digest("3"), digest("2"), digest("1")]
        published = transaction.publications.page(9, states=[PublicationState.PUBLISHED])
        assert [row.digest for row in published] == [digest("2")]


def test_a_plan_is_kept_once_and_read_back_as_it_was(store: Store) -> None:
    with store.writing() as transaction:
        transaction.plans.put(plan())
        transaction.plans.put(plan())
    with store.reading() as transaction:
        assert transaction.plans.get(digest("4")) == plan()
        with pytest.raises(NotFoundError):
            transaction.plans.get(digest("5"))


def test_numbers_have_no_gap_even_when_a_transaction_is_undone(store: Store) -> None:
    with store.writing() as transaction:
        transaction.plans.put(plan())
        assert transaction.requests.add(request()).number == "BG-2026-0001"
    with pytest.raises(ZeroDivisionError):
        _add_and_fail(store)
    with store.writing() as transaction:
        assert transaction.requests.add(request()).number == "BG-2026-0002"


def _add_and_fail(store: Store) -> None:
    with store.writing() as transaction:
        assert transaction.requests.add(request()).number == "BG-2026-0002"
        raise ZeroDivisionError


def test_a_year_of_numbers_begins_in_the_site_s_time_zone(store: Store) -> None:
    last = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)
    with store.writing() as transaction:
        transaction.plans.put(plan())
        numbers = [transaction.requests.add(request(at=at)).number for at in (last, last + timedelta(seconds=1))]
    assert numbers == ["BG-2026-0001", "BG-2027-0001"]


def test_requests_are_paged_and_filtered(store: Store) -> None:
    with store.writing() as transaction:
        transaction.plans.put(plan())
        numbers = [transaction.requests.add(request()).number for _ in range(5)]
        transaction.requests.set_state(numbers[1], RequestState.SUBMITTED, RequestState.REJECTED)
    with store.reading() as transaction:
        first = transaction.requests.page(2)
        assert [row.number for row in first] == [numbers[4], numbers[3]]
        rest = transaction.requests.page(9, before=first[-1].number)
        assert [row.number for row in rest] == [numbers[2], numbers[1], numbers[0]]
        open_ones = transaction.requests.page(9, states=[RequestState.SUBMITTED], before=numbers[2])
        assert [row.number for row in open_ones] == [numbers[0]]


def test_a_request_moves_only_from_where_it_was_seen(store: Store, world: World) -> None:
    with pytest.raises(RefusedError) as refused, store.writing() as transaction:
        transaction.requests.set_state(world.request.number, RequestState.SUBMITTED, RequestState.WITHDRAWN)
    assert refused.value.rule == "state:changed-meanwhile"
    with store.reading() as transaction:
        assert transaction.requests.get(world.request.number).state is RequestState.APPROVED


def test_a_rejected_request_is_revised_under_its_number(store: Store) -> None:
    with store.writing() as transaction:
        transaction.plans.put(plan())
        transaction.plans.put(plan("5"))
        first = transaction.requests.add(request())
        transaction.requests.set_state(first.number, RequestState.SUBMITTED, RequestState.REJECTED)
        revised = transaction.requests.revise(request(of="5", number=first.number, at=NOON + timedelta(hours=1)))
    assert (revised.number, revised.revision) == (first.number, 2)
    with store.reading() as transaction:
        assert transaction.requests.get(first.number) == revised
        (earlier,) = transaction.requests.revisions(first.number)
        assert (earlier.revision, earlier.plan, earlier.state) == (1, digest("4"), RequestState.REJECTED)


def test_only_a_rejected_request_is_revised(store: Store, world: World) -> None:
    with pytest.raises(RefusedError), store.writing() as transaction:
        transaction.requests.revise(request(number=world.request.number))


def test_requests_whose_window_has_closed_are_overdue(store: Store) -> None:
    windows = [Window(NOON, NOON + timedelta(hours=hours)) for hours in (1, 2, 3)]
    with store.writing() as transaction:
        transaction.plans.put(plan())
        numbers = [transaction.requests.add(request(window=window)).number for window in windows]
        transaction.requests.add(request())
        overdue = transaction.requests.overdue([RequestState.SUBMITTED], NOON + timedelta(hours=2))
    assert [row.number for row in overdue] == numbers[:2]


def test_a_statement_is_kept_with_its_bytes(store: Store, world: World) -> None:
    (said,) = world.statements
    with store.reading() as transaction:
        recorded = transaction.statements.get(said.id)
        assert (recorded.signed, recorded.recorded) == (said, NOON)
        assert transaction.statements.of(world.request.number) == (recorded,)
        assert tuple(transaction.statements.all()) == (recorded,)
        assert transaction.statements.has_nonce(said.statement.nonce)
        assert not transaction.statements.has_nonce("ff")


def test_a_nonce_is_good_for_one_statement(store: Store, world: World) -> None:
    used = world.statements[0].statement.nonce
    with pytest.raises(SignatureError) as refused, store.writing() as transaction:
        transaction.statements.put(statement(StatementKind.REJECT, "bob", "BG-2026-0002", nonce=used), NOON)
    assert refused.value.rule == "L4:nonce-used"


def test_an_approval_is_used_at_most_as_often_as_it_says(store: Store, world: World) -> None:
    number, of = world.request.number, world.request.plan
    with store.writing() as transaction:
        (used,) = transaction.approvals.consume(number, of, NOON, "")
    assert used.used == 1
    with pytest.raises(RefusedError) as refused, store.writing() as transaction:
        transaction.approvals.consume(number, of, NOON, "")
    assert refused.value.rule == "L4:used-up"
    with store.reading() as transaction:
        assert transaction.approvals.of(number) == (used,)


@pytest.mark.parametrize(
    "at,rule",
    [
        (NOON - timedelta(seconds=1), "L4:not-yet-valid"),
        (NOON + timedelta(days=1), "L4:no-longer-valid"),
    ],
)
def test_an_approval_is_used_only_in_its_time(store: Store, world: World, at: datetime, rule: str) -> None:
    with pytest.raises(RefusedError) as refused, store.writing() as transaction:
        transaction.approvals.consume(world.request.number, world.request.plan, at, "")
    assert refused.value.rule == rule


def test_an_approval_is_good_for_its_plan_only(store: Store, world: World) -> None:
    with pytest.raises(RefusedError) as refused, store.writing() as transaction:
        transaction.approvals.consume(world.request.number, digest("9"), NOON, "")
    assert refused.value.rule == "L4:not-approved"


def test_of_several_approvals_all_are_used_or_none(store: Store, world: World) -> None:
    said = statement(StatementKind.APPROVE, "eve", world.request.number)
    with store.writing() as transaction:
        transaction.statements.put(said, NOON)
        transaction.approvals.add(approval(world.request, said.id, approver="eve", max_runs=2))
        transaction.approvals.consume(world.request.number, world.request.plan, NOON, "")
    with pytest.raises(RefusedError), store.writing() as transaction:
        transaction.approvals.consume(world.request.number, world.request.plan, NOON, "")
    with store.reading() as transaction:
        assert [row.used for row in transaction.approvals.of(world.request.number)] == [1, 1]


def test_nobody_approves_a_plan_twice(store: Store, world: World) -> None:
    with pytest.raises(RefusedError), store.writing() as transaction:
        transaction.approvals.add(approval(world.request, world.statements[0].id))


def test_an_approval_is_good_under_its_policy_only(store: Store, world: World) -> None:
    with pytest.raises(RefusedError) as refused, store.writing() as transaction:
        transaction.approvals.consume(world.request.number, world.request.plan, NOON, digest("8"))
    assert refused.value.rule == "L4:not-approved"
