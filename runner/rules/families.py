"""What each family of runbooks demands beyond the language itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from runner.model.finding import DocumentPath, Finding
from runner.model.runbook import Family, PlaybookWork, Risk, Runbook, SoakWork, Step, ValueType
from runner.words import N_

_ALL_STEPS: Final[DocumentPath] = ("steps", "*")
_BLOCKS: Final = {"backup": Family.BACKUP, "drill": Family.RESTORE_DRILL, "hvac": Family.HVAC}


def family_findings(runbook: Runbook) -> tuple[Finding, ...]:
    """What the runbook's family demands and the runbook lacks."""
    findings = [*_block_findings(runbook), *_risk_findings(runbook)]
    if runbook.family is Family.UPGRADE:
        findings.extend(_upgrade_findings(runbook))
    if runbook.backup is not None:
        findings.extend(_backup_findings(runbook))
    if runbook.hvac is not None:
        findings.extend(_hvac_findings(runbook))
    return tuple(findings)


def is_verified_backup(step: Step) -> bool:
    """Whether a step is a backup that proves itself: it reports the checksum of what it saved and has a verify play."""
    work = step.work
    return (
        isinstance(work, PlaybookWork)
        and work.verify is not None
        and any(output.type is ValueType.SHA256 for output in work.outputs)
    )


def _block_findings(runbook: Runbook) -> Iterator[Finding]:
    blocks = {"backup": runbook.backup, "drill": runbook.drill, "hvac": runbook.hvac}
    for name, block in blocks.items():
        family = _BLOCKS[name]
        facts = {"family": family.value, "block": name}
        needs: tuple[DocumentPath, ...] = ((name,), ("family",))
        if runbook.family is family and block is None:
            yield Finding(("family",), _MISSING_BLOCK[name], facts, needs)
        if runbook.family is not family and block is not None:
            message = N_('"{block}" belongs to runbooks of the family {family} only')
            yield Finding((name,), message, facts, needs, at_key=True)


def _risk_findings(runbook: Runbook) -> Iterator[Finding]:
    is_emergency = runbook.family is Family.EMERGENCY
    needs: tuple[DocumentPath, ...] = (("family",), ("risk",))
    if is_emergency and runbook.risk is not Risk.EMERGENCY:
        yield Finding(("family",), N_('a runbook of the family emergency has "risk: emergency"'), needs=needs)
    if not is_emergency and runbook.risk is Risk.EMERGENCY:
        yield Finding(("risk",), N_("the risk class emergency belongs to the family emergency only"), needs=needs)


def _upgrade_findings(runbook: Runbook) -> Iterator[Finding]:
    needs: tuple[DocumentPath, ...] = (("family",), _ALL_STEPS)
    changes = [position for position, step in enumerate(runbook.steps) if step.mutating]
    if not changes:
        return
    first = changes[0]
    if not is_verified_backup(runbook.steps[first]):
        message = N_(
            "an upgrade begins with a verified backup: before its first other change stands a step that reports a "
            'sha256 output and has a "verify"'
        )
        yield Finding(("steps", first), message, needs=needs)
    others = [position for position in changes if not is_verified_backup(runbook.steps[position])]
    if others and not any(isinstance(step.work, SoakWork) for step in runbook.steps[others[0] :]):
        message = N_("an upgrade is watched: after its change stands a soak step")
        yield Finding(("steps", others[0]), message, needs=needs)


def _backup_findings(runbook: Runbook) -> Iterator[Finding]:
    terms = runbook.backup
    if terms is None:
        return
    if len(set(terms.places)) < len(terms.places):
        yield Finding(("backup", "places"), N_("a place is named twice"))
    if terms.copies < len(set(terms.places)):
        facts = {"copies": terms.copies, "places": len(terms.places)}
        yield Finding(("backup", "copies"), N_("{copies} copies cannot lie in {places} places"), facts)


def _hvac_findings(runbook: Runbook) -> Iterator[Finding]:
    limits = runbook.hvac.limits if runbook.hvac is not None else {}
    for name, (lowest, highest) in limits.items():
        if lowest >= highest:
            yield Finding(("hvac", "limits", name), N_("the lowest set point lies above the highest"))


_MISSING_BLOCK: Final = {
    "backup": N_('a runbook of the family backup names its copies and places: key "backup" is missing'),
    "drill": N_('a runbook of the family restore_drill names its RTO and RPO: key "drill" is missing'),
    "hvac": N_('a runbook of the family hvac names its season and limits: key "hvac" is missing'),
}
