"""A step in words: its play with variables, gate, verification, settling and rollback, whatever its kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.client.wording.line import aligned
from runner.client.wording.step import Values, parameter_text, probe_text, step_told
from runner.model.runbook import ManualWork, Parameter, PlaybookWork, Probe, ProbeKind, Rollback, Step, ValueType
from runner.model.text import Text
from runner.runbook.loader import parse_runbook
from runner.words import use_language
from tests.samples import EVERYTHING, SKETCH

UPGRADE = parse_runbook(SKETCH.encode(), "x.yml").steps[2]
SHEET = parse_runbook(EVERYTHING.encode(), "x.yml").steps[2]


def lines(step: Step, parameters: Values | None = None) -> list[str]:
    return [line.text.rstrip() for line in aligned(step_told(3, step, parameters or {}))]


def rollback_of(step: Step) -> Rollback:
    assert isinstance(step.work, PlaybookWork)
    assert step.work.rollback is not None
    return step.work.rollback


def with_rollback(rollback: Rollback | None) -> Step:
    assert isinstance(UPGRADE.work, PlaybookWork)
    return replace(UPGRADE, work=replace(UPGRADE.work, rollback=rollback))


def test_a_step_that_changes_hosts_says_all_an_approver_must_see() -> None:
    assert lines(UPGRADE) == [
        "3. upgrade  [changes hosts, at most 20:00]",
        "     gate:     both people sign before it",
        "               waits 2h, then: pause",
        "     play:     postgres/upgrade.yml",
        "     verify:   none of its own: the watch after it proves it",
        "     settle:   postgres/upgrade_settle.yml",
        "     rollback: postgres/downgrade.yml, about 25:00, at most 30:00",
        "               with restore_from = {{ outputs.backup.backup_path }}",
        "               REWINDS DATA: by itself only while writes are proven off",
        "               writes proven off by postgres/writes_off.yml",
        "               not verified by a play of its own",
    ]


def test_a_rollback_names_its_own_verification_with_its_variables() -> None:
    rollback = rollback_of(UPGRADE)
    proven = replace(rollback, rewinds_data=False, writes_off=None, verify=replace(rollback.play, playbook="a/see.yml"))
    found = lines(with_rollback(proven))
    assert found[-2:] == [
        "               verified by a/see.yml",
        "               with restore_from = {{ outputs.backup.backup_path }}",
    ]
    assert not any("REWINDS" in line or "proven off" in line for line in found)


def test_variables_stand_beside_the_values_the_request_gives_them() -> None:
    last = parse_runbook(SKETCH.encode(), "x.yml").steps[2]
    rollback = rollback_of(last)
    play = replace(rollback.play, vars={"list": [1, "{{ parameters.x }}"], "mixed": "{{ parameters.x }} {{ run.id }}"})
    found = lines(with_rollback(replace(rollback, play=play)), {"x": "15.9"})
    assert '               with list = [1, "{{ parameters.x }}"] → [1, "15.9"]' in found
    assert "               with mixed = {{ parameters.x }} {{ run.id }}" in found


def test_a_step_without_rollback_says_why() -> None:
    assert isinstance(UPGRADE.work, PlaybookWork)
    work = replace(UPGRADE.work, rollback=None, because=Text("it is deleted", "已删除"), irreversible=True)
    found = lines(replace(UPGRADE, work=work))
    assert found[-1] == "     rollback: none, because it is deleted"
    assert found[0].endswith("[changes hosts, at most 20:00, IRREVERSIBLE]")


def test_a_manual_step_says_what_to_do_what_to_record_and_how_it_is_undone() -> None:
    assert lines(SHEET) == [
        "3. sheet  [changes hosts, at most 4:00:00]",
        "     gate:     The valve is opened.",
        "               waits 30m, then: roll back",
        "     by hand:  Open the valve.",
        "     record:   level (integer)  Level in percent  [≥ 0, ≤ 100]",
        "     record:   seen (string)",
        "     rollback: by hand: Close the valve.",
    ]
    assert isinstance(SHEET.work, ManualWork)
    for_good = replace(SHEET.work, rollback=None, because=Text("it stays open", "保持开启"))
    assert lines(replace(SHEET, work=for_good))[-1] == "     rollback: none, because it stays open"
    only_read = replace(SHEET.work, rollback=None, read_only=True)
    assert not any("rollback" in line for line in lines(replace(SHEET, work=only_read))[3:])


def test_looks_and_watches_have_their_limits() -> None:
    steps = parse_runbook(SKETCH.encode(), "x.yml").steps
    assert lines(steps[0])[1:] == [
        "     looks: reachable",
        "            free disk /var ≥ 2GiB",
        "            clock skew ≤ 2 s",
    ]
    assert lines(steps[3])[1:] == [
        "     watch: postgres/health.yml",
        "            every 30s for 10m, 0 failures tolerated",
    ]


def test_a_step_done_once_says_so() -> None:
    first = parse_runbook(EVERYTHING.encode(), "x.yml").steps[0]
    assert lines(first)[0] == "3. first  First  [read only, once before the batches, at most 1:00]"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("source", [SKETCH, EVERYTHING])
def test_every_kind_of_step_has_words(source: str, language: str) -> None:
    use_language(language)
    for step in parse_runbook(source.encode(), "x.yml").steps:
        found = lines(step)
        assert found[0].startswith(f"3. {step.id}")
        assert len(found) > 1


@pytest.mark.parametrize(
    "probe, text",
    [
        (Probe(ProbeKind.FREE_MEMORY, at_least=2**30), "free memory ≥ 1GiB"),
        (Probe(ProbeKind.LOAD, at_most=150), "load ≤ 1.5"),
        (Probe(ProbeKind.FILE, path="/etc/hosts"), "file /etc/hosts"),
    ],
)
def test_every_kind_of_probe_has_its_limit(probe: Probe, text: str) -> None:
    assert probe_text(probe) == text


def test_limits_are_told_as_people_write_them() -> None:
    patience = Parameter("patience", ValueType.DURATION, minimum=60, maximum=3600)
    assert parameter_text(patience) == "patience (duration)  [≥ 1m, ≤ 1h]"
    speed = Parameter("speed", ValueType.CHOICE, choices=("slow", "fast"))
    assert parameter_text(speed) == "speed (choice)  [slow | fast]"
