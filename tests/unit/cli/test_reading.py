"""Commands that only read: status, lists, one log entry with its proof, exports, settings."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from runner.model.document import JsonObject
from runner.model.site import Site
from runner.proof.canonical import canonical_bytes
from runner.proof.leaf import payload_commitment
from runner.rules.tags import Tag
from runner.runbook.places import socket_of_state
from runner.wire.api import Config, Setting
from runner.wire.api_audit import EntryShown
from runner.wire.api_content import RunbookList
from runner.wire.api_request import Waiting
from runner.wire.api_run import RunPage
from tests.stub_service import Raw, StubService
from tests.unit.cli.conftest import Twokey
from tests.unit.client.fake_log import FakeLog
from tests.wire_samples import ENTRIES, NUMBER, REQUEST_SHOWN, ROW, RUN, RUN_SHOWN, STATUS, WAITING, entry

PAYLOAD: JsonObject = {"to": "成功"}
SALT = b"s" * 16


def test_status_says_who_waits_for_whom(twokey: Twokey, stub: StubService) -> None:
    stub.says("GET /v1/waiting", WAITING)
    lines = twokey("status").out.splitlines()
    assert lines[0] == "site test at /srv/site, environment test (not production)"
    assert "runs in progress: 1" in lines
    assert lines[-1].split("  ")[0] == "li"


def test_status_is_loud_about_production_and_a_log_that_cannot_be_written(twokey: Twokey, stub: StubService) -> None:
    stub.says("GET /v1/waiting", Waiting(()))
    stub.says("GET /v1/status", replace(STATUS, production=True, holding="no space left"))
    out = twokey("status").out
    assert "(PRODUCTION)" in out
    assert "HOLDING: the log cannot be written: no space left" in out


def test_status_starts_nothing(twokey: Twokey) -> None:
    answer = twokey("status")
    assert (answer.code, answer.out) == (3, "")
    assert answer.err.startswith("twokey: no service answers")


def test_status_of_a_folder_that_is_no_site_is_not_a_matter_of_services(
    twokey: Twokey, tmp_path: Path, state: Path
) -> None:
    answer = twokey("--site", str(tmp_path / "nowhere"), "status")
    assert answer.code == 2
    assert "nowhere: no site" in answer.err


def test_status_of_a_site_that_nobody_founded(twokey: Twokey, tmp_path: Path) -> None:
    answer = twokey("--state", str(tmp_path / "none"), "status")
    assert answer.code == 2
    assert "twokey init" in answer.err


@pytest.mark.parametrize("count", ["0", "-1", "201", "9" * 20, "many", "²"])
@pytest.mark.parametrize("listing", ["run", "change", "audit"])
def test_a_page_has_1_to_200_rows(listing: str, count: str, twokey: Twokey) -> None:
    answer = twokey(listing, "list", f"--limit={count}")
    assert answer.code == 2
    assert f"got {count}, expected 1 to 200" in answer.err


def test_runs_by_page(twokey: Twokey, stub: StubService) -> None:
    stub.says("GET /v1/runs", RunPage((ROW,), RUN))
    answer = twokey("run", "list", "--state", "running", "--state", "paused", "--request", NUMBER, "--limit", "1")
    assert answer.out.splitlines()[1].startswith(f"{RUN}  running")
    assert answer.err == f"there are older ones: --before {RUN}\n"
    (asked,) = [asked for asked in stub.asked if asked.path == "/v1/runs"]
    assert asked.query == (
        ("state", "running"),
        ("state", "paused"),
        ("limit", "1"),
        ("request", NUMBER),
    )


def test_a_run_is_shown_with_whose_turn_it_is(twokey: Twokey, stub: StubService) -> None:
    stub.says(f"GET /v1/requests/{NUMBER}", REQUEST_SHOWN)
    stub.says(f"GET /v1/runs/{RUN}", RUN_SHOWN)
    lines = twokey("run", "show", NUMBER).out.splitlines()
    assert "window:      until 2026-11-23 14:00:00; latest rollback decision 2026-11-23 13:30:00" in lines
    assert "done       1. backup  Backup" in lines


def test_entries_are_listed_by_what_they_are_about(twokey: Twokey, stub: StubService) -> None:
    stub.says("GET /v1/audit/entries", ENTRIES)
    answer = twokey("audit", "list", "--run", RUN, "--tag", Tag.RUN_MOVED, "--actor", "王")
    assert answer.out.splitlines()[1].startswith("40     2026-11-23 04:00:00  service:run:moved")
    assert answer.err == "there are older ones: --before 40\n"
    assert dict(stub.asked[-1].query)["actor"] == "王"


@pytest.fixture
def log(stub: StubService) -> FakeLog:
    """A log of three entries; the second has a payload."""
    leaf: JsonObject = {
        **entry(2, Tag.RUN_MOVED).leaf,
        "payload": payload_commitment(SALT, canonical_bytes(PAYLOAD)),
    }
    log = FakeLog([b"{}", canonical_bytes(leaf), b'{"v":1}'])
    stub.says("GET /v1/audit/entries/1", EntryShown(2, 1, leaf, PAYLOAD, SALT.hex()))
    stub.says("GET /v1/audit/inclusion", log.inclusion(1, 3))
    stub.says("GET /v1/audit/checkpoint", log.checkpoint())
    return log


def test_an_entry_is_shown_with_its_proof(twokey: Twokey, log: FakeLog) -> None:
    answer = twokey("audit", "show", "1")
    assert answer.code == 0
    assert "\nentry 1 of 3; proven to stand in the log\n" in answer.out
    assert '"to": "成功"' in answer.out


def test_an_entry_that_is_not_in_the_log_is_an_alarm(twokey: Twokey, stub: StubService, log: FakeLog) -> None:
    stub.says("GET /v1/audit/entries/1", EntryShown(2, 1, {"v": 1, "tag": "forged", "payload": None}, None, None))
    answer = twokey("audit", "show", "1")
    assert (answer.code, answer.out) == (5, "")


def test_a_proof_of_another_entry_is_an_alarm(twokey: Twokey, stub: StubService, log: FakeLog) -> None:
    stub.says("GET /v1/audit/inclusion", log.inclusion(0, 3))
    assert twokey("audit", "show", "1").code == 5


def test_a_payload_that_was_put_in_later_is_an_alarm(twokey: Twokey, stub: StubService, log: FakeLog) -> None:
    leaf = {**entry(2, Tag.RUN_MOVED).leaf, "payload": payload_commitment(SALT, canonical_bytes(PAYLOAD))}
    stub.says("GET /v1/audit/entries/1", EntryShown(2, 1, leaf, {"to": "失败"}, SALT.hex()))
    answer = twokey("audit", "show", "1")
    assert answer.code == 5
    assert "payload" in answer.err


def test_a_redacted_payload_is_none(twokey: Twokey, stub: StubService, log: FakeLog) -> None:
    leaf = {**entry(2, Tag.RUN_MOVED).leaf, "payload": payload_commitment(SALT, canonical_bytes(PAYLOAD))}
    stub.says("GET /v1/audit/entries/1", EntryShown(2, 1, leaf, None, None))
    assert twokey("audit", "show", "1").code == 0


@pytest.mark.parametrize("index", ["3", "-1"])
def test_an_entry_the_log_does_not_have(twokey: Twokey, log: FakeLog, index: str) -> None:
    answer = twokey("audit", "show", index)
    assert answer.code == 2
    assert "0 to 2" in answer.err


def test_the_next_step_after_an_export_can_be_pasted(twokey: Twokey, stub: StubService, tmp_path: Path) -> None:
    stub.says("POST /v1/audit/bundles", Raw(b"bundle"))
    path = tmp_path / "证据 1.tar"
    assert f"--bundle '{path}'" in twokey("audit", "export", RUN, "-o", str(path)).out
    again = twokey("audit", "export", RUN, "-o", str(path))
    assert again.code == 2
    assert "next: name another file with -o FILE" in again.err


def test_runbooks_of_another_site_than_the_one_around(
    twokey: Twokey, stub: StubService, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.says("GET /v1/runbooks", RunbookList(()))
    shutil.copytree(site.root, tmp_path / "around")
    monkeypatch.chdir(tmp_path / "around")
    answer = twokey("runbook", "list", "--json")
    assert {row["standing"] for row in json.loads(answer.out)["runbooks"]} == {"not_published"}


def test_evidence_is_written_privately_and_never_over_something(
    twokey: Twokey, stub: StubService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stub.says("POST /v1/audit/bundles", Raw(b"archive"))
    assert twokey("audit", "export", RUN).code == 0
    written = tmp_path / "BG-2026-0001-1.tar"
    assert written.read_bytes() == b"archive"
    assert written.stat().st_mode & 0o777 == 0o600
    answer = twokey("audit", "export", RUN)
    assert answer.code == 2
    assert "it exists already" in answer.err


def test_settings_come_with_their_origin(twokey: Twokey, stub: StubService, site: Site, state: Path) -> None:
    stub.says("GET /v1/config", Config((Setting("state", "x", "x"), Setting("policy.hold", "600", "default"))))
    lines = [[cell.strip() for cell in re.split(" {2,}", line)] for line in twokey("config").out.splitlines()]
    assert ["site", str(site.root), "typed"] in lines
    assert [line[1:] for line in lines if line[0] == "state"] == [[str(state), "typed"]]
    assert ["policy.hold", "600", "default"] in lines
    assert ["socket", str(socket_of_state(state)), "$XDG_RUNTIME_DIR"] in lines


def test_the_inventory_is_listed(twokey: Twokey) -> None:
    assert "1 hosts" in twokey("inventory", "check").out
    assert twokey("inventory", "list").out.splitlines()[1].startswith("web1  local")


def test_versions(twokey: Twokey) -> None:
    out = twokey("version").out
    assert "ansible-core" in out
    assert "missing" not in out


def test_lint_prints_problems_as_data(twokey: Twokey, site: Site) -> None:
    path = site.root / "runbooks/restart/web-restart.yml"
    path.write_text(path.read_text().replace("owner:", "ownr:"))
    answer = twokey("runbook", "lint", str(path), "--without-ansible")
    assert answer.code == 2
    assert answer.err == ""
    assert all(line.startswith(f"{path}:") for line in answer.out.splitlines())
    assert any('"ownr"' in line for line in answer.out.splitlines())


def test_the_schema_is_json(twokey: Twokey) -> None:
    assert twokey("runbook", "schema").out.startswith('{\n  "$schema"')
