"""The runbooks of a site: those on disk, how far each is published, and those published that are no longer on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from runner.cli.output import put_json, put_table, tell
from runner.cli.session import Session
from runner.client.content import local_content
from runner.errors import InvalidContentError, RunnerError
from runner.model.request import PublicationState
from runner.runbook.loader import find_runbooks, shown_path
from runner.wire.api_content import RunbookRow
from runner.wire.documents import to_value
from runner.wire.spoken import spoken
from runner.words import N_, _, current_language


class Standing(StrEnum):
    """How a runbook on disk stands to what is published."""

    PUBLISHED = N_("published")
    PROPOSED = N_("proposed")
    """Signed by its author; another person has to countersign."""
    CHANGED = N_("changed")
    """It, or something it reaches, is not what was published."""
    UNPUBLISHED = N_("not_published")
    INVALID = N_("invalid")
    GONE = N_("not_on_disk")
    """Published, and no longer in the site."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list."""

    id: str
    path: str
    standing: Standing
    version: int | None = None
    family: str = ""
    risk: str = ""
    title_en: str = ""
    title_zh: str = ""
    content: str = ""
    """Content digest of what is on disk."""
    problem: str = ""


def print_list(here: Session, *, as_json: bool) -> int:
    """List runbooks by path."""
    rows = here.service.runbooks().runbooks
    listed = [_on_disk(here, found.id, found.path, rows) for found in find_runbooks(here.site.root)]
    on_disk = {line.id for line in listed}
    listed += [_gone(row) for row in rows if row.id not in on_disk and row.state is PublicationState.PUBLISHED]
    if as_json:
        put_json({"runbooks": to_value(listed)})
        return 0
    heads = (_("runbook"), _("version"), _("family"), _("risk class"), _("state"), _("title"))
    put_table(heads, [_line(line) for line in listed])
    if any(line.standing is Standing.PROPOSED for line in listed):
        tell(_("what is proposed waits for another person: twokey runbook publish RUNBOOK"))
    return 0


def _on_disk(here: Session, id: str, file: Path, rows: Sequence[RunbookRow]) -> Listed:
    path = shown_path(file, here.site.root)
    try:
        local = local_content(here.site, str(file.absolute()))
    except InvalidContentError as error:
        return Listed(id, path, Standing.INVALID, problem=error.problems[0] if error.problems else str(error))
    except RunnerError as error:
        return Listed(id, path, Standing.INVALID, problem=str(error))
    runbook = local.reach.runbook
    return Listed(
        id=runbook.id,
        path=path,
        standing=_standing(local.digest, [row for row in rows if row.id == runbook.id]),
        version=runbook.version,
        family=runbook.family.value,
        risk=runbook.risk.value,
        title_en=runbook.title.en,
        title_zh=runbook.title.zh,
        content=local.digest,
    )


def _standing(digest: str, rows: Sequence[RunbookRow]) -> Standing:
    for row in rows:
        if row.content == digest:
            return Standing.PUBLISHED if row.state is PublicationState.PUBLISHED else Standing.PROPOSED
    return Standing.CHANGED if rows else Standing.UNPUBLISHED


def _gone(row: RunbookRow) -> Listed:
    return Listed(
        id=row.id,
        path=row.path,
        standing=Standing.GONE,
        version=row.version,
        family=row.family.value,
        risk=row.risk.value,
        title_en=row.title.en,
        title_zh=row.title.zh,
        content=row.content,
        problem=row.problem,
    )


def _line(line: Listed) -> tuple[str, ...]:
    title = line.title_zh if current_language() == "zh" else line.title_en
    return (
        line.id or line.path,
        "-" if line.version is None else str(line.version),
        spoken(line.family) or "-",
        spoken(line.risk) or "-",
        spoken(line.standing),
        line.problem or title,
    )
