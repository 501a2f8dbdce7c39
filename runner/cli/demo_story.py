"""What happens in the demo, chapter by chapter; every claim in it is checked."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

from runner.cli.demo_stage import PEOPLE, A, B, Stage
from runner.cli.output import put
from runner.words import _

_RUNBOOKS = (
    "assets-install",
    "machine-inspection",
    "assets-backup",
    "assets-restore-drill",
    "assets-upgrade",
    "assets-restart",
)


class Story(Stage):
    """The chapters."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._last_run = ""

    def chapters(self) -> tuple[Callable[[], None], ...]:
        """Every chapter, in order."""
        return (
            self.found,
            self.publish,
            self.install,
            self.inspect,
            self.back_up,
            self.drill,
            self.upgrade,
            self.failing_upgrade,
            self.own_approval,
            self.changed_playbook,
            self.killed_service,
            self.verify,
        )

    def prepare(self) -> None:
        """Empty folder and keys."""
        self.say(
            _("Two people, {a} and {b}, run a real service on this machine. Neither can change it alone.").format(
                a=A, b=B
            )
        )
        self.clear()

    def found(self) -> None:
        """A site whose log both people open."""
        self.chapter(_("A site, founded by two"))
        admins = [word for person in PEOPLE for word in ("--admin", f"{person}={self.key(person)}.pub")]
        self.show(None, "init", str(self.site), *admins)
        for person in PEOPLE:
            self.show(person, "init", str(self.site), "--sign", "--yes")
        self._own_settings()
        self.say(_("The site is a folder of YAML and playbooks; its state lies beside it."))
        self.say(_("The first entries of the log carry both keys."))

    def publish(self) -> None:
        """Every runbook, signed by author and countersigner."""
        self.chapter(_("Runbooks are published by two"))
        for runbook in _RUNBOOKS:
            for person in PEOPLE:
                self.ask(person, "runbook", "publish", runbook, "--yes")
        self.show(None, "runbook", "list")

    def install(self) -> None:
        """A first change: the application itself."""
        self.chapter(_("A first change: install the application"))
        self.change("assets-install")
        health = self.health()
        self.fail_unless(
            health["status"] == "healthy" and health["version"] == "1.0.0",
            _("the service answers: version {version}, {items} items").format(**health),
        )

    def inspect(self) -> None:
        """An inspection with real figures."""
        self.chapter(_("An inspection of this machine"))
        figures = self._outputs(self.change("machine-inspection"), "inspect")
        self.say(_("kernel {kernel}, up {uptime} s").format(**figures))
        text = _("disk {disk_percent} %, memory {memory_percent} %, load {load_percent} %: {findings} findings")
        self.say(text.format(**figures))

    def back_up(self) -> None:
        """A backup that is proven."""
        self.chapter(_("A backup, proven"))
        run = self.change("assets-backup")
        made = self._outputs(run, "backup")
        self.fail_unless(
            hashlib.sha256(Path(str(made["backup_path"])).read_bytes()).hexdigest() == made["backup_sha256"],
            _("{rows} items in {path}, checksum {sha256}…").format(
                rows=made["backup_rows"],
                path=Path(str(made["backup_path"])).name,
                sha256=str(made["backup_sha256"])[:16],
            ),
        )

    def drill(self) -> None:
        """A restore drill with its measurements."""
        self.chapter(_("A restore drill, measured"))
        run = self.change("assets-restore-drill")
        chosen, measured = self._outputs(run, "choose"), self._outputs(run, "measure")
        self.fail_unless(
            measured["restored_rows"] == chosen["live_rows"],
            _("restored {rows} items, {live} in service; recovery time {rto} s, recovery point {rpo} s").format(
                rows=measured["restored_rows"],
                live=chosen["live_rows"],
                rto=measured["rto_measured"],
                rpo=measured["rpo_measured"],
            ),
        )

    def upgrade(self) -> None:
        """An upgrade that succeeds."""
        self.chapter(_("An upgrade that succeeds"))
        self.change("assets-upgrade", "target_version=1.1.0")
        health = self.health()
        self.fail_unless(
            health["version"] == "1.1.0" and health["writes"] is True,
            _("the service runs {version} and accepts writes").format(**health),
        )

    def failing_upgrade(self) -> None:
        """An upgrade that fails its health check and undoes itself."""
        self.chapter(_("An upgrade whose health check fails, and that undoes itself"))
        before = self.health()
        self.say(_("Release 1.2.0 has a fault: it starts, and its self check fails."))
        run = self.change("assets-upgrade", "target_version=1.2.0", expected="rolled_back")
        after = self.health()
        self.fail_unless(
            (after["status"], after["version"], after["items"]) == ("healthy", before["version"], before["items"]),
            _("rolled back by itself: version {version}, healthy, {items} items as before").format(**after),
        )
        self.show(None, "run", "report", run)

    def own_approval(self) -> None:
        """Nobody approves their own request."""
        self.chapter(_("Approving one's own request"))
        number = self._request("assets-restart", ())
        refused = self.command(A, "approve", number, "--yes", check=False)
        for line in refused.stderr.splitlines():
            put(f"   │ {line}", "faint")
        self.fail_unless(refused.returncode == 4, _("refused with exit code 4, and the refusal is in the log"))  # noqa: PLR2004 - the documented code
        self.ask(A, "withdraw", number, "--reason", _("it was only to show the refusal"), "--yes")

    def changed_playbook(self) -> None:
        """What runs is what was approved."""
        self.chapter(_("A playbook changed after approval"))
        number = self._request("assets-restart", ())
        self.ask(B, "approve", number, "--yes")
        playbook = self.site / "playbooks" / "assets" / "restart.yml"
        approved = playbook.read_bytes()
        playbook.write_bytes(approved + b"\n# changed after approval\n")
        run = self._execute(number, "succeeded")
        snapshots = list(self.state.glob("snapshots/*/playbooks/assets/restart.yml"))
        self.fail_unless(
            bool(snapshots) and all(path.read_bytes() == approved for path in snapshots),
            _("run {run} executed the approved bytes; the change on disk did not reach it").format(run=run),
        )
        shown = self.command(A, "plan", "assets-restart", *self._window()).stdout
        self.fail_unless(
            _("NOT PUBLISHED: it can be read, not requested") in shown,
            _("a plan over the changed playbook is not published and needs new signatures"),
        )
        refused = self.command(A, "request", "assets-restart", *self._window(), "--reason", "-", "--yes", check=False)
        self.fail_unless(refused.returncode == 4, _("requesting it is refused"))  # noqa: PLR2004 - the documented code
        playbook.write_bytes(approved)

    def killed_service(self) -> None:
        """The service dies in mid-step; the run does not."""
        self.chapter(_("The service is killed in mid-step"))
        number = self._request("assets-backup", ())
        self.ask(B, "approve", number, "--yes")
        self.ask(A, "start", number, "--yes")
        run = str(self.ask(B, "confirm", number, "--yes")["run"])
        self._wait_for_begun()
        pid = self.kill_service()
        self.say(
            _(
                "service process {pid} killed with SIGKILL while a step was running; the next command starts another"
            ).format(pid=pid)
        )
        self.command(None, "run", "watch", run)
        self._close(run, "succeeded")
        events = self._events(run)
        gapless = all(numbers == list(range(1, len(numbers) + 1)) for numbers in events.values())
        self.fail_unless(
            gapless and bool(events),
            _("{attempts} attempts, {events} events recorded, none missing, none twice").format(
                attempts=len(events), events=sum(map(len, events.values()))
            ),
        )
        self._last_run = run

    def verify(self) -> None:
        """The log, recomputed; evidence for an auditor."""
        self.chapter(_("The log, verified; evidence to take away"))
        self.command(None, "serve", "--stop")
        verdict = self.ask(None, "audit", "verify")
        self.fail_unless(
            str(verdict["verdict"]).startswith("VERIFIED"),
            _("{verdict}: {entries} entries recomputed without a service").format(**verdict),
        )
        bundle = self.folder / "evidence.tar"
        self.show(None, "audit", "export", self._last_run, "-o", str(bundle))
        checked = self.ask(None, "audit", "verify", "--bundle", str(bundle))
        self.fail_unless(
            str(checked["verdict"]).startswith("VERIFIED"),
            _("the bundle verifies by itself: {verdict}").format(**checked),
        )

    def farewell(self) -> None:
        """What to try next."""
        put()
        put(_("Everything lies in {folder}. To try next:").format(folder=self.folder), "strong")
        here = f".venv/bin/twokey --state {shlex.quote(str(self.state))}"
        for line in (
            f"{here} tui",
            f"{here} run list",
            f"{here} plan assets-upgrade -p target_version=1.1.0 --from now --to +2h",
            f"{here} audit list",
            f"{here} audit verify",
            f"{here} serve --stop",
        ):
            put(f"   {line}")

    def change(self, runbook: str, *parameters: str, expected: str = "succeeded") -> str:
        """A whole change: request by A, approval by B, execution by A with B as confirmer, result signed by both."""
        number = self._request(runbook, parameters)
        self.ask(B, "approve", number, "--yes")
        return self._execute(number, expected)

    def _execute(self, number: str, expected: str) -> str:
        self.ask(A, "start", number, "--yes")
        run = str(self.ask(B, "confirm", number, "--yes")["run"])
        while (state := self._state_after_watching(run)) == "at_gate":
            self.say(_("the run stands at a gate; both sign"))
            for person in PEOPLE:
                self.ask(person, "gate", run, "--yes")
        self.fail_unless(state == expected, _("run {run}: {state}").format(run=run, state=_(state)))
        self._close(run, state)
        self._last_run = run
        return run

    def _close(self, run: str, state: str) -> None:
        achieved = _("everything as planned") if state == "succeeded" else _("nothing; the former state was restored")
        reason = () if state == "succeeded" else ("--reason", _("the new release is not healthy"))
        record = ("--configuration", "no_change")
        for person in PEOPLE:
            self.ask(person, "close", run, "--achieved", achieved, *record, *reason, "--yes")

    def _state_after_watching(self, run: str) -> str:
        self.command(None, "run", "watch", run, "--until-waiting", check=False)
        row = self.look("run", "show", run)["row"]
        return str(row["state"]) if isinstance(row, dict) else ""

    def _request(self, runbook: str, parameters: tuple[str, ...]) -> str:
        given = [word for pair in parameters for word in ("-p", pair)]
        outcome = self.ask(A, "request", runbook, *given, *self._window(), "--reason", _("demo"), "--yes")
        return str(outcome["request"])

    def _window(self) -> tuple[str, ...]:
        return ("--from", "now", "--to", "+2h")

    def _outputs(self, run: str, step: str) -> dict[str, object]:
        shown = self.look("run", "show", run)
        steps = shown["steps"]
        found = (
            [part for part in steps if isinstance(part, dict) and part["id"] == step] if isinstance(steps, list) else []
        )
        outputs = found[0]["outputs"] if found else {}
        return dict(outputs) if isinstance(outputs, dict) else {}

    def _events(self, run: str) -> dict[str, list[int]]:
        """Event numbers of every attempt of a run, ascending, as the log holds them."""
        numbers: dict[str, list[int]] = {}
        before: list[str] = []
        while True:
            page = self.look("audit", "list", "--run", run, "--limit", "200", *before)
            rows = page["rows"]
            for row in rows if isinstance(rows, list) else []:
                about = row["leaf"].get("about", {}) if isinstance(row, dict) and isinstance(row["leaf"], dict) else {}
                if isinstance(about, dict) and isinstance(about.get("event"), int):
                    name = json.dumps([about.get(part) for part in ("batch", "step", "role", "attempt")])
                    numbers.setdefault(name, []).append(int(str(about["event"])))
            if not page["next"]:
                return {name: sorted(found) for name, found in numbers.items()}
            before = ["--before", str(page["next"])]

    def _wait_for_begun(self) -> None:
        """Wait until an attempt of the newest run has begun."""
        newest = max(self.state.glob("shims/*"), key=lambda folder: folder.stat().st_mtime)
        self.wait_until(lambda: any(newest.glob("*/begun")), _("a step has begun"), 30)

    def _own_settings(self) -> None:
        """The site's own variables: where the application lives on this machine."""
        variables = self.site / "inventory" / "demo" / "group_vars" / "assets.yml"
        text = variables.read_text()
        text = re.sub(r"(?m)^assets_home: .*$", f"assets_home: {json.dumps(str(self.app), ensure_ascii=False)}", text)
        text = re.sub(r"(?m)^assets_port: .*$", f"assets_port: {self.port}", text)
        variables.write_text(text)
