from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import InvalidContentError, NotFoundError, UsageError
from runner.model.runbook import (
    Family,
    ManualWork,
    Once,
    PlaybookWork,
    ProbeKind,
    RemoteWork,
    Risk,
    Runbook,
    SoakWork,
    ValueType,
    WhenLate,
)
from runner.runbook.loader import find_runbooks, known_controls, load_runbook, parse_runbook, resolve_runbook
from tests.samples import EVERYTHING, MINIMAL, SKETCH, with_steps

PATH = "runbooks/x.yml"


def problems_of(text: str) -> tuple[str, ...]:
    with pytest.raises(InvalidContentError) as caught:
        parse_runbook(text.encode(), PATH)
    return caught.value.problems


def test_the_usual_values() -> None:
    runbook = parse_runbook(MINIMAL.encode(), PATH)
    assert (runbook.risk, runbook.window_required, runbook.targets.batch) == (Risk.ORDINARY, True, None)
    step = runbook.steps[0]
    assert isinstance(step.work, PlaybookWork)
    assert (step.timeout, step.once, step.gate, step.mutating) == (1800, None, None, True)
    assert step.work.verify is not None
    assert step.work.verify.playbook == "db/health.yml"


def test_the_sketch_of_an_upgrade() -> None:
    runbook = parse_runbook(SKETCH.encode(), PATH)
    assert (runbook.family, runbook.controls) == (Family.UPGRADE, ("RCB-40", "CO-33"))
    preflight, backup, upgrade, observation = runbook.steps
    assert isinstance(preflight.work, RemoteWork)
    assert [(probe.kind, probe.at_least, probe.at_most) for probe in preflight.work.probes] == [
        (ProbeKind.REACHABLE, None, None),
        (ProbeKind.FREE_DISK, 2 * 2**30, None),
        (ProbeKind.CLOCK_SKEW, None, 2000),
    ]
    assert isinstance(backup.work, PlaybookWork)
    assert [(output.name, output.type) for output in backup.work.outputs] == [
        ("backup_path", ValueType.PATH),
        ("backup_sha256", ValueType.SHA256),
    ]
    assert isinstance(upgrade.work, PlaybookWork)
    assert upgrade.work.rollback is not None
    assert upgrade.work.rollback.writes_off is not None
    assert (upgrade.work.rollback.estimate, upgrade.timeout) == (1500, 1200)
    assert upgrade.gate is not None
    assert (upgrade.gate.wait_at_most, upgrade.gate.when_late) == (7200, WhenLate.PAUSE)
    assert isinstance(observation.work, SoakWork)
    assert (observation.work.lasts, observation.work.every, observation.timeout) == (600, 30, 1200)


def test_every_key_of_the_language() -> None:
    runbook = parse_runbook(EVERYTHING.encode(), PATH)
    defaults = {parameter.name: parameter.default for parameter in runbook.parameters}
    assert defaults["patience"] == 600
    assert defaults["room"] == 2 * 2**30
    assert defaults["careful"] is True
    first, look, sheet, last = runbook.steps
    assert (first.once, last.once) == (Once.BEFORE, Once.AFTER)
    assert isinstance(look.work, RemoteWork)
    assert {probe.kind for probe in look.work.probes} == set(ProbeKind)
    assert [probe.at_most for probe in look.work.probes if probe.kind is ProbeKind.LOAD] == [150]
    assert isinstance(sheet.work, ManualWork)
    assert [reading.name for reading in sheet.work.record] == ["level", "seen"]


def test_what_was_read_can_be_written_and_read_again() -> None:
    again = yaml.safe_dump(yaml.safe_load(EVERYTHING), allow_unicode=True, sort_keys=False)
    assert parse_runbook(again.encode(), PATH) == parse_runbook(EVERYTHING.encode(), PATH)


def test_a_part_that_cannot_be_read_does_not_make_the_rest_look_wrong() -> None:
    text = with_steps(
        "  - {id: first, playbook: a.yml, read_only: true, outputs: {size: integr}}\n"
        "  - {id: second, playbook: b.yml, read_only: true, vars: {x: '{{ outputs.first.size }}'}}\n"
    )
    assert [line.split(": ", 1)[1][:24] for line in problems_of(text)] == ['step "first": outputs.si']


def test_a_misspelt_key_is_not_reported_as_missing_too() -> None:
    text = MINIMAL.replace("    rollback: none", "    rolback: none")
    assert len([line for line in problems_of(text) if "needs" in line]) == 0


def test_reading_problems_do_not_hide_the_others() -> None:
    text = MINIMAL.replace("version: 1", "version: 1.5").replace("owner: dba", "owner: dba\nwindow: optinal")
    assert len(problems_of(text)) == 2


def test_no_line_is_said_twice() -> None:
    lines = problems_of(MINIMAL.replace("verify: db/health.yml", "verify: {playbok: db/health.yml}"))
    assert len(set(lines)) == len(lines)


@given(st.data())
def test_a_misspelt_key_is_found_at_its_place(data: st.DataObject) -> None:
    lines = EVERYTHING.splitlines()
    numbers = [
        number for number, line in enumerate(lines) if line.strip().startswith(("timeout:", "summary:", "gate:"))
    ]
    number = data.draw(st.sampled_from(numbers))
    line = lines[number]
    key = line.strip().split(":")[0]
    lines[number] = line.replace(key, key[:-1] + "z", 1)
    place = f"{PATH}:{number + 1}:{len(line) - len(line.lstrip()) + 1}:"
    found = problems_of("\n".join(lines))
    assert any(problem.startswith(place) and f'did you mean "{key}"' in problem for problem in found)


def answer_to(text: str) -> Runbook | tuple[str, ...]:
    try:
        return parse_runbook(text.encode(), PATH)
    except InvalidContentError as error:
        return error.problems


@given(st.lists(st.sampled_from(EVERYTHING.splitlines()), max_size=30))
def test_no_mixture_of_lines_makes_it_fall_over(lines: list[str]) -> None:
    assert answer_to("\n".join(lines))


@given(st.integers(0, len(EVERYTHING) - 1), st.sampled_from(["", "x", "- ", "{", "}", ": ", "\n", '"', "~"]))
def test_no_slip_of_the_hand_makes_it_fall_over(place: int, slip: str) -> None:
    assert answer_to(EVERYTHING[:place] + slip + EVERYTHING[place + 1 :])


def test_five_hundred_steps_are_read_in_half_a_second() -> None:
    step = MINIMAL[MINIMAL.index("  - id: restart") :]
    text = MINIMAL + "".join(step.replace("id: restart", f"id: restart-{number}") for number in range(499))
    began = time.process_time()
    runbook = parse_runbook(text.encode(), PATH)
    took = time.process_time() - began
    assert len(runbook.steps) == 500
    assert took < 0.5


def test_controls_are_known() -> None:
    assert {"RCB-40", "CO-33", "PCIS-25", "HVAC-0"} <= known_controls()


def test_a_file_is_named_as_seen_from_the_site(tmp_path: Path) -> None:
    file = tmp_path / "runbooks" / "x.yml"
    file.parent.mkdir()
    file.write_text("a: 1", "utf-8")
    with pytest.raises(InvalidContentError) as caught:
        load_runbook(file, site=tmp_path)
    assert all(line.startswith("runbooks/x.yml:1:1: ") for line in caught.value.problems)
    with pytest.raises(InvalidContentError) as caught:
        load_runbook(file)
    assert caught.value.problems[0].startswith(f"{file}:1:1: ")


def test_no_file_and_no_right_to_read(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        load_runbook(tmp_path / "none.yml")
    with pytest.raises(UsageError, match="cannot be read"):
        load_runbook(tmp_path)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name, text in {
        "restart/db.yml": MINIMAL,
        "upgrade/pg.yaml": SKETCH,
        "broken.yml": "id: [",
        ".hidden.yml": MINIMAL,
        ".old/x.yml": MINIMAL,
    }.items():
        file = tmp_path / "runbooks" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return tmp_path


def test_all_runbooks_of_a_site_are_found(site: Path) -> None:
    found = [(runbook.id, runbook.path.relative_to(site).as_posix()) for runbook in find_runbooks(site)]
    assert found == [
        ("", "runbooks/broken.yml"),
        ("db-restart", "runbooks/restart/db.yml"),
        ("postgres-minor-upgrade", "runbooks/upgrade/pg.yaml"),
    ]


@pytest.mark.parametrize("name", ["db-restart", "runbooks/restart/db.yml", "restart/db.yml"])
def test_a_runbook_is_named_by_id_or_path(site: Path, name: str) -> None:
    assert resolve_runbook(site, name) == site / "runbooks" / "restart" / "db.yml"


def test_a_runbook_is_named_from_a_folder_beside_it(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site / "runbooks" / "upgrade")
    assert resolve_runbook(site, "../restart/db.yml") == site / "runbooks" / "restart" / "db.yml"


def test_a_folder_is_no_runbook(site: Path) -> None:
    with pytest.raises(NotFoundError, match="a folder, expected a runbook"):
        resolve_runbook(site, "runbooks/restart")


@pytest.mark.parametrize("name", ["db-restrat", "runbooks/restart/dbx.yml", "nothing-like-it"])
def test_an_unknown_runbook_is_answered_with_the_nearest(site: Path, name: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        resolve_runbook(site, name)
    assert ("db" in caught.value.advice()) == ("nothing" not in name)


def test_one_id_in_two_files_names_none(site: Path) -> None:
    (site / "runbooks" / "copy.yml").write_text(MINIMAL, "utf-8")
    with pytest.raises(InvalidContentError) as caught:
        resolve_runbook(site, "db-restart")
    assert len(caught.value.problems) == 2
