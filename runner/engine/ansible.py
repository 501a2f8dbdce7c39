"""The Ansible driver: runs one playbook on one batch through ansible-runner.

`prepare` starts the process at once; it imports Ansible and waits at its border, having read nothing of the playbook.
So the next attempt can be made ready while the current one runs. `Prepared.begin` lets it go. ansible-runner starts
the process, watches its terminal, cancels it, times it out and takes its exit status; what happens inside goes to the
spool (`runner.engine.callback.twokey_spool`) and over the border (`runner.engine.ansible_side.border`).

The driver leaves to its caller: what is run, on whom, whether it may, and what the events mean for each host.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import struct
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from runner.engine.ansible_job import AnsibleEnd, AnsibleJob, EndStatus
from runner.engine.ansible_layout import EXTRA_VARS, LIMIT, environment_of, lay_out, to_extra_vars, write_private
from runner.engine.ansible_side.border import SOCKET_NAME, Channel, ChannelClosedError, Exit, Go, HeldBy, Say
from runner.engine.ansible_side.masking import Masks
from runner.engine.process_tree import kill_tree, parent_of
from runner.engine.ssh_sharing import close_connections, make_control_dir
from runner.errors import UsageError
from runner.model.document import JsonValue
from runner.model.secret import NOTHING, Given
from runner.words import N_

_log = logging.getLogger(__name__)

_ENTRY = Path(__file__).with_name("entry") / "ansible-playbook"
_NAME = "attempt"
"""What ansible-runner calls the only run in the private folder."""
_OUTPUT_KEPT = 4096
"""Bytes of terminal output kept; what a play says is in the spool."""
_AT_ONCE = 1e-9
"""A time-out that is over as soon as ansible-runner looks."""
_EVENTS_MISSING = (Exit.SPOOL, Exit.BROKEN)
_CREDENTIALS = struct.Struct("3i")
"""Process, user and group at the other end of a socket."""


def prepare(job: AnsibleJob) -> Prepared:
    """Start a process for a job and let it get ready.

    Raises:
        UsageError: a folder is not private or not empty, or a path cannot be used.
    """
    control_dir = job.control_dir or make_control_dir()
    own_control_dir = None if job.control_dir else control_dir
    try:
        lay_out(job, control_dir)
        return Prepared(job, _runner_config(job), own_control_dir)
    except BaseException:
        if own_control_dir:
            shutil.rmtree(own_control_dir, ignore_errors=True)
        raise


class Prepared:
    """An Ansible process, from its start until its end has been told."""

    def __init__(self, job: AnsibleJob, config: Any, own_control_dir: Path | None) -> None:  # noqa: ANN401 - untyped
        """Start the process; see `prepare`."""
        self._job = job
        self._config = config
        self._own_control_dir = own_control_dir
        self._masks = job.masks
        self._changed = threading.Condition()
        self._listener = _listen(job.private_data_dir)
        self._unsent: list[tuple[Say, dict[str, object]]] = []
        self._channel: Channel | None = None
        self._pid = 0
        self._argv: tuple[str, ...] = ()
        self._is_ready = False
        self._is_let_go = False
        self._has_begun = False
        self._held_by: HeldBy | None = None
        self._declared: int | None = None
        self._is_declared_clean = False
        self._is_silent = False
        self._broken_off: EndStatus | None = None
        self._seen: tuple[str, int | None] | None = None
        self._clock: threading.Timer | None = None
        threading.Thread(target=self._hear, name="ansible-border", daemon=True).start()
        threading.Thread(target=self._watch, name="ansible-runner", daemon=True).start()

    @property
    def is_ready(self) -> bool:
        """Whether everything is imported; letting it go before is allowed and only takes longer."""
        return self._is_ready

    @property
    def held_by(self) -> HeldBy | None:
        """Who holds the play at a task border now."""
        return self._held_by

    def begin(self, extra_vars: Mapping[str, JsonValue], deadline: float | None = None, given: Given = NOTHING) -> None:
        """Let the play go.

        Args:
            extra_vars: variables that stand above all others; taken as data, never as templates.
            deadline: when to kill it (`time.monotonic`); None never does.
            given: secrets that stand above these; they reach the process through its socket, and no file.
        """
        if self._is_let_go:
            raise ValueError("the play has already been let go")
        self._is_let_go = True
        job = self._job
        write_private(job.private_data_dir / EXTRA_VARS, to_extra_vars(extra_vars))
        secrets = {name: text.reveal() for name, text in given.items()}
        self._masks = (*job.masks, *secrets.values())
        go = Go(str(job.spool), str(job.snapshot), self._masks, job.event_limit, job.hold_seconds, secrets)
        if deadline is not None:
            self._clock = threading.Timer(max(0.0, deadline - time.monotonic()), self._time_out)
            self._clock.daemon = True
            self._clock.start()
        self._send(Say.GO, **go.to_message())

    def discard(self) -> None:
        """End a process that was not let go; nothing has been read or run."""
        if self._is_let_go:
            raise ValueError("the play has already been let go; cancel it")
        with self._changed:
            self._broken_off = EndStatus.CANCELED
        self._hang_up()

    def hold(self) -> None:
        """Hold a play that was let go at its next task border."""
        self._require_let_go()
        self._send(Say.HOLD)

    def release(self) -> None:
        """Let a held play go on."""
        self._require_let_go()
        self._send(Say.RELEASE)

    def cancel(self, *, now: bool) -> None:
        """End the play: at its next task border, or by killing every process of it now."""
        if not self._is_let_go:
            self.discard()
        elif now:
            self._break_off(EndStatus.CANCELED)
        else:
            self._send(Say.STOP)

    def wait(self, seconds: float | None = None) -> AnsibleEnd | None:
        """How the process ended, as soon as it has; None when it goes on for longer than `seconds`.

        An end that the process has told itself counts as soon as the process is silent; ansible-runner may still be
        putting its terminal away.
        """
        with self._changed:
            return self._end() if self._changed.wait_for(self._has_ended, seconds) else None

    def close(self) -> tuple[str, int | None]:
        """Wait until ansible-runner is done too, and put everything away.

        Returns:
            Status and exit status as ansible-runner reports them.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._seen is not None)
            seen = self._seen or ("", None)
            channel, self._channel = self._channel, None
        if self._clock:
            self._clock.cancel()
        if channel:
            channel.close()
        if self._own_control_dir:
            close_connections(self._own_control_dir)
        return seen

    def _require_let_go(self) -> None:
        if not self._is_let_go:
            raise ValueError("the play has not been let go")

    def _has_ended(self) -> bool:
        is_silent = self._is_silent or self._channel is None
        return is_silent and (self._declared is not None or self._seen is not None)

    def _end(self) -> AnsibleEnd:
        rc = self._declared
        if rc is not None:
            broken_off = EndStatus.CANCELED if rc == Exit.STOPPED else EndStatus.FAILED
            is_clean = self._is_declared_clean and rc not in _EVENTS_MISSING
            return self._ended(broken_off if rc else EndStatus.SUCCESSFUL, rc, is_clean=is_clean)
        if self._has_begun:
            return self._ended(self._broken_off or EndStatus.UNSEEN, None, is_clean=False)
        seen = self._seen[1] if self._seen else None
        return self._ended(self._broken_off or EndStatus.FAILED, seen, is_clean=False)

    def _ended(self, status: EndStatus, rc: int | None, *, is_clean: bool) -> AnsibleEnd:
        output = "" if is_clean else self._output()
        return AnsibleEnd(status, rc, self._has_begun, is_clean, self._argv, output)

    def _output(self) -> str:
        path = self._job.private_data_dir / "artifacts" / _NAME / "stdout"
        with suppress(OSError):
            text = path.read_bytes()[-_OUTPUT_KEPT:].decode("utf-8", "replace").replace("\r\n", "\n")
            return Masks(self._masks).text(text).strip()
        return ""

    def _send(self, say: Say, **fields: object) -> None:
        with self._changed:
            if self._channel is None:
                self._unsent.append((say, fields))
                return
            with suppress(ChannelClosedError):  # its end is told by `wait`
                self._channel.send(say, **fields)

    def _hang_up(self) -> None:
        with self._changed:
            if self._channel:
                self._channel.hang_up()
            _close_listener(self._listener)

    def _time_out(self) -> None:
        self._config.job_timeout = _AT_ONCE
        self._break_off(EndStatus.TIMEOUT)

    def _break_off(self, status: EndStatus) -> None:
        """Kill every process of the play; ansible-runner then finds its own reason for the same status."""
        with self._changed:
            if self._declared is not None or self._seen is not None:
                return
            self._broken_off = self._broken_off or status
            pid = self._pid
            if pid and (foreign := kill_tree(pid)):
                _log.warning("processes of another user survive the play: %s", foreign)
        if not pid:
            self._hang_up()

    def _is_canceled(self) -> bool:
        return self._broken_off is EndStatus.CANCELED

    def _hear(self) -> None:
        """Take what the process says, until it is silent."""
        channel = self._accept()
        if channel is None:
            return
        while True:
            try:
                message = channel.receive()
            except ChannelClosedError:
                break
            if message:
                self._take(message)
        with self._changed:
            self._is_silent = True
            self._changed.notify_all()

    def _accept(self) -> Channel | None:
        """The connection of the process that was started here, and of no other."""
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return None
            pid, user, _group = _CREDENTIALS.unpack(
                connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            )
            if user == os.geteuid() and parent_of(pid) == os.getpid():
                return self._connect(Channel(connection), pid)
            connection.close()

    def _connect(self, channel: Channel, pid: int) -> Channel:
        argv = tuple(os.fsdecode(part) for part in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1])
        with self._changed:
            self._channel, self._pid, self._argv = channel, pid, argv
            if argv != tuple(self._config.command):
                _log.error("ansible-runner started %s, asked for %s", argv, self._config.command)
                self._unsent.clear()
                channel.hang_up()
            for say, fields in self._unsent:
                with suppress(ChannelClosedError):
                    channel.send(say, **fields)
        return channel

    def _take(self, message: Mapping[str, object]) -> None:
        with self._changed:
            match message["say"]:
                case Say.READY:
                    self._is_ready = True
                case Say.BEGUN:
                    self._has_begun = True
                case Say.HELD:
                    self._held_by = HeldBy(str(message["by"]))
                case Say.RELEASED:
                    self._held_by = None
                case Say.ENDED:
                    self._declared = int(str(message["rc"]))
                    self._is_declared_clean = message["is_clean"] is True
            self._changed.notify_all()

    def _watch(self) -> None:
        """Run ansible-runner; the boundary for whatever goes wrong in it, which leaves the end unseen."""
        from ansible_runner.runner import Runner

        try:
            seen = Runner(self._config, cancel_callback=self._is_canceled).run()
        except Exception:  # noqa: BLE001 - the boundary this method is
            _log.exception("ansible-runner failed")
            seen = ("error", None)
        with self._changed:
            self._seen = seen
            self._changed.notify_all()
        _close_listener(self._listener)


def _listen(folder: Path) -> socket.socket:
    """Listen in a folder whose path may be longer than a socket's may be."""
    listener = socket.socket(socket.AF_UNIX)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        listener.bind(f"/proc/self/fd/{descriptor}/{SOCKET_NAME}")
        listener.listen(1)
    except BaseException:
        listener.close()
        raise
    finally:
        os.close(descriptor)
    return listener


def _close_listener(listener: socket.socket) -> None:
    """Close a socket that another thread may be waiting on, which closing alone would not wake."""
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _runner_config(job: AnsibleJob) -> Any:  # noqa: ANN401 - ansible-runner ships no types
    """The configuration of ansible-runner, with our process and surroundings in place of its own."""
    from ansible_runner.config.runner import RunnerConfig

    config = RunnerConfig(
        private_data_dir=str(job.private_data_dir),
        host_cwd=str(job.private_data_dir),
        playbook=str(job.playbook),
        inventory=str(job.inventory),
        limit=f"@{LIMIT}",
        cmdline="--check --diff" if job.check else None,
        ident=_NAME,
        quiet=True,
        fact_cache_type="memory",
    )
    config.prepare()
    if config.command[1:] != (arguments := _arguments(job)):
        raise UsageError(
            N_("ansible-runner would run {command} instead of {wanted}"),
            command=" ".join(config.command),
            wanted=" ".join(arguments),
        )
    config.command = [sys.executable, "-I", str(_ENTRY), *arguments]
    config.env = environment_of(job, os.environ)
    return config


def _arguments(job: AnsibleJob) -> list[str]:
    return [
        *(["--check", "--diff"] if job.check else []),
        "-i",
        str(job.inventory),
        "--limit",
        f"@{LIMIT}",
        "-e",
        f"@{job.private_data_dir / EXTRA_VARS}",
        str(job.playbook),
    ]
