"""What every backend of the terminal UI does alike: the demonstration, and the live one over a real service."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace

import pytest

from runner.errors import NotFoundError, RefusedError, SignatureError, UnreachableError, UsageError, VerificationError
from runner.model.log import LogFilter
from runner.model.request import RequestState
from runner.model.result import Achievement
from runner.model.run import Choice, Question, RunState
from runner.model.statement import StatementKind
from runner.wire.api_audit import EntryShown, Hello
from tests.benches import Bench
from tests.waiting import wait_until
from tui.backend import Backend, StreamEvent
from tui.intents import Approve, Close, Confirm, Decide, Pause, Reject, Start, intent_of


def test_the_service_says_what_it_is(bench: Bench) -> None:
    status = bench.backend.open()
    assert len(status.people) == 2
    assert abs((status.now - bench.backend.now()).total_seconds()) < 60


def test_changes_are_listed_newest_first_page_by_page(bench: Bench) -> None:
    everything = bench.backend.changes(None, 200)
    assert everything.next is None
    numbers = [row.request.number for row in everything.rows]
    assert numbers == sorted(numbers, reverse=True)
    paged, before = [], None
    while True:
        page = bench.backend.changes(before, 2)
        assert len(page.rows) <= 2
        paged += [row.request.number for row in page.rows]
        before = page.next
        if before is None:
            break
    assert paged == numbers
    rows = {row.request.number: row for row in everything.rows}
    assert rows[bench.changes.submitted].act is not None
    assert rows[bench.changes.submitted].run is None


def test_a_plan_is_the_requests(bench: Bench) -> None:
    shown = bench.backend.change(bench.changes.approved)
    planned = bench.backend.plan(shown.request.plan)
    assert planned.plan.digests == shown.digests
    assert planned.rollback_decision_by is not None
    assert shown.acts[0].kind is StatementKind.START


def test_what_does_not_exist_is_not_found(bench: Bench) -> None:
    with pytest.raises(NotFoundError):
        bench.backend.change("BG-2026-9999")
    with pytest.raises(NotFoundError):
        bench.backend.run("BG-2026-9999/1")
    with pytest.raises(NotFoundError):
        bench.backend.plan("sha256:" + "0" * 64)


def test_a_key_tells_its_person(bench: Bench) -> None:
    executor, confirmer = bench.key(bench.executor), bench.key(bench.confirmer)
    assert executor.person != confirmer.person
    assert executor.fingerprint.startswith("SHA256:")
    (own,) = bench.backend.keys()
    assert own.person == executor.person
    with pytest.raises(SignatureError) as refusal:
        bench.key(bench.stranger)
    assert refusal.value.rule == "L1:unknown-key"


def test_a_key_that_was_put_away_signs_no_more(bench: Bench) -> None:
    key = bench.key(bench.confirmer)
    prepared = bench.backend.prepare(Approve(bench.changes.submitted), key)
    bench.backend.forget_key(key)
    with pytest.raises(UsageError, match="put away"):
        bench.backend.sign(prepared)


def test_the_text_to_sign_names_person_plan_and_hosts(bench: Bench) -> None:
    shown = bench.backend.change(bench.changes.approved)
    prepared = bench.backend.prepare(Start(bench.changes.approved), bench.key(bench.executor))
    assert prepared.content["plan"] == shown.request.plan
    assert prepared.sentence.facts["person"] == prepared.key.person
    assert prepared.hosts == tuple(host.name for host in bench.backend.plan(shown.request.plan).plan.binding.hosts)


def test_a_refusal_names_its_rule_and_changes_nothing(bench: Bench) -> None:
    own = bench.backend.prepare(Approve(bench.changes.submitted), bench.key(bench.executor))
    with pytest.raises(RefusedError) as refusal:
        bench.backend.sign(own)
    assert refusal.value.rule == "L2:approver-is-requester"
    assert refusal.value.hint
    assert bench.backend.change(bench.changes.submitted).request.state is RequestState.SUBMITTED
    newest = bench.backend.entries(LogFilter(), None, 20).rows
    assert any(entry.tag == "service:statement:refused" for entry in newest)


def test_a_rejection_is_signed(bench: Bench) -> None:
    outcome = bench.sign(Reject(bench.changes.rejected, "no"), bench.confirmer)
    assert outcome.state == RequestState.REJECTED
    assert bench.backend.change(bench.changes.rejected).request.state is RequestState.REJECTED


def test_two_people_carry_out_a_run_and_the_stream_tells_it(bench: Bench) -> None:
    backend = bench.backend
    heard = Heard(backend)
    started = bench.sign(Start(bench.changes.approved), bench.executor)
    run = started.run
    assert started.next is not None
    assert (started.next.kind, started.next.people) == (StatementKind.CONFIRM, (bench.key(bench.confirmer).person,))
    with pytest.raises(RefusedError) as refusal:
        bench.sign(Confirm(run), bench.executor)
    assert refusal.value.rule == "L2:confirmer-is-executor"
    assert backend.run(run).row.state is RunState.CONFIRMING
    assert bench.sign(Confirm(run), bench.confirmer).complete
    heard.waits_for("person:run:confirm_signed", run)
    row = next(row for row in backend.changes(None, 50).rows if row.request.number == bench.changes.approved)
    assert row.run is not None
    assert row.run.id == run
    abandoned(bench, run)
    heard.waits_for("person:run:result_signed", run)
    assert backend.run(run).row.state is RunState.CLOSED
    backend.close()
    heard.ends()


def abandoned(bench: Bench, run: str) -> None:
    """Pause a run that waits for its people, and end it where it stands; both sign that, and its result."""
    wait_until(lambda: waits_for_people(bench, run), 30, "the run to come to its first gate or sheet")
    paused = bench.sign(Pause(run, "enough"), bench.confirmer)
    assert (paused.run, paused.complete) == (run, True)
    asked = bench.backend.run(run).asked
    assert asked is not None
    assert (asked.question, asked.number) == (Question.PAUSED, 0)
    first = bench.sign(Decide(run, Choice.ABANDON, "it was a test"), bench.executor)
    assert not first.complete
    assert first.next is not None
    second = intent_of(first.next)
    assert second == Decide(run, Choice.ABANDON, "it was a test")
    bench.sign(second, bench.confirmer)
    wait_until(lambda: bench.backend.run(run).row.state is RunState.ABANDONED, 30, "the run to be abandoned")
    for path in (bench.executor, bench.confirmer):
        bench.sign(Close(run, Achievement("nothing", "it was a test")), path)


def waits_for_people(bench: Bench, run: str) -> bool:
    bench.go_on()
    return bench.backend.run(run).row.state in (RunState.AT_GATE, RunState.AT_SHEET)


class Heard:
    """What the stream has told since it was listened to."""

    def __init__(self, backend: Backend) -> None:
        self._events: list[StreamEvent] = []
        self._thread = threading.Thread(target=self._listen, args=(backend,), daemon=True)
        self._thread.start()
        wait_until(lambda: self._events, 10, "the stream to begin")
        assert isinstance(self._events[0], Hello)

    def waits_for(self, tag: str, run: str) -> None:
        wait_until(lambda: (tag, run) in self._told(), 10, f"{tag} in the stream")

    def ends(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _told(self) -> list[tuple[str, object]]:
        return [(event.tag, event.about.get("run")) for event in self._events if isinstance(event, EntryShown)]

    def _listen(self, backend: Backend) -> None:
        with suppress(UnreachableError):
            for event in backend.events(None):
                self._events.append(event)


def test_an_entry_is_proven_and_a_forged_one_is_not(bench: Bench) -> None:
    entry = settled(bench.backend)
    proven = bench.backend.prove(entry)
    assert proven.entry == entry
    assert proven.size > (entry.index or 0)
    assert proven.payload_proven == (entry.payload is not None)
    forged = replace(entry, leaf={**entry.leaf, "tag": "person:request:withdrawn"})
    with pytest.raises(VerificationError):
        bench.backend.prove(forged)


def test_entries_are_paged_and_narrowed(bench: Bench) -> None:
    wanted = LogFilter(request=bench.changes.submitted)
    page = bench.backend.entries(wanted, None, 1)
    assert {entry.about["request"] for entry in page.rows} == {bench.changes.submitted} or page.rows == ()
    everything = bench.backend.entries(LogFilter(), None, 200).rows
    assert [entry.id for entry in everything] == sorted((entry.id for entry in everything), reverse=True)


def settled(backend: Backend) -> EntryShown:
    """An entry with a payload that has its place in the tree."""
    found = wait_until(
        lambda: [each for each in backend.entries(LogFilter(), None, 50).rows if each.index is not None],
        10,
        "an entry in the tree",
    )
    return found[0]
