"""A look at templates without evaluating them: what they look up, include, filter and test.

It errs on the side of finding: the names `lookup`, `query` and `q` count wherever they stand, also when they are not
called, because a name can be given to another one and called later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class UseKind(StrEnum):
    """What a template makes use of."""

    LOOKUP = "lookup"
    FILTER = "filter"
    TEST = "test"
    INCLUDE = "include"


@dataclass(frozen=True, slots=True)
class Use:
    """One thing a template uses."""

    kind: UseKind
    name: str
    """Name of the lookup, filter or test; of the statement for an include. Empty when it is not literal."""
    offset: int
    """Where in the text."""
    what: str
    """As written, shortened."""
    arguments: tuple[str | None, ...] = ()
    """Literal arguments of a lookup, or the file of an include; None for one that is not literal."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int


_BLOCK = re.compile(r"\{\{|\{%|\{#")
_ENDS: Final = {"{{": "}}", "{%": "%}", "{#": "#}"}
_END = re.compile(r"[-+]?(\}\}|%\})")
_END_OF_RAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_TRIMS: Final = frozenset({"-", "+"})
_TOKEN = re.compile(
    r"""(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<mark>[^\s\w])",
    re.DOTALL,
)
_LOOKUPS: Final = frozenset({"lookup", "query", "q"})
_STATEMENTS: Final = frozenset({"include", "import", "from", "extends"})
_LONGEST: Final = 80


def has_template(text: str) -> bool:
    """Whether Ansible would take the text for a template."""
    return "{{" in text or "{%" in text or "{#" in text


def uses_of_template(text: str) -> Iterator[Use]:
    """What the templates inside a text use."""
    at = 0
    while found := _BLOCK.search(text, at):
        opening, start = found[0], found.end()
        if opening == "{#":
            end = text.find("#}", start)
            at = len(text) if end < 0 else end + 2
            continue
        tokens, at = _tokens(text, start, _ENDS[opening])
        if opening == "{%" and [token.text for token in tokens if token.text not in _TRIMS] == ["raw"]:
            ended = _END_OF_RAW.search(text, at)
            at = ended.end() if ended else len(text)
        yield from _uses(text, tokens, is_statement=opening == "{%")


def uses_of_expression(text: str) -> Iterator[Use]:
    """What a bare expression uses, as `when` and its like hold it."""
    tokens, _ = _tokens(text, 0, None)
    yield from _uses(text, tokens, is_statement=False)
    yield from uses_of_template(text)


def literal_head(text: str) -> str:
    """What stands before the first template of a text."""
    found = _BLOCK.search(text)
    return text[: found.start()] if found else text


def _tokens(text: str, start: int, end: str | None) -> tuple[list[_Token], int]:
    """Tokens up to the end of a block, and where to go on; brackets that are open keep a block open."""
    tokens: list[_Token] = []
    open_brackets = 0
    at = start
    while found := _TOKEN.search(text, at):
        at = found.end()
        if not open_brackets and end is not None and (ended := _END.match(text, found.start())) and ended[1] == end:
            return tokens, ended.end()
        if found[0] in {"(", "[", "{"}:
            open_brackets += 1
        elif found[0] in {")", "]", "}"}:
            open_brackets = max(0, open_brackets - 1)
        tokens.append(_Token(str(found.lastgroup), found[0], found.start()))
    return tokens, len(text)


def _uses(text: str, tokens: list[_Token], *, is_statement: bool) -> Iterator[Use]:
    if is_statement:
        yield from _statement(text, tokens)
    for position, token in enumerate(tokens):
        before = tokens[position - 1].text if position else ""
        if token.kind == "name" and token.text in _LOOKUPS and before not in {".", "|"}:
            yield _lookup(text, tokens, position)
        elif token.text == "|" and _is_name(tokens, position + 1):
            yield _named(UseKind.FILTER, text, tokens, position + 1)
        elif token.kind == "name" and token.text == "is" and position:
            after = position + 2 if _text_at(tokens, position + 1) == "not" else position + 1
            if _is_name(tokens, after):
                yield _named(UseKind.TEST, text, tokens, after)


def _statement(text: str, tokens: list[_Token]) -> Iterator[Use]:
    words = [token for token in tokens if token.text not in _TRIMS]
    if not words or words[0].text not in _STATEMENTS:
        return
    named = words[1] if len(words) > 1 else None
    follows = words[2].text if len(words) > 2 else ""  # noqa: PLR2004 - statement, file, what follows
    is_literal = (
        named is not None and named.kind == "text" and follows in {"", "import", "as", "ignore", "with", "without"}
    )
    file = _unquoted(named.text) if named is not None and is_literal else None
    yield Use(UseKind.INCLUDE, words[0].text, words[0].offset, _shown(text, words[0].offset), (file,))


def _lookup(text: str, tokens: list[_Token], position: int) -> Use:
    offset = tokens[position].offset
    arguments = tuple(_arguments(tokens, position + 1)) if _text_at(tokens, position + 1) == "(" else ()
    name = arguments[0] if arguments and arguments[0] is not None else ""
    return Use(UseKind.LOOKUP, name, offset, _shown(text, offset), arguments[1:])


def _arguments(tokens: list[_Token], opening: int) -> Iterator[str | None]:
    """Positional arguments of a call, each literal or None; keyword arguments count as not literal."""
    depth = 0
    argument: list[_Token] = []
    for token in tokens[opening:]:
        if token.text in {"(", "[", "{"} and token.kind == "mark":
            depth += 1
            if depth == 1:
                continue
        elif token.text in {")", "]", "}"} and token.kind == "mark":
            depth -= 1
        if depth == 0 or (depth == 1 and token.text == "," and token.kind == "mark"):
            if argument:
                yield _literal(argument)
            argument = []
            if depth == 0:
                return
        else:
            argument.append(token)
    yield None


def _literal(argument: list[_Token]) -> str | None:
    return _unquoted(argument[0].text) if len(argument) == 1 and argument[0].kind == "text" else None


def _named(kind: UseKind, text: str, tokens: list[_Token], position: int) -> Use:
    """A filter or test by its name, which may be of three parts."""
    name = tokens[position].text
    at = position + 1
    while _text_at(tokens, at) == "." and _is_name(tokens, at + 1):
        name += "." + tokens[at + 1].text
        at += 2
    offset = tokens[position].offset
    return Use(kind, name, offset, _shown(text, offset))


def _is_name(tokens: list[_Token], position: int) -> bool:
    return position < len(tokens) and tokens[position].kind == "name"


def _text_at(tokens: list[_Token], position: int) -> str:
    return tokens[position].text if position < len(tokens) else ""


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _shown(text: str, offset: int) -> str:
    line = text[offset:].split("\n", 1)[0]
    end = line.find("}}")
    shown = (line if end < 0 else line[:end]).strip()
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 3] + "..."
