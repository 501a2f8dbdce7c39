"""Whole runs against the same `ansible-playbook` commands by hand, and what the service costs while it waits."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.founded import READING, BenchSite, bench_site
from bench.measure import Figure, in_turn
from runner.client.service import Service

_EIGHT: int = 8
_TASKS: int = 200
_IDLE_SECONDS: float = 10.0

_PLAY = """\
- name: Step {number}
  hosts: machines
  gather_facts: false
  tasks:
    - name: Note when the first task runs
      ansible.builtin.shell: date +%s.%N >> %s
      changed_when: false
    - name: Look at a file
      ansible.builtin.stat:
        path: /etc/hostname
"""
_TASK = """\
    - name: Task {at}
      ansible.builtin.debug: {{msg: "nothing but the cost of a task"}}
"""


def measure() -> Iterator[Figure]:
    """Eight steps, two hundred tasks, the first task, and the idle service."""
    with tempfile.TemporaryDirectory(prefix="twokey-bench-") as folder:
        stamps = Path(folder) / "stamps"
        with bench_site(Path(folder)) as site:
            site.add_runbook("eight-steps", _EIGHT, _play(stamps))
            site.add_runbook(
                "many-tasks", 1, _play(stamps) + "".join(_TASK.replace("{at}", str(at)) for at in range(_TASKS))
            )
            with site.service() as service:
                yield from _idle(service)
                yield from _eight(site, service, stamps)
                yield _many(site, service)


def _play(stamps: Path) -> str:
    return _PLAY.replace(">> %s", f">> '{stamps}'")


def _eight(site: BenchSite, service: Service, stamps: Path) -> Iterator[Figure]:
    ours_first: list[float] = []
    raw_first: list[float] = []

    def ours() -> float:
        stamps.unlink(missing_ok=True)
        run = site.measured_run(service, "eight-steps")
        ours_first.append(_first_stamp(stamps) - run.signed_at)
        return run.seconds

    def raw() -> float:
        stamps.unlink(missing_ok=True)
        at = time.time()
        seconds = _by_hand(site, [f"eight-steps/step{number}.yml" for number in range(1, _EIGHT + 1)])
        raw_first.append(_first_stamp(stamps) - at)
        return seconds

    pairs = in_turn(ours, raw, rounds=5)
    yield Figure(
        name="eight-step run ÷ the same eight ansible-playbook commands",
        value=pairs.ratio(),
        unit="ratio",
        target=1.0,
        better="at most",
        ours=tuple(pairs.ours),
        raw=tuple(pairs.raw),
        note=f"from the confirmer's signature, {READING:g} s after the executor's, until it awaits its signed result",
    )
    yield Figure(
        name="confirmer's signature to first task, above raw",
        value=median(our - other for our, other in zip(ours_first, raw_first, strict=True)),
        unit="s",
        target=0.3,
        better="at most",
        ours=tuple(ours_first),
        raw=tuple(raw_first),
    )


def _many(site: BenchSite, service: Service) -> Figure:
    pairs = in_turn(
        lambda: site.measured_run(service, "many-tasks").seconds,
        lambda: _by_hand(site, ["many-tasks/step1.yml"]),
        rounds=5,
    )
    return Figure(
        name=f"a play of {_TASKS} tasks ÷ raw",
        value=pairs.ratio(),
        unit="ratio",
        target=1.05,
        better="at most",
        ours=tuple(pairs.ours),
        raw=tuple(pairs.raw),
        note="debug tasks, the shortest there are: every cost of a task shows",
    )


def _by_hand(site: BenchSite, playbooks: list[str]) -> float:
    """Type the commands; wall seconds for all of them."""
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    plays, inventory = site.site / "playbooks", str(site.site / "inventory" / "demo" / "hosts.yml")
    began = time.perf_counter()
    for playbook in playbooks:
        subprocess.run(
            [program, "-i", inventory, "-e", f"ansible_python_interpreter={sys.executable}", str(plays / playbook)],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return time.perf_counter() - began


def _first_stamp(stamps: Path) -> float:
    return float(stamps.read_text().split()[0])


def _idle(service: Service) -> Iterator[Figure]:
    """Memory and processor time of the service while nobody asks anything of it."""
    pid = service.status().pid
    before = _cpu_seconds(pid)
    time.sleep(_IDLE_SECONDS)  # noqa: TID251 - idling is what is measured
    used = _cpu_seconds(pid) - before
    memory = _resident_mb(pid)
    yield Figure("idle service, resident memory", memory, "MB", 100.0, "at most", (memory,))
    share = 100 * used / _IDLE_SECONDS
    yield Figure("idle service, processor", share, "%", 1.0, "at most", (share,))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return kib / 1024
