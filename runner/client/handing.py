"""Drafts of a hand-over: a parked run given away, and taken over."""

from __future__ import annotations

from runner.client.drafts import Draft
from runner.errors import RefusedError, VerificationError
from runner.model.run import HandOver, Part
from runner.model.statement import StatementKind
from runner.rules import statements
from runner.wire.api_run import RunShown
from runner.words import N_


def hand_over(shown: RunShown, giver: str, taker: str, reason: str) -> Draft:
    """A parked run given away; `giver` is whoever of its two people goes.

    Raises:
        RefusedError: the giver is not one of its two people.
    """
    parts = {shown.row.executor: Part.EXECUTOR, shown.row.confirmer: Part.CONFIRMER}
    if not giver or giver not in parts:
        raise RefusedError(
            N_("run {run}: {person} is neither its executor ({executor}) nor its confirmer ({confirmer})"),
            rule="L2:not-of-this-run",
            hint=N_("say whose part it is: --in-place-of NAME"),
            run=shown.row.id,
            person=giver or "-",
            executor=shown.row.executor or "-",
            confirmer=shown.row.confirmer or "-",
        )
    wanted = HandOver(parts[giver], giver, taker, reason=reason)
    content = statements.hand_over_content(shown.row.id, shown.plan, wanted)
    return Draft(StatementKind.HAND_OVER, shown.row.id, content)


def take_over(shown: RunShown) -> Draft:
    """The taker's signature under the hand-over that is offered.

    Raises:
        RefusedError: none is offered.
        VerificationError: what is offered is not about this run.
    """
    act = shown.hand_over
    if act is None or act.content is None:
        raise RefusedError(
            N_("run {run}: nobody has offered to hand it over"),
            rule="run:not-offered",
            hint=N_("whoever goes signs first: twokey run hand-over {run} --to NAME --reason TEXT"),
            run=shown.row.id,
        )
    content = act.content
    part, giver = str(content.get("part")), str(content.get("giver"))
    own = hand_over(shown, giver, str(content.get("taker")), str(content.get("reason")))
    if own.content != content or part not in {each.value for each in Part}:
        raise VerificationError(
            N_('run {run}: what the first person signed differs in "{field}" from what the run shows'),
            run=shown.row.id,
            field="part",
        )
    return own
