from __future__ import annotations

import pytest

from runner.rules.variables import INVENTORY_SETTINGS, PLAY_SETTINGS, refused_name, refused_names


@pytest.mark.parametrize("name", ["a", "restore_from", "_x", "Name2", "port", "ansible"])
def test_usual_names(name: str) -> None:
    assert refused_name(name) is None


@pytest.mark.parametrize(
    "name",
    ["", "2a", "a-b", "a b", "a.b", "中文", "class", "None", "ansible_host", "ansible_connection", "ansible_facts",
     "hostvars", "groups", "inventory_hostname", "vars", "omit", "lookup", "query", "now", "x" * 129],
)  # fmt: skip
def test_names_a_runbook_must_not_set(name: str) -> None:
    assert refused_name(name) is not None


def test_settings_are_allowed_where_they_belong() -> None:
    assert all(refused_name(name, INVENTORY_SETTINGS) is None for name in INVENTORY_SETTINGS)
    assert refused_name("ansible_become_password", INVENTORY_SETTINGS) is not None
    assert refused_name("ansible_ssh_common_args", INVENTORY_SETTINGS) is not None


def test_plays_do_not_change_the_connection() -> None:
    assert not {"ansible_host", "ansible_port", "ansible_user", "ansible_connection"} & PLAY_SETTINGS


def test_all_refused_names_are_told() -> None:
    assert set(refused_names({"a": 1, "hostvars": 2, "b-c": 3})) == {"hostvars", "b-c"}
