"""Fields that several documents of a site share, each with its words for what is wrong and its JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, SkipValidation, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from runner.errors import Fact, UsageError
from runner.model.document import JsonValue
from runner.model.text import Text
from runner.model.time import Seconds
from runner.model.units import DURATION_PATTERN, SIZE_PATTERN, parse_duration, parse_size
from runner.words import N_

SAID: Final = "said"
"""Type of an error whose context carries a message id (`message`) and its facts."""
LONGEST_SENTENCE: Final = 1000


class Shape(BaseModel):
    """A mapping of a site's document: exact types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def said(message: str, **facts: Fact) -> PydanticCustomError:
    """An error of a field, in words that can be translated.

    Args:
        message: message id.
        facts: what is filled in; `needs` is the key beside the field that must be readable for the error to be true.
    """
    return PydanticCustomError(SAID, "{message}", {"message": message, **facts})


def _read(parse: Callable[[str], int], message: str, *, zero: bool = False) -> BeforeValidator:
    def read(value: object) -> int:
        if not isinstance(value, str):
            raise said(message, got=shown(value))
        try:
            number = parse(value)
        except UsageError as error:
            raise said(error.message, **error.facts) from error
        if number == 0 and not zero:
            raise said(N_('got "{got}", expected more than nothing'), got=value)
        return number

    return BeforeValidator(read)


def shown(value: object) -> str:
    """What was written, for a message."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:80]


_SKEW_WANTED = N_('got "{got}", expected a duration such as "2s" or "500ms"')


def _read_clock_skew(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}ms", text):
        return int(text[:-2])
    try:
        return parse_duration(text) * 1000
    except UsageError as error:
        raise UsageError(_SKEW_WANTED, got=text[:80]) from error


def _read_percent(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}%", text):
        raise UsageError(N_('got "{got}", expected a percentage such as "80%"'), got=text[:80])
    return int(text[:-1])


def _read_temperature(value: object) -> int:
    found = re.fullmatch(r"(-?)([0-9]{1,3})(?:\.([0-9]{1,2}))?C", value) if isinstance(value, str) else None
    if found is None:
        raise said(N_('got "{got}", expected degrees Celsius such as "24C" or "24.5C"'), got=shown(value))
    hundredths = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
    return -hundredths if found[1] else hundredths


_DURATION_WANTED = N_('got "{got}", expected a duration such as "90s", "10m" or "1h30m"')

Duration = Annotated[
    Seconds, _read(parse_duration, _DURATION_WANTED), WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN})
]
DurationOrZero = Annotated[
    Seconds,
    _read(parse_duration, _DURATION_WANTED, zero=True),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN}),
]
Milliseconds = Annotated[
    int,
    _read(_read_clock_skew, _SKEW_WANTED),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+ms|(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?)$"}),
]
Size = Annotated[
    int,
    _read(parse_size, N_('got "{got}", expected a size such as "512MiB" or "2GiB"')),
    WithJsonSchema({"type": "string", "pattern": SIZE_PATTERN}),
]
Percent = Annotated[
    int,
    _read(_read_percent, N_('got "{got}", expected a percentage such as "80%"')),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,6}%$"}),
]
Temperature = Annotated[
    int, BeforeValidator(_read_temperature), WithJsonSchema({"type": "string", "pattern": r"^-?\d{1,3}(\.\d{1,2})?C$"})
]


def _pattern(pattern: str, message: str) -> BeforeValidator:
    compiled = re.compile(pattern)

    def check(value: object) -> object:
        if isinstance(value, str) and not compiled.fullmatch(value):
            raise said(message, got=value[:80])
        return value

    return BeforeValidator(check)


def text_field(pattern: str, message: str) -> tuple[BeforeValidator, WithJsonSchema]:
    """Annotations of a text that must match; `message` says what is expected."""
    return _pattern(pattern, message), WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$"})


_ID = text_field(
    r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*",
    N_('got "{got}", expected lower-case letters, digits and single hyphens, beginning with a letter'),
)
_STEP_ID = text_field(
    r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*",
    N_('got "{got}", expected lower-case letters and digits, joined by single hyphens or underscores'),
)
_NAME = text_field(
    r"[a-z][a-z0-9_]{0,63}",
    N_('got "{got}", expected a name of lower-case letters, digits and underscores, beginning with a letter'),
)
_HOST_NAME = text_field(
    r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}",
    N_('got "{got}", expected a name of letters, digits, ".", "_" and "-"'),
)
_IN_PATH = r"""[^\x00-\x1f/\\{}:*?"<>|$%~,;&'()\[\]!#`^=]"""
"""A character of a file's name that neither Ansible nor a shell gives a meaning."""
_PLAYBOOK = text_field(
    rf"(?![. ]){_IN_PATH}+(?:/(?![. ]){_IN_PATH}+)*\.ya?ml",
    N_('got "{got}", expected the path of a .yml file below playbooks/, without "..", without references'),
)
_LABEL = text_field(
    r"\S(?:[^\x00-\x1f]{0,78}\S)?",
    N_('got "{got}", expected a name of at most 80 characters'),
)
_FOLDER = text_field(
    r"[a-z0-9][a-z0-9_-]{0,63}",
    N_('got "{got}", expected the name of a folder of inventory/'),
)
_TERM = text_field(
    r"[a-z][a-z0-9_-]{0,63}",
    N_('got "{got}", expected a name of lower-case letters, digits, hyphens and underscores, beginning with a letter'),
)
_MOMENT = text_field(
    r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})?)?",
    N_('got "{got}", expected a date such as 2027-01-01, or a time such as 2027-01-01T06:00'),
)

Identifier = Annotated[str, Field(max_length=64), _ID[0], _ID[1]]
StepId = Annotated[str, Field(max_length=64), _STEP_ID[0], _STEP_ID[1]]
Name = Annotated[str, _NAME[0], _NAME[1]]
HostName = Annotated[str, _HOST_NAME[0], _HOST_NAME[1]]
PlaybookPath = Annotated[str, Field(max_length=255), _PLAYBOOK[0], _PLAYBOOK[1]]
Label = Annotated[str, _LABEL[0], _LABEL[1]]
Folder = Annotated[str, _FOLDER[0], _FOLDER[1]]
"""An environment: a folder of inventory/."""
Term = Annotated[str, _TERM[0], _TERM[1]]
"""A name that a policy gives: of a post, a unit, a mark, a kind of document."""
Moment = Annotated[str, _MOMENT[0], _MOMENT[1]]
"""A date, or a time; without an offset it is one of the site's time zone."""
Count = Annotated[int, Field(ge=1, le=100_000)]


def _sentence(value: object) -> object:
    if isinstance(value, str):
        if not value.strip() or len(value) > LONGEST_SENTENCE:
            raise said(N_("expected a sentence of 1 to {limit} characters"), limit=LONGEST_SENTENCE)
        if any(mark in value for mark in ("{{", "{%", "{#")):
            raise said(N_("expected plain words; references are filled in variables only"))
        return value.strip()
    return value


Sentence = Annotated[str, BeforeValidator(_sentence)]


class TextShape(Shape):
    """A sentence in both languages."""

    en: Sentence
    """English."""
    zh: Sentence
    """Simplified Chinese."""

    def value(self) -> Text:
        return Text(en=self.en, zh=self.zh)


Anything = Annotated[JsonValue, SkipValidation, WithJsonSchema({})]
"""Whatever YAML held; the reader has already refused what JSON cannot hold."""
Variables = dict[str, Anything]
"""Extra variables for Ansible; names are judged by `runner.rules.variables`."""


@dataclass(frozen=True, slots=True)
class Or:
    """Annotation: the JSON Schema also accepts a short form, which a validator has turned into the long one."""

    schema: JsonSchemaValue = field(hash=False)

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [self.schema, handler(core_schema)]}


@dataclass(frozen=True, slots=True)
class OrOne:
    """Annotation: the JSON Schema accepts one item in place of a list of them."""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(core_schema)
        return {"anyOf": [many["items"], many]}
