"""Who people are, as signing in sees it: the one place that reads the register for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from runner.model.people import Register, Standing
from runner.rules.duties import may_act
from runner.rules.ruling import Ruling, refuse
from runner.words import N_


def who_has_key(register: Register, fingerprint: str, at: datetime) -> str | None:
    """The person who may sign in with that key now; None when nobody may."""
    person = register.owner(fingerprint)
    key = person.key(fingerprint) if person is not None else None
    return person.name if person is not None and key is not None and key.is_good(at) else None


def standing(register: Register, name: str) -> Standing | None:
    """Whether that person may act; None when there is nobody of that name."""
    person = register.people.get(name)
    return None if person is None else person.standing


def barred(register: Register, name: str, at: datetime) -> Ruling | None:
    """What keeps that person from signing in; None: nothing does.

    Args:
        register: everyone, as they count at present.
        name: who wants to sign in.
        at: the present.
    """
    person = register.people.get(name)
    ruling = refuse(_STANDING, _NOT_NOW) if person is None else may_act(person, register, at)
    if ruling is None or person is None:
        return ruling
    if person.standing in (Standing.SUSPENDED, Standing.LEFT):
        ruling = refuse(_STANDING, _NOT_NOW)
    return replace(ruling, facts={**ruling.facts, "person": name})


_STANDING: Final = "access:standing"
_NOT_NOW: Final = N_("{person} may not sign in at present")
