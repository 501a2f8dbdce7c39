"""What is committed names no machine, no person's folder and no registry."""

from __future__ import annotations

import re

import pytest

from tests.repository.checkout import ROOT, Allowed, files

_ADDRESSES = {
    "a package registry": r"pypi\.org|pythonhosted\.org|deb\.debian\.org|galaxy\.ansible\.com|//[\w.-]+/simple\b",
    "an option that names a registry": r"--(extra-)?index-url|--find-links|--trusted-host",
    "a folder of one machine": r"(?<![\w.~}])/(root|work|workspace|Users|home/\w+|opt/pypi|tmp/\w+venv)/",
    "a name and a word of access": r"https?://[^/\s]*@",
    "a page that is not in the repository": r"\b(DESIGN|EVIDENCE|STYLE|STORIES|REGISTERS)(\.md\b| section\b|,? §)",
}

EXCEPTIONS: dict[str, Allowed] = {
    "tests/repository/test_tracked_files.py": Allowed("it holds the bad examples", "repository"),
    "LICENSE": Allowed("the text of the licence", "repository"),
}


def test_no_addresses_and_no_machine() -> None:
    found: list[str] = []
    for path in files():
        text = (ROOT / path).read_bytes().decode("utf-8", errors="replace")
        found += [f"{path}: {what}" for what in _found(text) if str(path) not in EXCEPTIONS]
    assert found == []


def test_no_path_of_this_checkout() -> None:
    here = str(ROOT).encode()
    assert [str(path) for path in files() if here in (ROOT / path).read_bytes()] == []


def test_big_files_stay_out() -> None:
    assert [str(path) for path in files() if (ROOT / path).stat().st_size > 1_000_000] == []


def test_what_is_made_stays_out() -> None:
    made = re.compile(
        r"(^|/)(__pycache__|\.venv|\.demo|\.bench|build|dist)/|\.pyc$|\.egg-info/|\.(key|pem)$|(^|/)id_\w+$"
    )
    assert [str(path) for path in files() if made.search(str(path))] == []


@pytest.mark.parametrize(
    "text",
    [
        "see https://pypi.org/project/x",
        "--index-url=x",
        "https://mirror.example/simple/",
        "/root/.ssh/id",
        "open('/home/li/x')",
        "git clone https://me:word@example.org/x",
        "as in DESIGN section 4",
    ],
)
def test_bad_text_is_seen(text: str) -> None:
    assert list(_found(text)) != []


@pytest.mark.parametrize("text", ["~/work/x", "docs/home/li/x", "https://example.org/index", "./work/x", "/var/lib/x"])
def test_good_text_passes(text: str) -> None:
    assert list(_found(text)) == []


def _found(text: str) -> list[str]:
    return [what for what, pattern in _ADDRESSES.items() if re.search(pattern, text)]
