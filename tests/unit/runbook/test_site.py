from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import InvalidContentError, NotFoundError, UsageError
from runner.model.policy import Allowance, Drift, Policy
from runner.model.runbook import Targets
from runner.runbook.binding import bind_hosts
from runner.runbook.closure import reach_of_file
from runner.runbook.inventory import load_inventory
from runner.runbook.loader import find_runbooks
from runner.runbook.places import (
    checkpoints_folder,
    shipped_files,
    socket_of_state,
    state_home,
    state_of_site,
    this_machine,
)
from runner.runbook.policy_lint import lint_policies
from runner.runbook.settings import POLICY_SCHEMA_FILE, load_policy, load_site, parse_policy
from runner.runbook.site import get_site, write_site
from runner.runbook.site_folder import find_site

SITE = """\
apiVersion: twokey/v1
kind: Site
name: lab
environment: lab
production: true
origin: example.org/lab
timezone: Asia/Shanghai
"""
POLICY = "apiVersion: twokey/v1\nkind: Policy\nname: ours\n"


@pytest.fixture
def folder(awkward_folder: Path) -> Path:
    (awkward_folder / "inventory" / "lab").mkdir(parents=True)
    (awkward_folder / "inventory" / "site.yml").write_text(SITE, "utf-8")
    return awkward_folder


def problems_of_site(folder: Path, text: str) -> tuple[str, ...]:
    (folder / "inventory" / "site.yml").write_text(text, "utf-8")
    with pytest.raises(InvalidContentError) as caught:
        load_site(folder)
    return caught.value.problems


def problems_of_policy(text: str) -> tuple[str, ...]:
    with pytest.raises(InvalidContentError) as caught:
        parse_policy(text.encode(), "policy.yml")
    return caught.value.problems


def test_what_a_site_says(folder: Path) -> None:
    site = load_site(folder)
    assert (site.name, site.environment, site.production, site.origin) == ("lab", "lab", True, "example.org/lab")
    assert site.inventory == folder / "inventory" / "lab"


def test_the_nearest_site_upwards(folder: Path) -> None:
    deep = folder / "runbooks" / "a" / "b"
    deep.mkdir(parents=True)
    assert find_site(deep) == folder
    assert get_site(None, deep).root == folder
    assert get_site(folder, Path("/")).root == folder
    assert find_site(folder.parent) is None
    with pytest.raises(NotFoundError, match="no site here"):
        get_site(None, folder.parent)
    with pytest.raises(NotFoundError, match="no site"):
        load_site(folder.parent)


@pytest.mark.parametrize(
    "old, new, line",
    [
        ("Asia/Shanghai", "Asia/Shangai", "inventory/site.yml:7:11: timezone: this machine knows no time zone"),
        ("Asia/Shanghai", "../../etc/passwd", 'inventory/site.yml:7:11: timezone: got "../../etc/passwd"'),
        ("environment: lab", "environment: ../x", 'inventory/site.yml:4:14: environment: got "../x"'),
        ("environment: lab", "environment: other", "inventory/site.yml:4:14: environment: the folder inventory/other"),
        ("production: true", "production: yes", "inventory/site.yml:5:13: yes: true or false to some readers"),
        (
            "production: true",
            "prodution: true",
            'inventory/site.yml:5:1: unknown key "prodution" (did you mean "production"',
        ),
        ("example.org/lab", "a b", 'inventory/site.yml:6:9: origin: got "a b"'),
        ("kind: Site", "kind: Policy", 'inventory/site.yml:2:7: kind: got "Policy", expected "Site"'),
        ("name: lab\n", "", 'inventory/site.yml:1:1: key "name" is missing'),
    ],
)
def test_problems_of_a_site(folder: Path, old: str, new: str, line: str) -> None:
    assert any(problem.startswith(line) for problem in problems_of_site(folder, SITE.replace(old, new)))


def test_policy_as_shipped_unless_the_site_says_otherwise(folder: Path) -> None:
    site = load_site(folder)
    assert load_policy(site) == Policy()
    (site.inventory / "policy.yml").write_text(POLICY, "utf-8")
    assert load_policy(site) == Policy(name="ours")


def test_every_key_of_a_policy() -> None:
    policy = parse_policy(
        (POLICY + "start_valid_for: 2m\napproval_valid_for: 1d\nmax_runs: 3\nruntime_drift: refuse\n"
         "unbound: {outputs: refuse, lookups: allow}\nanchor_within: 1h\nhold: 0s\nrollback_reserve: 5m\n").encode(),
        "policy.yml",
    )  # fmt: skip
    assert (policy.start_valid_for, policy.approval_valid_for, policy.max_runs) == (120, 86400, 3)
    assert (policy.runtime_drift, policy.anchor_within, policy.hold) == (Drift.REFUSE, 3600, 0)
    assert (policy.unbound.outputs, policy.unbound.sheets) == (Allowance.REFUSE, Allowance.ALLOW)
    assert policy.unbound.lookups is Allowance.ALLOW


@pytest.mark.parametrize(
    "text, line",
    [
        ("people: two", 'policy.yml:4:1: unknown key "people", known: anchor_within, apiVersion, approval_valid_for'),
        ("start_valid_for: 5", 'policy.yml:4:18: start_valid_for: got "5", expected a duration'),
        ("max_runs: 0", "policy.yml:4:11: max_runs: got 0, expected at least 1"),
        (
            "unbound: {lookups: alow}",
            'policy.yml:4:20: unbound.lookups: got "alow", expected one of allow, refuse (did',
        ),
        ("unbound: {sheet: allow}", 'policy.yml:4:11: unbound: unknown key "sheet" (did you mean "sheets"?)'),
        ("hold:", 'policy.yml:4:1: key "hold" has no value'),
    ],
)
def test_problems_of_a_policy(text: str, line: str) -> None:
    assert any(problem.startswith(line) for problem in problems_of_policy(POLICY + text))


@given(st.text(max_size=80))
def test_no_policy_makes_it_fall_over(text: str) -> None:
    assert problems_of_policy(text)


def test_a_site_is_made_from_what_is_shipped(tmp_path: Path) -> None:
    target = tmp_path / "a site 站点"
    site = write_site(target, name="it's ours", origin="example.org/ours")
    assert (site.name, site.origin, site.production) == ("it's ours", "example.org/ours", False)
    runbooks = find_runbooks(target)
    assert {runbook.path.relative_to(target) for runbook in runbooks} == {
        runbook.path.relative_to(shipped_files()) for runbook in find_runbooks(shipped_files())
    }
    for runbook in runbooks:
        here = reach_of_file(target, runbook.path)
        shipped = reach_of_file(shipped_files(), shipped_files() / runbook.path.relative_to(target))
        assert here.content == shipped.content
        hosts, _ = bind_hosts(load_inventory(site), here.runbook.targets)
        assert hosts
    assert load_policy(site).max_runs == 1
    for name in (POLICY_SCHEMA_FILE, "inventory/example/policy.bank.yml", "inventory/example/policy.small.yml"):
        assert (target / name).read_bytes() == (shipped_files() / name).read_bytes()
    assert lint_policies([target]) == ()


def test_a_site_is_made_in_an_empty_folder_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(UsageError, match="not empty"):
        write_site(tmp_path, name="a", origin="b")
    with pytest.raises(UsageError, match="not empty"):
        write_site(tmp_path / "file", name="a", origin="b")
    with pytest.raises(UsageError, match="cannot be written"):
        write_site(tmp_path / "file" / "below", name="a", origin="b")


def test_a_site_with_a_bad_name_is_not_begun(tmp_path: Path) -> None:
    with pytest.raises(InvalidContentError):
        write_site(tmp_path / "new", name="a", origin="b c")
    assert not (tmp_path / "new").exists()


def test_what_is_shipped_may_be_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = tmp_path / "shipped"
    for part in ("runbooks", "playbooks", "inventory"):
        shutil.copytree(shipped_files() / part, shipped / part)
    for path in shipped.rglob("*"):
        path.chmod(0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444)
    monkeypatch.setattr("runner.runbook.site.shipped_files", lambda: shipped)
    site = write_site(tmp_path / "site", name="a", origin="b")
    assert all(path.stat().st_mode & 0o200 for path in site.root.rglob("*"))


def test_state_lies_under_the_persons_state_folder(tmp_path: Path) -> None:
    assert state_home({"XDG_STATE_HOME": "/s"}) == Path("/s/twokey")
    assert state_home({"XDG_STATE_HOME": "relative", "HOME": "/h"}) == Path("/h/.local/state/twokey")
    first, second = tmp_path / "a" / "site 站", tmp_path / "b" / "site 站"
    states = [state_of_site(root, {"XDG_STATE_HOME": "/s"}) for root in (first, second)]
    assert len(set(states)) == 2
    assert all(state.parent == Path("/s/twokey") and state.name.startswith("site-") for state in states)


def test_one_site_has_one_state_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "link").symlink_to("site")
    assert state_of_site(tmp_path / "link") == state_of_site(tmp_path / "site")


def test_the_socket_lies_in_the_runtime_folder_or_in_the_state(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert socket_of_state(state, {}) == state / "socket"
    assert socket_of_state(state, {"XDG_RUNTIME_DIR": str(tmp_path / "none")}) == state / "socket"
    found = socket_of_state(state, {"XDG_RUNTIME_DIR": str(tmp_path)})
    assert found.parent == tmp_path / "twokey"
    assert found != socket_of_state(tmp_path / "other", {"XDG_RUNTIME_DIR": str(tmp_path)})


def test_a_client_remembers_beside_a_named_state(tmp_path: Path) -> None:
    assert checkpoints_folder(tmp_path / "state") == tmp_path / "checkpoints"
    assert checkpoints_folder(None, {"XDG_STATE_HOME": "/s"}) == Path("/s/twokey/checkpoints")


def test_this_machine_keeps_its_name() -> None:
    assert this_machine() == this_machine()
    assert this_machine()


def test_targets_of_what_is_shipped_are_local(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", name="a", origin="b")
    hosts, _ = bind_hosts(load_inventory(site), Targets(group="all"))
    assert {host.identity for host in hosts} == {f"local:{this_machine()}"}
