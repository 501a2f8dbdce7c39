"""The pages that people read first show what the command really says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.checkout import read

_BLOCK = re.compile(r"<!-- help -->\n```text\n(.*?)```\n<!-- /help -->", re.DOTALL)


@pytest.mark.parametrize("page, language", [("README.md", "en"), ("README.zh.md", "zh")])
def test_help_in_the_readme_is_the_real_help(page: str, language: str) -> None:
    shown = _BLOCK.search(read(page))
    said = _twokey(language, "--help").stdout
    expected = f"<!-- help -->\n```text\n{said}```\n<!-- /help -->"
    assert shown is not None, expected
    # Versions of Python break the lines of a help text differently.
    assert shown[1].split() == said.split(), expected


def _twokey(language: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("twokey"), "--lang", language, *arguments],
        check=True,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "100"},
    )
