"""What `--json` prints, byte for byte: programs of others read it.

With WRITE_GOLDEN set, the files are written anew; read the difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.model.site import Site
from runner.wire.api import Config, Setting
from runner.wire.api_content import RunbookList
from tests.ssh_keys import software_key
from tests.stub_service import StubService
from tests.unit.cli.conftest import Twokey
from tests.wire_samples import (
    ENTRIES,
    NUMBER,
    OUTCOME,
    REQUEST_SHOWN,
    REQUESTS,
    RUN,
    RUN_SHOWN,
    RUNS,
    STANDING,
    WAITING,
)

GOLDEN = Path(__file__).parents[2] / "cases" / "json"

COMMANDS = {
    "status": ("status",),
    "change_list": ("change", "list"),
    "change_list_standing": ("change", "list", "--standing"),
    "change_show": ("change", "show", NUMBER),
    "run_list": ("run", "list"),
    "run_show": ("run", "show", RUN),
    "run_report": ("run", "report", NUMBER),
    "audit_list": ("audit", "list"),
    "runbook_list": ("runbook", "list"),
    "runbook_show": ("runbook", "show", "web-restart"),
    "inventory_list": ("inventory", "list"),
    "inventory_check": ("inventory", "check"),
    "policy_show": ("policy", "show"),
    "policy_lint": ("policy", "lint", "{site}/inventory"),
    "lint": ("runbook", "lint", "{site}/runbooks", "--without-ansible"),
    "serve": ("serve", "--background"),
}
"""Commands whose answer depends on nothing but what the service says and the files of the site."""


@pytest.fixture(autouse=True)
def _pinned(site: Site) -> None:
    """A host that is the same on every machine."""
    (site.inventory / "hosts.yml").write_text("all: {children: {web: {hosts: {web1: {ansible_host: 192.0.2.1}}}}}\n")
    key = software_key("ssh-ed25519", 31).public.to_line()
    (site.inventory / "known_hosts").write_text(f"192.0.2.1 {key}\n")


@pytest.fixture(autouse=True)
def _told(stub: StubService) -> None:
    stub.says("GET /v1/waiting", WAITING)
    stub.says("GET /v1/requests", REQUESTS)
    stub.says("GET /v1/standing", STANDING)
    stub.says("GET /v1/runs", RUNS)
    stub.says(f"GET /v1/runs/{RUN}", RUN_SHOWN)
    stub.says(f"GET /v1/requests/{NUMBER}", REQUEST_SHOWN)
    stub.says("GET /v1/audit/entries", ENTRIES)
    stub.says("GET /v1/runbooks", RunbookList(()))
    stub.says("GET /v1/config", Config((Setting("policy.name", "two people", "default"),)))
    stub.says("POST /v1/statements", OUTCOME)


@pytest.mark.parametrize("name", COMMANDS)
def test_bytes_of_json(name: str, twokey: Twokey, tmp_path: Path) -> None:
    words = [word.format(site=tmp_path / "site") for word in COMMANDS[name]]
    answer = twokey(*words, "--json")
    assert answer.code == 0
    golden = GOLDEN / f"{name}.json"
    if "WRITE_GOLDEN" in os.environ:
        golden.write_text(answer.out, encoding="utf-8")
    assert answer.out == golden.read_text(encoding="utf-8")


def test_every_golden_file_is_compared() -> None:
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(COMMANDS)
