from __future__ import annotations

import configparser
import os
import stat
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import pytest
import yaml
from hypothesis import given

from runner.engine.ansible_job import AnsibleJob
from runner.engine.ansible_layout import environment_of, lay_out, to_extra_vars, write_private
from runner.engine.ssh_sharing import LONGEST, make_control_dir, require_control_dir
from runner.errors import UsageError

_CONTROL = Path("/run/tk")
_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_VARIABLES = st.dictionaries(
    st.text("abc_", min_size=1, max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers() | _TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


class _Data(str):
    """A text that is marked as data."""

    __slots__ = ()


class _PythonLoader(yaml.SafeLoader):
    """YAML as Ansible reads it without libyaml."""


class _Loader(yaml.CSafeLoader):
    """YAML as Ansible reads it."""


def _data(loader: yaml.SafeLoader | yaml.CSafeLoader, node: yaml.nodes.Node) -> _Data:
    assert isinstance(node, yaml.nodes.ScalarNode)
    return _Data(loader.construct_scalar(node))


_PythonLoader.add_constructor("!unsafe", _data)
_Loader.add_constructor("!unsafe", _data)


@pytest.fixture
def job(tmp_path: Path) -> AnsibleJob:
    work = tmp_path / "work"
    work.mkdir(mode=0o700)
    snapshot = tmp_path / "snapshot"
    return AnsibleJob(
        private_data_dir=work,
        snapshot=snapshot,
        playbook=snapshot / "playbooks" / "play.yml",
        inventory=snapshot / "inventory" / "hosts.yml",
        spool=tmp_path / "spool.jsonl",
        limit=("h1", "h2"),
    )


def _texts(value: object) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    return [value] if isinstance(value, str) else []


@given(_VARIABLES)
def test_variables_come_back_as_they_were_and_every_text_is_data(variables: dict[str, object]) -> None:
    for loader in (_PythonLoader, _Loader):
        read = yaml.load(to_extra_vars(variables), loader)  # noqa: S506 - both are safe loaders
        assert read == variables
        assert all(isinstance(text, _Data) for text in _texts(read))


def test_everything_in_the_folder_is_private(job: AnsibleJob) -> None:
    old = os.umask(0)
    try:
        lay_out(job, _CONTROL)
    finally:
        os.umask(old)
    for path in job.private_data_dir.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_every_path_of_ansible_is_in_the_snapshot_or_leads_nowhere(job: AnsibleJob) -> None:
    lay_out(job, _CONTROL)
    settings = configparser.RawConfigParser()
    settings.read(job.private_data_dir / "ansible.cfg")
    paths = {name: value for name, value in settings["defaults"].items() if value.startswith("/")}
    assert len(paths) > 15
    for path in paths.values():
        assert Path(path).is_relative_to(job.snapshot) or Path(path).is_relative_to(job.private_data_dir)
    assert not list((job.private_data_dir / "nothing").iterdir())


def test_hosts_keys_are_checked_against_the_pinned_ones_only(job: AnsibleJob) -> None:
    lay_out(replace(job, known_hosts=Path("/snap/known hosts%"), ssh_config=Path("/snap/config")), _CONTROL)
    lines = (job.private_data_dir / "ssh.cfg").read_text("utf-8").splitlines()
    assert 'UserKnownHostsFile "/snap/known hosts%%"' in lines
    assert {"StrictHostKeyChecking yes", "GlobalKnownHostsFile /dev/null", "ForwardAgent no"} <= set(lines)
    assert {"ServerAliveInterval 3", "ServerAliveCountMax 2"} <= set(lines)
    assert lines[-1] == 'Include "/snap/config"'


def test_without_pinned_keys_no_host_is_known(job: AnsibleJob) -> None:
    lay_out(job, _CONTROL)
    assert "UserKnownHostsFile /dev/null\n" in (job.private_data_dir / "ssh.cfg").read_text("utf-8")


def test_a_folder_that_is_not_empty_is_refused(job: AnsibleJob) -> None:
    (job.private_data_dir / "env").mkdir()
    with pytest.raises(UsageError, match="must be empty"):
        lay_out(job, _CONTROL)


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o770])
def test_a_folder_others_may_enter_is_refused(job: AnsibleJob, mode: int) -> None:
    job.private_data_dir.chmod(mode)
    with pytest.raises(UsageError, match="0700"):
        lay_out(job, _CONTROL)


def test_a_folder_that_is_a_link_or_absent_is_refused(job: AnsibleJob, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(job.private_data_dir)
    for folder in (link, tmp_path / "absent"):
        with pytest.raises(UsageError, match="0700"):
            lay_out(replace(job, private_data_dir=folder), _CONTROL)


def test_a_spool_with_events_is_refused(job: AnsibleJob) -> None:
    job.spool.write_text("x", "utf-8")
    with pytest.raises(UsageError, match="another attempt"):
        lay_out(job, _CONTROL)


@pytest.mark.parametrize("name", ["a,b", "a:b", "a$b", 'a"b', "a\\b", "a{{b", "a{%b", "a ;b", "a\tb", "a\nb", "a\x7fb"])
def test_paths_that_would_be_read_as_something_else_are_refused(job: AnsibleJob, name: str) -> None:
    with pytest.raises(UsageError, match="cannot use this path"):
        lay_out(replace(job, inventory=Path("/snapshot") / name), _CONTROL)


@pytest.mark.parametrize("name", ["a b", "双人", "a%b", "a#b", "a;b", "a'b", "a{b}", "~a", "a(b)&c*d"])
def test_other_paths_are_taken(job: AnsibleJob, name: str) -> None:
    lay_out(replace(job, inventory=Path("/snapshot") / name), _CONTROL)
    assert (job.private_data_dir / "ansible.cfg").exists()


def test_a_relative_path_is_refused(job: AnsibleJob) -> None:
    with pytest.raises(UsageError, match="must be absolute"):
        lay_out(replace(job, playbook=Path("play.yml")), _CONTROL)


@pytest.mark.parametrize("host", ["", "a*", "all:!b,c", "@file", "!a", "&a", "~a", "a b", "a[1]", "#a", "a\nb"])
def test_a_host_must_be_named_and_not_matched(job: AnsibleJob, host: str) -> None:
    with pytest.raises(UsageError, match="pattern"):
        lay_out(replace(job, limit=("h1", host)), _CONTROL)


def test_a_job_without_hosts_is_refused(job: AnsibleJob) -> None:
    with pytest.raises(UsageError, match="names no host"):
        replace(job, limit=())


@pytest.mark.parametrize("name", ["ANSIBLE_CONFIG", "ansible_home", "_ANSIBLE_X"])
def test_settings_of_ansible_are_not_handed_on(job: AnsibleJob, name: str) -> None:
    with pytest.raises(UsageError, match="setting of Ansible"):
        replace(job, environment={name: "x"})


def test_only_little_of_the_callers_environment_is_handed_on(job: AnsibleJob) -> None:
    caller = {
        "HOME": "/home/op",
        "PATH": "/bin",
        "ANSIBLE_FORKS": "1",
        "PYTHONPATH": "/x",
        "LANG": "zh_CN.GBK",
        "X": "y",
    }
    environment = environment_of(replace(job, environment={"http_proxy": "proxy"}), caller)
    kept = {name: value for name, value in environment.items() if not name.startswith("ANSIBLE_")}
    assert kept == {
        "HOME": "/home/op",
        "PATH": "/bin",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "http_proxy": "proxy",
    }
    assert "ANSIBLE_FORKS" not in environment


def test_a_private_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old", "utf-8")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text("utf-8") == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_control_folder_is_private_and_short() -> None:
    folder = make_control_dir()
    try:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert len(str(folder)) <= LONGEST
    finally:
        folder.rmdir()


def test_a_control_folder_falls_back_when_the_usual_place_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * LONGEST)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    folder = make_control_dir()
    folder.rmdir()
    assert not folder.is_relative_to(long)
    assert not list(long.iterdir())


@pytest.mark.parametrize("path", ["/" + "x" * LONGEST, "/a b", "/a%b", "/a'b", "/a$b", "/双" * 30])
def test_folders_ssh_cannot_use_are_refused(path: str) -> None:
    with pytest.raises(UsageError, match="ssh cannot keep connections"):
        require_control_dir(Path(path))
