from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.engine.shim.executor import Ending
from runner.engine.shim.protocol import Say, Stand
from runner.engine.snapshot import remove_snapshot
from runner.model.run import AttemptState, HostOutcome
from tests.unit.engine.shim_world import HOSTS, World, make_order, running_shim
from tests.waiting import wait_until


@pytest.fixture
def world(awkward_folder: Path) -> Iterator[World]:
    with running_shim(awkward_folder) as running:
        yield running
    for snapshot in (awkward_folder / "snapshots").iterdir():
        remove_snapshot(snapshot)


def test_an_attempt_from_order_to_result(world: World) -> None:
    service, attempt = world.service(), world.order(target="15.9")
    service.say(Say.BEGIN, attempt.name)
    assert service.hear(Say.BEGUN).attempt == attempt.name
    work = world.executor.last
    assert work.begun_with == attempt.read_order()
    spool = work.spool
    for host in HOSTS:
        spool.task(host)
    assert service.hear(Say.TICK).attempt == attempt.name
    spool.close()
    work.end(Ending(seen=True, facts={"rc": 0}))
    ended = service.hear(Say.ENDED)
    result = attempt.find_result()
    assert result is not None
    assert (result.state, result.events, result.facts["rc"]) == (AttemptState.SUCCEEDED, ended.events, 0)
    assert result.outcomes == dict.fromkeys(HOSTS, HostOutcome.CHANGED)


def test_it_is_marked_begun_before_anything_is_let_go(world: World) -> None:
    service, attempt = world.service(), world.order()
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    assert world.executor.last.calls == ["begin"]  # the fake asserts that the mark is there
    assert attempt.begun.exists()


def test_an_attempt_begins_once_however_often_it_is_asked_for(world: World) -> None:
    service, other, attempt = world.service(), world.service(), world.order()
    for peer in (service, service, other):
        peer.say(Say.BEGIN, attempt.name)
        assert peer.hear(Say.BEGUN).attempt == attempt.name
    world.executor.last.spool.close()
    world.executor.last.end()
    service.hear(Say.ENDED)
    service.say(Say.BEGIN, attempt.name)
    assert service.hear(Say.ENDED).attempt == attempt.name
    assert [work.calls for work in world.executor.made] == [["begin"]]


def test_one_that_began_in_another_life_is_unknown_and_not_begun_again(world: World) -> None:
    service, attempt = world.service(), world.order()
    attempt.mark_begun()
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.ENDED)
    result = attempt.find_result()
    assert result is not None
    assert result.state is AttemptState.UNKNOWN
    assert world.executor.made == []


def test_attempts_follow_one_another_and_not_side_by_side(world: World) -> None:
    service, first, second = world.service(), world.order(1), world.order(2)
    service.say(Say.BEGIN, first.name)
    service.hear(Say.BEGUN)
    service.say(Say.BEGIN, second.name)
    assert service.hear(Say.REFUSED).attempt == second.name
    world.executor.last.end()
    service.hear(Say.ENDED)
    third = world.order(3)
    service.say(Say.BEGIN, third.name)
    assert service.hear(Say.BEGUN).attempt == third.name


def test_what_was_prepared_is_what_begins(world: World) -> None:
    service = world.service()
    guess = make_order(world.snapshot)
    service.say(Say.PREPARE, order=guess)
    wait_until(lambda: world.executor.made, 5, "something to be prepared")
    attempt = world.order(backup="/var/backup/7")
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    assert [work.calls for work in world.executor.made] == [["begin"]]
    assert world.executor.last.begun_with == attempt.read_order()


def test_a_wrong_guess_is_given_up(world: World) -> None:
    service = world.service()
    service.say(Say.PREPARE, order=make_order(world.snapshot, 7))
    attempt = world.order()
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    assert [work.calls for work in world.executor.made] == [["discard"], ["begin"]]


def test_the_next_is_prepared_while_the_present_one_goes_on(world: World) -> None:
    service, first = world.service(), world.order(1)
    service.say(Say.BEGIN, first.name)
    service.hear(Say.BEGUN)
    service.say(Say.PREPARE, order=make_order(world.snapshot, 2))
    wait_until(lambda: len(world.executor.made) == 2, 5, "the next to be prepared")
    world.executor.made[0].end()
    service.hear(Say.ENDED)
    second = world.order(2)
    service.say(Say.BEGIN, second.name)
    service.hear(Say.BEGUN)
    assert [work.calls for work in world.executor.made] == [["begin"], ["begin"]]


def test_a_changed_snapshot_is_refused_and_nothing_begins(world: World) -> None:
    service, attempt = world.service(), world.order()
    (world.snapshot.folder / "ssh/config").chmod(0o644)
    service.say(Say.BEGIN, attempt.name)
    assert "ssh/config" in service.hear(Say.REFUSED).reason
    assert not attempt.begun.exists()
    assert [work.calls for work in world.executor.made] == [["discard"]]


def test_a_refusal_stands(world: World) -> None:
    service, attempt = world.service(), world.order()
    mode = (world.snapshot.folder / "ssh/config").stat().st_mode & 0o777
    (world.snapshot.folder / "ssh/config").chmod(0o644)
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.REFUSED)
    (world.snapshot.folder / "ssh/config").chmod(mode)
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.REFUSED)
    assert [standing.stand for standing in service.standings()] == [Stand.REFUSED]


def test_after_its_deadline_nothing_begins(world: World) -> None:
    service, attempt = world.service(), world.order(seconds=-1)
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.REFUSED)
    assert not attempt.begun.exists()


def test_what_is_cancelled_before_it_began_never_begins(world: World) -> None:
    service, attempt = world.service(), world.order()
    service.say(Say.CANCEL, attempt.name)
    service.hear(Say.REFUSED)
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.REFUSED)
    assert world.executor.made == []


def test_cancelling_ends_at_the_next_border_or_at_once(world: World) -> None:
    service, attempt = world.service(), world.order()
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    service.say(Say.CANCEL, attempt.name)
    service.say(Say.CANCEL, attempt.name, now=True)
    work = world.executor.last
    wait_until(lambda: work.calls == ["begin", "stop", "kill"], 5, "both wishes to be passed on")
    work.end(Ending(seen=True, stopped=True))
    service.hear(Say.ENDED)
    result = attempt.find_result()
    assert result is not None
    assert result.state is AttemptState.CANCELLED


def test_the_deadline_is_enforced_without_a_service(world: World) -> None:
    service, attempt = world.service(), world.order(seconds=0.5)
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    service.close()
    work = world.executor.last
    work.spool.task("web1", outcome="")
    wait_until(lambda: work.calls == ["begin", "kill"], 5, "the attempt to be ended at its deadline")
    work.end(Ending(seen=False))
    result = wait_until(attempt.find_result, 5, "the result")
    assert result is not None
    assert result.state is AttemptState.UNKNOWN
    assert result.outcomes["web1"] is HostOutcome.UNKNOWN


def test_a_hold_is_passed_on_and_lifted(world: World) -> None:
    service, attempt = world.service(), world.order()
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    for say in (Say.HOLD, Say.HOLD, Say.RELEASE, Say.RELEASE):
        service.say(say)
    wait_until(lambda: world.executor.last.calls == ["begin", "hold", "release"], 5, "the hold to come and go")


def test_it_goes_on_only_when_neither_log_nor_people_hold_it(world: World) -> None:
    service, attempt = world.service(), world.order()
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    for say in (Say.HOLD, Say.PAUSE, Say.RELEASE, Say.PING):
        service.say(say)
    service.hear(Say.PONG)
    assert world.executor.last.calls == ["begin", "hold"]
    service.say(Say.GO_ON)
    wait_until(lambda: world.executor.last.calls == ["begin", "hold", "release"], 5, "the hold to end")


def test_people_may_pause_longer_than_a_log_may_be_lost(world: World) -> None:
    service, attempt = world.service(), world.order(seconds=2, hold=0)
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    service.say(Say.PAUSE)
    wait_until(lambda: len(world.executor.last.calls) == 3, 5, "the deadline")
    assert world.executor.last.calls == ["begin", "hold", "kill"]


def test_a_hold_that_lasts_too_long_ends_the_attempt_at_its_border(world: World) -> None:
    service, attempt = world.service(), world.order(hold=1)
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    service.say(Say.HOLD)
    wait_until(lambda: world.executor.last.calls == ["begin", "hold", "stop"], 5, "the attempt to be ended")


def test_an_attempt_that_begins_during_a_hold_is_held(world: World) -> None:
    service, attempt = world.service(), world.order()
    service.say(Say.HOLD)
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    assert world.executor.last.calls == ["begin", "hold"]


def test_a_new_service_learns_what_stands(world: World) -> None:
    first = world.service()
    attempts = [world.order(number) for number in (1, 2, 3)]
    first.say(Say.BEGIN, attempts[0].name)
    first.hear(Say.BEGUN)
    world.executor.last.spool.close()
    world.executor.last.end()
    first.hear(Say.ENDED)
    first.say(Say.BEGIN, attempts[1].name)
    first.hear(Say.BEGUN)
    first.close()
    world.executor.last.spool.task("web1")
    second = world.service()
    wait_until(lambda: second.standings()[1].events == 3, 5, "the events to be seen")
    assert [(each.attempt, each.stand) for each in second.standings()] == [
        (attempts[0].name, Stand.ENDED),
        (attempts[1].name, Stand.BEGUN),
        (attempts[2].name, Stand.ORDERED),
    ]


def test_a_work_that_breaks_is_not_seen_to_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    service, attempt = world.service(), world.order()
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    world.executor.last.spool.task("web2", outcome="")
    world.executor.last.end(Ending(seen=False))
    service.hear(Say.ENDED)
    result = attempt.find_result()
    assert result is not None
    assert result.state is AttemptState.UNKNOWN


def test_a_spool_that_was_touched_is_not_trusted(world: World) -> None:
    service, attempt = world.service(), world.order()
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    spool = world.executor.last.spool
    spool.task("web1", outcome="")
    with attempt.spool.open("ab") as touched:
        touched.write(b'{"seq":99,"event":"ended","rc":0}\n')
    world.executor.last.end()
    service.hear(Say.ENDED)
    result = attempt.find_result()
    assert result is not None
    assert result.state is AttemptState.UNKNOWN


@pytest.mark.parametrize("line", [b"nonsense\n", b"{}\n", b'{"say":"fly"}\n', b'{"say":"begin","attempt":"../x"}\n'])
def test_nonsense_from_a_service_harms_nothing(world: World, line: bytes) -> None:
    bad, attempt = world.service(), world.order()
    bad.connection.sendall(line)
    good = world.service()
    good.say(Say.BEGIN, attempt.name)
    assert good.hear(Say.BEGUN).attempt == attempt.name


def test_a_service_that_does_not_listen_is_dropped_and_holds_up_nothing(world: World) -> None:
    deaf, service, attempt = world.service(), world.service(), world.order()
    deaf.say_often(Say.PING, 20000)
    service.say(Say.BEGIN, attempt.name)
    assert service.hear(Say.BEGUN).attempt == attempt.name
    wait_until(deaf.is_hung_up_on, 5, "the deaf one to be given up")


def test_what_a_service_said_before_it_hung_up_is_heard(world: World) -> None:
    service, attempt = world.service(), world.order()
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    hasty = world.service()
    hasty.say(Say.PING)
    hasty.say(Say.CANCEL, attempt.name)
    hasty.close()
    wait_until(lambda: world.executor.last.calls == ["begin", "stop"], 5, "the wish to be heard")


def test_retires_when_asked_but_not_in_the_middle_of_an_attempt(world: World) -> None:
    service, attempt = world.service(), world.order()
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    service.say(Say.RETIRE)
    service.say(Say.PING)
    service.hear(Say.PONG)
    world.executor.last.spool.close()
    world.executor.last.end()
    service.hear(Say.ENDED)
    wait_until(service.is_hung_up_on, 5, "the shim to retire")
    assert attempt.result.exists()


def test_retires_by_itself_when_idle(awkward_folder: Path) -> None:
    with running_shim(awkward_folder, idle_seconds=0.2) as idle:
        service = idle.service()
        service.say(Say.PREPARE, order=make_order(idle.snapshot))
        wait_until(service.is_hung_up_on, 5, "the shim to retire")
        assert [work.calls for work in idle.executor.made] == [["discard"]]
