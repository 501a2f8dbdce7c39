"""One change from its publication to its signed result, by a real service, a real shim and a real Ansible.

The service is killed while the play is in the middle of its work; nothing of it is lost or done twice.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from runner.audit.bundle_verify import verify_bundle
from runner.audit.keys import load_verifier_key
from runner.audit.ssh_keygen import SshKeygen
from runner.client import drafts
from runner.client.service import Service
from runner.model.log import LogFilter
from runner.model.plan import Role
from runner.model.result import Achievement
from runner.model.run import AttemptState, HostOutcome, RunState
from runner.model.time import Window
from runner.model.verdict import VerdictWord
from runner.runbook.closure import reach_of_file
from runner.wire.api_request import PlanAsked
from runner.wire.api_run import RunShown, StepState
from tests.desk_site import write_site
from tests.desk_world import ALICE, BOB, FixedClock, found
from tests.integration.service.place import Desktop, Place
from tests.waiting import wait_until

RUNBOOK = """\
apiVersion: twokey/v1
kind: Runbook
id: append
version: 1
family: maintenance
title: {en: Append a line, zh: 追加一行}
owner: operations
risk: ordinary
parameters:
  folder: {type: path}
targets: {group: web}
steps:
  - id: append
    playbook: web/append.yml
    vars: {folder: '{{ parameters.folder }}'}
    verify: {playbook: web/count.yml, vars: {folder: '{{ parameters.folder }}'}}
    rollback: none
    because: {en: it only adds a line, zh: 只追加一行}
"""
APPEND = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: append
      ansible.builtin.shell: {cmd: 'echo line >> "{{ folder }}/lines"'}
    - name: wait
      ansible.builtin.wait_for: {path: '{{ folder }}/go', timeout: 60, sleep: 1}
"""
COUNT = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: count
      ansible.builtin.command: {cmd: 'grep -c line "{{ folder }}/lines"'}
      register: counted
      changed_when: false
      failed_when: counted.stdout != "1"
"""


def make_place(folder: Path, socket: Path) -> Place:
    site = write_site(folder / "site")
    for name, text in (
        ("runbooks/maintenance/append.yml", RUNBOOK),
        ("playbooks/web/append.yml", APPEND),
        ("playbooks/web/count.yml", COUNT),
    ):
        path = folder / "site" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found(site, folder / "state", (ALICE, BOB), FixedClock())
    return Place(folder / "site", folder / "state", socket)


def start_change(place: Place, desktop: Desktop, folder: Path) -> str:
    """Publish, request, approve, start and confirm; the run that has begun."""
    client = desktop.client
    reach = reach_of_file(place.site, place.site / "runbooks/maintenance/append.yml")
    proposed = desktop.propose(ALICE, reach)
    desktop.hand_in(BOB, drafts.countersign(client.publication(proposed.subject)))
    now = datetime.now(UTC)  # noqa: TID251 - the service under test has the machine's clock
    window = Window(now - timedelta(minutes=1), now + timedelta(hours=1))
    plan = client.make_plan(PlanAsked(runbook="append", parameters={"folder": str(folder)}, window=window))
    number = desktop.hand_in(ALICE, drafts.request(drafts.open_document(plan), "one more line")).request
    desktop.hand_in(BOB, drafts.approve(client.request(number).request, now, timedelta(hours=1)))
    started = desktop.hand_in(ALICE, drafts.start(client.request(number).request))
    confirmed = desktop.hand_in(BOB, drafts.confirm(client.run(started.run), client.request(number).request))
    assert confirmed.state == RunState.RUNNING
    return started.run


def wait_for_state(client: Service, run: str, state: RunState) -> RunShown:
    def reached() -> RunShown | None:
        shown = client.run(run)
        return shown if shown.row.state is state else None

    shown = wait_until(reached, 60, f"{run} to be {state}")
    assert shown is not None
    return shown


def test_a_change_survives_the_death_of_its_service(awkward_folder: Path, short_folder: Path) -> None:
    place = make_place(awkward_folder, short_folder / "s")
    work = awkward_folder / "work"
    work.mkdir()
    origin = place.load().origin
    with place.running() as running, Service(place.socket) as client:
        run = start_change(place, Desktop(client, origin), work)
        wait_until((work / "lines").exists, 60, "the play's first task")
        running.kill()
    with place.running(), Service(place.socket) as client:
        assert client.log.entries(LogFilter(tag="service:service:recovered"), limit=1).rows
        (work / "go").touch()
        shown = wait_for_state(client, run, RunState.SUCCEEDED)
        step = shown.steps[0]
        assert step.state is StepState.DONE
        assert [(one.key.role, one.key.number, one.state, one.outcomes) for one in step.attempts] == [
            (Role.DO, 1, AttemptState.SUCCEEDED, {"web1": HostOutcome.CHANGED}),
            (Role.VERIFY, 1, AttemptState.SUCCEEDED, {"web1": HostOutcome.OK}),
        ]
        assert (work / "lines").read_text() == "line\n"
        desktop = Desktop(client, origin)
        desktop.hand_in(ALICE, drafts.close(client.run(run), Achievement("one line more")))
        closed = desktop.hand_in(BOB, drafts.close(client.run(run), Achievement("one line more")))
        assert closed.state == RunState.CLOSED
        require_gapless(client, run)
        bundle = awkward_folder / "bundle.zip"
        bundle.write_bytes(client.log.bundle(run))
    verdict = verify_bundle(bundle, SshKeygen(), load_verifier_key(place.state))
    assert verdict.word is VerdictWord.VERIFIED, verdict


def require_gapless(client: Service, run: str) -> None:
    """Every event of every attempt is in the log once."""
    numbers: dict[str, list[object]] = {}
    before: str | None = None
    while True:
        page = client.log.entries(LogFilter(run=run, tag="shim:ansible:event"), before, limit=200)
        for entry in page.rows:
            about = entry.about
            numbers.setdefault(f"{about['role']}/{about['attempt']}", []).insert(0, about["event"])
        before = page.next
        if before is None:
            break
    assert set(numbers) == {"do/1", "verify/1"}
    for found_numbers in numbers.values():
        assert found_numbers == list(range(1, len(found_numbers) + 1))
