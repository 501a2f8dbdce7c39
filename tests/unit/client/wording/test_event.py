"""Log entries as lines of output."""

from __future__ import annotations

import pytest

from runner.client.wording.event import event_lines
from runner.client.wording.line import Meaning
from runner.client.wording.present import Present
from runner.model.document import JsonObject
from runner.model.log import LogFilter
from runner.model.run import RunState
from runner.rules.tags import Tag
from runner.wire.api_audit import EntryShown
from runner.words import use_language
from tests.demo_change import RUN, DemoChange
from tests.wire_samples import NOON, entry

PRESENT = Present(NOON, "Asia/Shanghai")


def told(shown: EntryShown) -> list[str]:
    return [line.text for line in event_lines(shown, PRESENT)]


def lines(tag: str, payload: JsonObject | None = None, **about: object) -> list[str]:
    return told(entry(1, tag, payload, **about))


def ansible(event: str, **fields: object) -> list[str]:
    return lines(Tag.ANSIBLE_EVENT, {"event": event, **fields})  # type: ignore[dict-item]  # as Ansible gives them


def test_times_are_those_of_the_site() -> None:
    assert lines(Tag.RUN_MOVED, {"from": "running", "to": "rolling_back"}) == ["12:00:00 run: running → rolling back"]


def test_attempts_are_named() -> None:
    about = {"batch": 1, "step": "upgrade", "role": "writes_off", "attempt": 2}
    assert lines(Tag.ATTEMPT_BEGUN, None, **about) == ["12:00:00 begun: 1/upgrade writes off 2"]
    ended = lines(Tag.ATTEMPT_ENDED, {"state": "failed", "reason": "no room"}, **about)
    assert ended == ["12:00:00 ended: 1/upgrade writes off 2: failed  no room"]
    assert lines(Tag.ATTEMPT_NEVER_BEGUN, None, **about) == ["12:00:00 ended: 1/upgrade writes off 2: never begun"]


def test_the_proof_after_a_rollback_is_named() -> None:
    about = {"batch": 1, "step": "after_rollback", "role": "health", "attempt": 1}
    assert lines(Tag.ATTEMPT_BEGUN, None, **about) == ["12:00:00 begun: 1/after the rollback health 1"]


@pytest.mark.parametrize("tag", [Tag.ATTEMPT_INTENDED, Tag.RUN_CREATED, Tag.SHIM_STARTED, Tag.LOG_QUERIED])
def test_what_tells_nothing_new_is_left_out(tag: str) -> None:
    assert lines(tag, {}) == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("tag", list(Tag))
@pytest.mark.parametrize("payload", [None, {}])
def test_every_kind_of_entry_has_words_without_its_details(tag: str, payload: JsonObject | None, language: str) -> None:
    use_language(language)
    for line in lines(tag, payload):
        assert line.startswith("12:00:00 ")
        assert "{" not in line
        assert "Project-Id-Version" not in line


def test_people_are_named() -> None:
    signed = entry(1, Tag.RUN_GATE_SIGNED)
    leaf: JsonObject = {**signed.leaf, "actor": {"id": "王", "kind": "person"}}
    assert told(EntryShown(1, 0, leaf, None, None)) == ["12:00:00 王 signed the gate"]


def test_a_question_is_in_words() -> None:
    assert lines(Tag.RUN_ASKED, {"question": "step_failed"}) == ["12:00:00 the run waits for a decision: step failed"]


def test_what_a_step_reports_is_told() -> None:
    assert lines(Tag.RUN_OUTPUTS, {"rows": 5, "path": "/a"}) == [
        "12:00:00   reported: rows = 5",
        "12:00:00   reported: path = /a",
    ]


def test_a_refusal_is_told_with_its_rule() -> None:
    refused = entry(
        1,
        Tag.STATEMENT_REFUSED,
        {"rule": "L2:x", "message": "{person} may not {what}", "facts": {"person": "li", "what": "sign"}},
    )
    assert told(refused) == [f"12:00:00 REFUSED, {refused.actor}: li may not sign (rule L2:x)"]
    assert event_lines(refused, PRESENT)[0].parts[-1].meaning is Meaning.BAD


def test_tasks_and_hosts() -> None:
    assert ansible("task_start", task="Copy files") == ["12:00:00 task: Copy files"]
    assert ansible("ok", host="web1") == ["12:00:00   ok web1"]
    assert ansible("failed", host="web1", ignored=True, result={"msg": "no"}) == [
        "12:00:00   failed web1: no (ignored)"
    ]
    assert ansible("item_changed", host="web1", item="/srv/a") == ["12:00:00   item changed web1 (/srv/a)"]
    assert ansible("item_changed", host="web1", item={"path": "/"}) == ["12:00:00   item changed web1"]
    assert ansible("stats", hosts={}) == []


def test_what_the_process_said_is_told_line_by_line() -> None:
    assert ansible("output", text="one\ntwo") == ["12:00:00   output: one", "12:00:00   output: two"]
    assert ansible("error", text="", error="gone") == ["12:00:00   error: gone"]
    assert ansible("held") == ["12:00:00   holds at a task border: the log cannot be written"]


def test_what_a_program_printed() -> None:
    shown = ansible("changed", host="web1", result={"stdout": "a\nb", "stderr": "c", "msg": ""})
    assert shown[1:] == ["12:00:00     | a", "12:00:00     | b", "12:00:00     | c"]


def test_a_message_of_several_lines_keeps_its_lines() -> None:
    assert ansible("failed", host="web1", result={"msg": "no room\non /var"}) == [
        "12:00:00   failed web1: no room",
        "12:00:00     | on /var",
    ]


def test_long_output_is_counted() -> None:
    shown = ansible("ok", host="web1", result={"stdout": "x\n" * 100})
    assert len(shown) == 42
    assert shown[-1].endswith("… and 60 more lines")


def test_what_a_host_says_is_neither_obeyed_nor_markup() -> None:
    assert ansible("failed", host="db", result={"msg": "\x1b[2J[bold]x[/bold]"}) == [
        "12:00:00   failed db: \\x1b[2J[bold]x[/bold]"
    ]


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
    shown = [line.removeprefix("12:00:00     ") for line in ansible("diff", diff=diff)]
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
    assert lines(Tag.PROBE_RESULT, within) == ["12:00:00   web1 free disk: within limits  free_bytes 5, path /"]
    outside: JsonObject = {**within, "within": False, "reason": "too little"}
    (line,) = lines(Tag.PROBE_RESULT, outside)
    assert line == "12:00:00   web1 free disk: OUTSIDE LIMITS  free_bytes 5, path /  too little"
    assert lines(Tag.PROBE_RESULT, {"event": "probe_start", "host": "web1"}) == []
    assert lines(Tag.PROBE_RESULT, {"event": "probe_end", "host": "web1", "outcome": "ok"}) == []
    gone: JsonObject = {"event": "probe_end", "outcome": "unreachable", "reason": "no route"}
    assert lines(Tag.PROBE_RESULT, gone, host="web1") == ["12:00:00   web1 unreachable  no route"]


def test_a_whole_run_can_be_told() -> None:
    demo = DemoChange()
    demo.at(RunState.ROLLED_BACK)
    entries = demo.backend.entries(LogFilter(run=RUN), None, 1000).rows
    shown = [line for each in entries for line in event_lines(each, PRESENT)]
    assert len(shown) > len(entries) / 2
    assert all(line.parts for line in shown)
