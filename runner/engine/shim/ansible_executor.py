"""Carrying out a playbook step through the Ansible driver, a process ready beforehand."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from runner.engine.ansible import Prepared as AnsibleProcess
from runner.engine.ansible import prepare
from runner.engine.ansible_job import AnsibleEnd, AnsibleJob, EndStatus
from runner.engine.shim.executor import Ending
from runner.engine.shim.folder import AttemptFolder, ShimFolder
from runner.engine.snapshot import INVENTORY, KNOWN_HOSTS, PLAYBOOKS, SSH_CONFIG
from runner.errors import UsageError, fill
from runner.model.order import Order, PlayOrder
from runner.model.secret import Given
from runner.words import N_


class AnsibleExecutor:
    """Prepares playbook steps of one run."""

    def __init__(self, folder: ShimFolder, control_dir: Path | None = None) -> None:
        """Make an executor.

        Args:
            folder: where private folders of processes are made.
            control_dir: where ssh connections are kept between attempts.
        """
        self._folder = folder
        self._control_dir = control_dir

    def prepare(self, order: Order, folder: AttemptFolder) -> Playing:
        """Start an Ansible process that waits at its border.

        Raises:
            UsageError: the order is not one for Ansible, or a path cannot be used.
        """
        if not isinstance(order.work, PlayOrder):
            raise UsageError(N_("an order for Ansible names no playbook"))
        work = self._folder.new_work()
        try:
            return Playing(work, prepare(self._job(order, order.work, folder, work)))
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise

    def _job(self, order: Order, play: PlayOrder, folder: AttemptFolder, work: Path) -> AnsibleJob:
        snapshot = Path(order.snapshot)
        return AnsibleJob(
            private_data_dir=work,
            snapshot=snapshot,
            playbook=snapshot / PLAYBOOKS / play.playbook,
            inventory=snapshot / INVENTORY,
            spool=folder.spool,
            limit=order.hosts,
            check=play.check,
            forks=order.forks,
            hold_seconds=order.hold,
            known_hosts=snapshot / KNOWN_HOSTS,
            ssh_config=snapshot / SSH_CONFIG,
            control_dir=self._control_dir,
        )


class Playing:
    """One Ansible process, waiting or running."""

    def __init__(self, work: Path, process: AnsibleProcess) -> None:
        self._work = work
        self._process = process

    def begin(self, order: Order, given: Given) -> None:
        """Let it go with the variables as they are now known, and with the secrets.

        Raises:
            UsageError: the order is not one for Ansible.
        """
        if not isinstance(order.work, PlayOrder):
            raise UsageError(N_("an order for Ansible names no playbook"))
        self._process.begin(order.work.variables, given=given)

    def discard(self) -> None:
        """End the waiting process."""
        self._process.discard()
        self._put_away()

    def hold(self) -> None:
        """Wait at the next task border."""
        self._process.hold()

    def release(self) -> None:
        """Go on."""
        self._process.release()

    def cancel(self, *, now: bool) -> None:
        """End at the next task border, or kill it with everything it started."""
        self._process.cancel(now=now)

    def wait(self) -> Ending:
        """Wait until the process has ended."""
        end = self._process.wait()
        self._put_away()
        return _ending(end)

    def _put_away(self) -> None:
        """Remove everything private in the background: ansible-runner takes its time to close a terminal."""
        threading.Thread(target=self._clean_up, name="put-away").start()

    def _clean_up(self) -> None:
        self._process.close()
        shutil.rmtree(self._work, ignore_errors=True)


def _ending(end: AnsibleEnd | None) -> Ending:
    if end is None:
        return Ending(seen=False)
    reason = end.output.strip()
    if not end.has_begun:
        reason = reason or fill(N_("Ansible ended before it began"), {})
    return Ending(
        seen=end.is_clean or not end.has_begun,
        stopped=end.status is EndStatus.CANCELED,
        reason=reason,
        facts={
            "status": end.status.value,
            "rc": end.rc,
            "argv": list(end.argv),
            "has_begun": end.has_begun,
        },
    )
