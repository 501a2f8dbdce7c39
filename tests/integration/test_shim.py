from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from runner.engine.links import Link, ShimStarter, is_running, reap
from runner.engine.shim.executor import Ending
from runner.engine.shim.folder import AttemptFolder
from runner.engine.shim.protocol import Message, Say
from runner.engine.snapshot import build_snapshot, remove_snapshot
from runner.model.order import Order
from runner.model.plan import Binding, Content, ContentFile, Group
from runner.model.run import AttemptState, HostOutcome
from tests.ansible_jobs import processes_with
from tests.engine_world import FilledBlobs, generated, local_host
from tests.needs import needs_root
from tests.unit.engine.shim_world import SystemClock as Clock
from tests.unit.engine.shim_world import World, make_order, running_shim
from tests.waiting import is_running as is_running_pid
from tests.waiting import wait_until

_PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.shell: echo "{{ word }}" >> "{{ place }}/written"
    - ansible.builtin.wait_for: {path: '{{ place }}/gate', timeout: 60, sleep: 1}
    - ansible.builtin.shell: echo second >> "{{ place }}/written"
"""


@pytest.fixture
def deep_folder(awkward_folder: Path) -> Path:
    """A folder whose path is longer than a socket's may be."""
    folder = awkward_folder / ("很深" * 10) / ("deep folder " * 8).strip()
    folder.mkdir(parents=True)
    assert len(os.fsencode(folder)) > 200
    return folder


@pytest.fixture
def order(deep_folder: Path) -> Iterator[Order]:
    blobs, data = FilledBlobs(deep_folder / "content"), _PLAY.encode()
    content = Content("runbooks/x.yml", (ContentFile("playbooks/upgrade.yml", blobs.put(data), len(data)),))
    host = local_host("here")
    binding = Binding("test", False, (host,), (Group("all", ("here",)),), (("here",),), {}, None)  # noqa: FBT003 - not production
    snapshot = build_snapshot(deep_folder / "snapshots", "sha256:" + "ab" * 32, content, blobs, generated(binding))
    ordered = make_order(snapshot, place=str(deep_folder), word="first")
    yield replace(ordered, hosts=("here",))
    remove_snapshot(snapshot.folder)


@pytest.fixture
def link(deep_folder: Path, order: Order) -> Iterator[Link]:
    started = ShimStarter(deep_folder / "shims").start(order.key.run, Clock().now())
    yield started
    started.send(Message(Say.RETIRE))
    (deep_folder / "gate").touch()
    started.close()
    wait_until(lambda: not is_running(started.shim), 30, "the shim to retire")
    reap(started.shim)


def _begin(link: Link, order: Order, place: Path) -> AttemptFolder:
    attempt = link.folder.attempt(order.key)
    attempt.write_order(order)
    link.send(Message(Say.BEGIN, attempt.name))
    wait_until((place / "written").exists, 20, "the first task")
    return attempt


def test_a_shim_asked_to_end_stops_at_the_next_task_border_and_tells(
    deep_folder: Path, order: Order, link: Link
) -> None:
    attempt = _begin(link, order, deep_folder)
    os.kill(link.shim.pid, signal.SIGTERM)
    (deep_folder / "gate").touch()
    result = wait_until(attempt.find_result, 20, "the result")
    assert result is not None
    assert (result.state, result.outcomes) == (AttemptState.CANCELLED, {"here": HostOutcome.STOPPED})
    assert (deep_folder / "written").read_text("utf-8") == "first\n"
    wait_until(lambda: not is_running(link.shim), 20, "the shim to end")


def test_a_shim_leaves_no_core_file_and_knows_few_variables(link: Link) -> None:
    wait_until(lambda: resource.prlimit(link.shim.pid, resource.RLIMIT_CORE) == (0, 0), 20, "the limit")
    told = {line.partition(b"=")[0] for line in Path(f"/proc/{link.shim.pid}/environ").read_bytes().split(b"\0")}
    assert b"HOME" in told
    assert not [name for name in told if name.startswith((b"TWOKEY_", b"GIT_"))]
    assert b"GIT_AUTHOR_NAME" in {os.fsencode(name) for name in os.environ}


def test_the_deadline_cuts_a_task_off_and_its_host_is_unknown(deep_folder: Path, order: Order, link: Link) -> None:
    soon = replace(order, deadline=Clock().now() + timedelta(seconds=15))
    attempt = _begin(link, soon, deep_folder)
    result = wait_until(attempt.find_result, 20, "the result")
    assert result is not None
    assert (result.state, result.outcomes) == (AttemptState.UNKNOWN, {"here": HostOutcome.UNKNOWN})
    assert "deadline" in result.reason
    assert (deep_folder / "written").read_text("utf-8") == "first\n"


def test_a_process_that_dies_before_it_begins_has_touched_nothing(deep_folder: Path, order: Order, link: Link) -> None:
    link.send(Message(Say.PREPARE, order=order))
    [process] = wait_until(lambda: _ansible_of(link), 20, "Ansible to get ready")
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: not is_running_pid(process), 20, "it to be gone")
    attempt = link.folder.attempt(order.key)
    attempt.write_order(order)
    link.send(Message(Say.BEGIN, attempt.name))
    result = wait_until(attempt.find_result, 20, "the result")
    assert result is not None
    assert (result.state, result.outcomes) == (AttemptState.FAILED, {"here": HostOutcome.UNREACHABLE})
    assert not (deep_folder / "written").exists()


def _ansible_of(link: Link) -> list[int]:
    """Ansible processes of a shim that wait or run."""
    return [pid for pid in processes_with(f"{link.folder.path}/work/") if is_running_pid(pid)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a quarter of a mebibyte."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,nr_inodes=200", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def world(small_disk: Path) -> Iterator[World]:
    with running_shim(small_disk) as running:
        yield running
    remove_snapshot(running.snapshot.folder)


def _fill(folder: Path) -> Path:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(b"x" * 4096)
    assert shutil.disk_usage(folder).free == 0
    return filler


@needs_root
def test_a_full_disk_cannot_lose_the_result(small_disk: Path, world: World) -> None:
    service, attempt = world.service(), world.order()
    service.say(Say.BEGIN, attempt.name)
    service.hear(Say.BEGUN)
    spool = world.executor.last.spool
    spool.task("web1")
    spool.task("web2")
    spool.close()
    _fill(small_disk)
    world.executor.last.end(Ending(seen=True))
    service.hear(Say.ENDED)
    result = attempt.find_result()
    assert result is not None
    assert result.state is AttemptState.SUCCEEDED


@needs_root
def test_on_a_full_disk_nothing_begins(small_disk: Path, world: World) -> None:
    service, attempt = world.service(), world.order()
    filler = _fill(small_disk)
    service.say(Say.BEGIN, attempt.name)
    assert "No space left" in service.hear(Say.REFUSED).reason
    assert not attempt.begun.exists()
    assert [work.calls for work in world.executor.made] == [["discard"]]
    filler.unlink()
    second = world.order(2)
    service.say(Say.BEGIN, second.name)
    assert service.hear(Say.BEGUN).attempt == second.name
