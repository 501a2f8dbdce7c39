"""The private folder of an attempt, and the surroundings Ansible gets: settings, environment, ssh, variables.

Every path Ansible would look along points into the snapshot or at nothing: what is not in the snapshot does not
exist for the run. Of the caller's environment only what names the user, the language of programs and the ways to
reach them is handed on.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from runner.engine.ansible_job import AnsibleJob
from runner.engine.ssh_sharing import require_control_dir
from runner.errors import UsageError
from runner.runbook.ansible_folders import FOLDERS, NOT_FROM_CONTENT
from runner.words import N_

EXTRA_VARS = "env/extravars"
LIMIT = "limit"
"""Files in the private folder, which is also the working directory of the process."""

_CONFIG = "ansible.cfg"
_SSH_CONFIG = "ssh.cfg"
_PLUGIN_FILTERS = "plugin_filters.yml"
_NOTHING = "nothing"
_PLAYBOOKS = "playbooks"
"""Folder of the snapshot that holds everything of Ansible's."""

_CALLBACKS = Path(__file__).with_name("callback")
_CALLBACK = "twokey_spool"

HANDED_ON = ("HOME", "LOGNAME", "PATH", "SHELL", "SSH_AUTH_SOCK", "TMPDIR", "TZ", "USER", "XDG_RUNTIME_DIR")
"""Variables of the service that processes of a run get."""
_LOCALE = "C.UTF-8"
_USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_UNUSABLE = re.compile(r"""[,:$"\\]|\{[{%#]|\s;|[^\S ]|[\x00-\x1f\x7f]""")
"""What Ansible, its settings files or ssh would read as something else than a part of a path."""


def require_usable(paths: Iterable[Path]) -> None:
    """Refuse paths that Ansible or ssh would misread.

    Raises:
        UsageError: a path is relative or holds such characters.
    """
    for path in paths:
        if not path.is_absolute() or _UNUSABLE.search(str(path)):
            raise UsageError(
                N_('{path}: Ansible cannot use this path (it must be absolute, without , : $ \\ " or template marks)'),
                path=str(path),
            )


def lay_out(job: AnsibleJob, control_dir: Path) -> None:
    """Fill the private folder, all but the variables that are known only when the play begins.

    Raises:
        UsageError: the folder is not private and empty, the spool is not empty, or a path cannot be used.
    """
    folder = job.private_data_dir
    _require_private(folder)
    _require_fresh_spool(job.spool)
    paths = (
        folder,
        job.snapshot,
        job.playbook,
        job.inventory,
        job.known_hosts,
        job.ssh_config,
        job.ssh_key,
        _CALLBACKS,
    )
    require_usable(path for path in paths if path)
    require_control_dir(control_dir)
    for name in ("env", "tmp", "home", _NOTHING):
        (folder / name).mkdir(mode=0o700)
    write_private(folder / EXTRA_VARS, "{}\n")
    write_private(folder / "env/settings", json.dumps(_RUNNER_SETTINGS))
    write_private(folder / LIMIT, "".join(f"{host}\n" for host in _hosts(job.limit)))
    write_private(folder / _CONFIG, _ini(_settings(job, control_dir)))
    write_private(folder / _SSH_CONFIG, _ssh_config(job))
    write_private(folder / _PLUGIN_FILTERS, 'filter_version: "1.0"\nmodule_rejectlist: []\n')


def environment_of(job: AnsibleJob, caller: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of the process."""
    folder = job.private_data_dir
    handed_on = {name: caller[name] for name in HANDED_ON if caller.get(name)}
    return {
        "PATH": _USUAL_PATH,
        **handed_on,
        **job.environment,
        "LANG": _LOCALE,
        "LC_ALL": _LOCALE,
        "ANSIBLE_CONFIG": str(folder / _CONFIG),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_CALLBACK_PLUGINS": str(_CALLBACKS),
        "ANSIBLE_STDOUT_CALLBACK": _CALLBACK,
    }


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, in place of what stands there."""
    beside = path.with_name(f".{path.name}.new")
    with os.fdopen(
        os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    beside.rename(path)


def to_extra_vars(variables: Mapping[str, object]) -> str:
    """Variables as YAML in which every text is data: Ansible never evaluates a template in one of them.

    Args:
        variables: JSON values; what earlier steps reported from hosts may be among them.
    """
    return _flow(variables) + "\n"


_RUNNER_SETTINGS = {"pexpect_timeout": 5, "suppress_ansible_output": True}
"""ansible-runner's own settings; its clock only has to notice what the driver has already done."""


def _flow(value: object) -> str:
    if isinstance(value, str):
        return f"!unsafe {_quoted(value)}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quoted(str(name))}: {_flow(item)}" for name, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return json.dumps(value)


_NOT_PRINTABLE_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def _quoted(text: str) -> str:
    """A text as JSON, which YAML reads alike once the characters it does not take as they are are escaped."""
    return _NOT_PRINTABLE_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _require_private(folder: Path) -> None:
    found = folder.lstat() if folder.exists() else None
    if found is None or not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise UsageError(N_("{path}: a folder of the service alone (0700) is needed here"), path=str(folder))
    if any(folder.iterdir()):
        raise UsageError(
            N_("{path}: must be empty; what another attempt left there would be used again"), path=str(folder)
        )


def _require_fresh_spool(spool: Path) -> None:
    if spool.exists() and spool.stat().st_size:
        raise UsageError(N_("{path}: already holds events of another attempt"), path=str(spool))


def _hosts(names: Sequence[str]) -> Sequence[str]:
    """Host names as lines of a limit file, in which each must stand for itself."""
    for name in names:
        if not name or name.startswith(("@", "!", "&", "~", "#")) or re.search(r"[\s,*?\[\]{}]", name):
            raise UsageError(N_("{host}: a pattern stands where one host must be named"), host=name)
    return names


def _settings(job: AnsibleJob, control_dir: Path) -> dict[str, dict[str, object]]:
    folder = job.private_data_dir
    inside = {setting: job.snapshot / _PLAYBOOKS / name for setting, name in FOLDERS.items()}
    nowhere = dict.fromkeys(NOT_FROM_CONTENT, folder / _NOTHING)
    return {
        "defaults": {
            **inside,
            **nowhere,
            "collections_scan_sys_path": False,
            "plugin_filters_cfg": folder / _PLUGIN_FILTERS,
            "fact_caching": "memory",
            "forks": job.forks,
            "host_key_checking": True,
            "interpreter_python": "auto_silent",
            "nocolor": True,
            "nocows": True,
            "retry_files_enabled": False,
        },
        "inventory": {
            "enable_plugins": "ansible.builtin.yaml, ansible.builtin.ini",
            "any_unparsed_is_failed": True,
            "unparsed_is_failed": True,
        },
        "connection": {"pipelining": True},
        "ssh_connection": {
            "pipelining": True,
            "ssh_args": f"-F {_SSH_CONFIG} -o ControlMaster=auto -o ControlPersist=60s",
            "control_path_dir": control_dir,
        },
    }


def _ini(sections: Mapping[str, Mapping[str, object]]) -> str:
    return "\n".join(
        f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())
        for section, settings in sections.items()
    )


def _ssh_config(job: AnsibleJob) -> str:
    """Settings of ssh; it keeps the first value it meets, so what comes from the snapshot stands last."""
    known_hosts = _ssh_path(job.known_hosts) if job.known_hosts else "/dev/null"
    lines = [
        "StrictHostKeyChecking yes",
        f"UserKnownHostsFile {known_hosts}",
        "GlobalKnownHostsFile /dev/null",
        "VerifyHostKeyDNS no",
        "UpdateHostKeys no",
        "ForwardAgent no",
        "ForwardX11 no",
        "PermitLocalCommand no",
        "ServerAliveInterval 3",
        "ServerAliveCountMax 2",
    ]
    if job.ssh_key:
        lines += [f"IdentityFile {_ssh_path(job.ssh_key)}", "IdentitiesOnly yes"]
    if job.ssh_config:
        lines += [f"Include {_ssh_path(job.ssh_config)}"]
    return "".join(f"{line}\n" for line in lines)


def _ssh_path(path: Path) -> str:
    return '"' + str(path).replace("%", "%%") + '"'
