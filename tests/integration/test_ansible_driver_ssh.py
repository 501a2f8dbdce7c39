from __future__ import annotations

import getpass
import sys
from pathlib import Path

from runner.engine.ansible_job import EndStatus
from runner.engine.ssh_sharing import close_connections, make_control_dir
from tests.ansible_jobs import SECONDS, events, make_site, of, one, processes_with, run
from tests.needs import needs_sshd
from tests.ssh_server import running_ssh_server
from tests.waiting import wait_until

pytestmark = needs_sshd


def test_only_pinned_hosts_are_reached_and_connections_end_with_the_run(
    awkward_folder: Path, short_folder: Path
) -> None:
    with running_ssh_server(short_folder) as server:
        reach = {
            "ansible_port": server.port,
            "ansible_user": getpass.getuser(),
            "ansible_python_interpreter": sys.executable,
        }
        site = make_site(
            awkward_folder,
            {"pinned": {**reach, "ansible_host": "127.0.0.1"}, "stranger": {**reach, "ansible_host": "localhost"}},
        )
        known_hosts = site.snapshot / "known_hosts"
        known_hosts.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n", "utf-8")
        control_dir = make_control_dir()
        job = site.job(
            "attempt",
            "over_ssh.yml",
            limit=("pinned", "stranger"),
            known_hosts=known_hosts,
            ssh_key=server.identity,
            control_dir=control_dir,
        )
        end = run(job)
        told = events(job)
        kept = list(control_dir.iterdir())
        close_connections(control_dir)
    assert end.status is EndStatus.FAILED
    assert len(of(told, event="changed", host="pinned")) == 2
    assert "Host key verification failed" in one(told, event="unreachable", host="stranger")["result"]["msg"]
    assert one(told, event="stats")["hosts"]["stranger"]["unreachable"] == 1
    assert len(kept) == 1
    assert not control_dir.exists()
    wait_until(lambda: not list(processes_with(str(control_dir))), SECONDS, "the kept connection to end")
