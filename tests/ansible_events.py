"""Events of plays as the spool tells them, without Ansible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from runner.model.document import JsonObject, JsonValue


@dataclass
class Play:
    """Tells events as Ansible's linear strategy does: every host ends a task before the next begins."""

    hosts: Sequence[str]
    events: list[JsonObject] = field(default_factory=lambda: [{"event": "playbook_start"}, {"event": "play_start"}])
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    out: set[str] = field(default_factory=set)

    def task(self, action: str = "ansible.builtin.command", *, fatal: bool = False, **results: str) -> Play:
        """A task that ends so on each host: ok unless said otherwise."""
        uuid = f"task-{len(self.events)}"
        facts: JsonObject = {"task": f"do {action}", "task_uuid": uuid, "action": action}
        self.events.append({"event": "task_start", "fatal": fatal, **facts})
        playing = [host for host in self.hosts if host not in self.out]
        self.events += [{"event": "host_start", "host": host, **facts} for host in playing]
        for host in playing:
            self._end(host, results.get(host, "ok"), facts)
        return self

    def stats(self, rc: int | None = None, custom: JsonObject | None = None) -> Play:
        """The end of the playbook."""
        failed = any(counts.get("failed") or counts.get("unreachable") for counts in self.counts.values())
        hosts: dict[str, JsonValue] = {name: dict(counts) for name, counts in self.counts.items()}
        told: JsonObject = {"run": {}, "hosts": {}, **(custom or {})}
        self.events.append({"event": "stats", "hosts": hosts, "custom": told, "masked": 2, "cut": 0})
        self.events.append({"event": "ended", "rc": rc if rc is not None else 2 * failed})
        return self

    def told(self, event: str, **fields: JsonValue) -> Play:
        self.events.append({"event": event, **fields})
        return self

    def _end(self, host: str, result: str, facts: JsonObject) -> None:
        counts = self.counts.setdefault(host, {})
        kind, _, more = result.partition("/")
        told: JsonObject = {"event": kind, "host": host, "result": {"msg": f"{kind} it is"}, **facts}
        if kind == "failed":
            told["ignored"] = more == "ignored"
        self.events.append(told)
        if kind == "failed" and more:
            self._count(counts, "rescued" if more == "rescued" else "ok", more)
        elif kind == "unreachable" and more == "ignored":
            self._count(counts, "ok", "ignored")
        else:
            self._count(counts, "ok" if kind == "changed" else kind, *(["changed"] if kind == "changed" else []))
            if kind in ("failed", "unreachable"):
                self.out.add(host)

    @staticmethod
    def _count(counts: dict[str, int], *names: str) -> None:
        for name in set(names):
            counts[name] = counts.get(name, 0) + 1
