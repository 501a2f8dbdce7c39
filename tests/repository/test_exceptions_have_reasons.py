"""Whoever silences a tool says which of its rules, and why."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from tests.repository.checkout import CODE, python_files, read

_SILENCED = re.compile(r"#\s*(type:\s*ignore|noqa\b|ruff:\s*noqa|mypy:|pragma:)", re.IGNORECASE)
_TYPE = re.compile(r"# type: ignore\[[a-z-]+(, [a-z-]+)*\]  # \S.{3,}")
_LINT = re.compile(r"# (ruff: )?noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \S.{3,}")


def test_silenced_rules_have_code_and_reason() -> None:
    assert [f"{path}:{line}" for path in python_files(*CODE) for line in _bare(read(path))] == []


@pytest.mark.parametrize(
    "comment",
    [
        "# type: ignore",
        "# type: ignore[misc]",
        "# noqa",
        "# noqa: E501",
        "# noqa: E501 - x",
        "# ruff: noqa",
        "# pragma: no cover",
    ],
)
def test_bare_comments_are_seen(comment: str) -> None:
    assert list(_bare(f"a = 1  {comment}\n")) == [1]


@pytest.mark.parametrize(
    "comment",
    [
        "# type: ignore[misc]  # the library types its decorator as Any",
        "# noqa: N802 - gettext's customary name",
        "# an ordinary comment",
    ],
)
def test_reasoned_comments_pass(comment: str) -> None:
    assert list(_bare(f"a = 1  {comment}\n")) == []


def test_text_that_looks_like_a_comment_passes() -> None:
    assert list(_bare('a = "# noqa"\n')) == []


def _bare(source: str) -> Iterator[int]:
    """Lines whose comment silences a tool without code or reason."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and _SILENCED.search(token.string):
            start = _SILENCED.search(token.string)
            comment = token.string[start.start() :] if start else ""
            if not _TYPE.match(comment) and not _LINT.match(comment):
                yield token.start[0]
