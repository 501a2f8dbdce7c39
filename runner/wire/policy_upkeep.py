"""Shape of the section `upkeep` of `policy.yml`: by when the register of people is kept in order."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from runner.model.people import PersonRole
from runner.model.policy import UpkeepTerms
from runner.model.time import Seconds
from runner.wire.fields import Duration, Shape

_USUAL: Final = UpkeepTerms()

Role = Annotated[PersonRole, Field(strict=False)]


class UpkeepShape(Shape):
    """By when the register of people is kept in order."""

    recertify: Annotated[list[Role], Field(min_length=1)] = list(_USUAL.recertify)  # noqa: RUF012 - pydantic copies it
    """Who certifies that somebody's posts are still needed."""
    recertify_every: Duration | None = None
    """How long that holds; without it nothing is asked."""
    dormant_after: Duration = _USUAL.dormant_after
    """How long after it was due the posts lie dormant."""
    unused_after: Duration | None = None
    """How long without sign-in and signature before an account is stopped; without it none is."""
    stand_in_within: Duration = _USUAL.stand_in_within
    """How long a key post may be without a stand-in before no major change is accepted."""

    def value(self) -> UpkeepTerms:
        return UpkeepTerms(
            recertify=tuple(self.recertify),
            recertify_every=None if self.recertify_every is None else Seconds(self.recertify_every),
            dormant_after=Seconds(self.dormant_after),
            unused_after=None if self.unused_after is None else Seconds(self.unused_after),
            stand_in_within=Seconds(self.stand_in_within),
        )
