from __future__ import annotations

import pytest

from runner.cli.event_text import event_lines
from runner.model.document import JsonObject
from runner.rules.tags import Tag
from tests.wire_samples import entry

ZONE = "Asia/Shanghai"


def lines(tag: str, payload: JsonObject | None = None, **about: object) -> list[str]:
    return [line for line, _ in event_lines(entry(1, tag, payload, **about), ZONE)]


def ansible(event: str, **fields: object) -> list[str]:
    return lines(Tag.ANSIBLE_EVENT, {"event": event, **fields})  # type: ignore[dict-item]  # as Ansible gives them


def test_times_are_those_of_the_site() -> None:
    assert lines(Tag.RUN_MOVED, {"from": "running", "to": "rolling_back"}) == ["12:00:00 run: running → rolling back"]


def test_attempts_are_named() -> None:
    about = {"batch": 1, "step": "upgrade", "role": "do", "attempt": 2}
    assert lines(Tag.ATTEMPT_BEGUN, None, **about) == ["12:00:00 begun: 1/upgrade.do/2"]
    ended = lines(Tag.ATTEMPT_ENDED, {"state": "failed", "reason": "no room"}, **about)
    assert ended == ["12:00:00 ended: 1/upgrade.do/2: failed (no room)"]


@pytest.mark.parametrize("tag", [Tag.ATTEMPT_INTENDED, Tag.SHIM_STARTED, Tag.LOCKS_TAKEN])
def test_what_tells_nothing_new_is_left_out(tag: str) -> None:
    assert lines(tag, {}) == []


@pytest.mark.parametrize("tag", list(Tag))
@pytest.mark.parametrize("payload", [None, {}])
def test_every_kind_of_entry_has_words_without_its_details(tag: str, payload: JsonObject | None) -> None:
    for line in lines(tag, payload):
        assert line.startswith("12:00:00 ")
        assert "{" not in line


def test_people_are_named() -> None:
    signed = entry(1, Tag.RUN_GATE_SIGNED)
    leaf: JsonObject = {**signed.leaf, "actor": {"id": "王", "kind": "person"}}
    assert [line for line, _ in event_lines(type(signed)(1, 0, leaf, None, None), ZONE)] == [
        "12:00:00 王 signed the gate"
    ]


def test_a_question_is_in_words() -> None:
    assert lines(Tag.RUN_ASKED, {"question": "step_failed"}) == ["12:00:00 the run waits for a decision: step failed"]


def test_tasks_and_hosts() -> None:
    assert ansible("task_start", task="Copy files") == ["12:00:00     task: Copy files"]
    assert ansible("ok", host="web1") == ["12:00:00       ok: web1"]
    assert ansible("failed", host="web1", ignored=True, result={"msg": "no"}) == [
        "12:00:00       failed: web1: no (ignored)"
    ]
    assert ansible("stats", hosts={}) == []


def test_what_a_program_printed() -> None:
    shown = ansible("changed", host="web1", result={"stdout": "a\nb", "stderr": "c", "msg": ""})
    assert shown[1:] == ["12:00:00         | a", "12:00:00         | b", "12:00:00         | c"]


def test_long_output_is_counted() -> None:
    shown = ansible("ok", host="web1", result={"stdout": "x\n" * 100})
    assert len(shown) == 42
    assert shown[-1].endswith("… and 60 more lines")


@pytest.mark.parametrize(
    "diff, expected",
    [
        ({"before": "a\n", "after": "b\n", "before_header": "f"}, ["--- f", "+++ after", "@@ -1 +1 @@", "-a", "+b"]),
        ([{"before": {"mode": "0644"}, "after": {"mode": "0600"}}], ["-mode: 0644", "+mode: 0600"]),
        ({"prepared": "one\ntwo"}, ["one", "two"]),
        ({"before": "", "after": "new"}, ["+new"]),
        (["not a difference", {}], []),
        (None, []),
    ],
)
def test_differences(diff: object, expected: list[str]) -> None:
    shown = [line.removeprefix("12:00:00         ") for line in ansible("diff", diff=diff)]
    assert [line for line in expected if line not in shown] == []
    assert bool(shown) == bool(expected)


def test_probes() -> None:
    within: JsonObject = {
        "event": "probe",
        "host": "web1",
        "probe": "free_disk",
        "within": True,
        "figures": {"free_bytes": 5, "path": "/"},
    }
    assert lines(Tag.PROBE_RESULT, within) == ["12:00:00       web1 free disk: within limits free_bytes 5, path /"]
    outside: JsonObject = {**within, "within": False, "reason": "too little"}
    assert "OUTSIDE LIMITS" in lines(Tag.PROBE_RESULT, outside)[0]
    assert lines(Tag.PROBE_RESULT, {"event": "probe_start", "host": "web1"}) == []
    assert lines(Tag.PROBE_RESULT, {"event": "probe_end", "host": "web1", "outcome": "ok"}) == []
    gone: JsonObject = {"event": "probe_end", "host": "web1", "outcome": "unreachable", "reason": "no route"}
    assert lines(Tag.PROBE_RESULT, gone) == ["12:00:00       web1: unreachable no route"]
