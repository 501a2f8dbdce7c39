"""Shape of what a site says about itself: `inventory/site.yml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from runner.wire.fields import Folder, Label, Shape, text_field
from runner.words import N_

_ORIGIN = text_field(
    r"[!-*,-~]{1,200}",
    N_('got "{got}", expected the name of a log: printable characters without blanks and "+"'),
)
_ZONE = text_field(
    r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*",
    N_('got "{got}", expected a time zone such as "Asia/Shanghai"'),
)


class SiteShape(Shape):
    """What a site is called and which environment it serves."""

    version_of_language: Annotated[Literal["twokey/v1"], Field(alias="apiVersion")]
    kind: Literal["Site"]
    name: Label
    environment: Folder
    production: bool
    origin: Annotated[str, _ORIGIN[0], _ORIGIN[1]]
    timezone: Annotated[str, _ZONE[0], _ZONE[1]]
