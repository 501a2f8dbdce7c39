"""The pages for people: links lead somewhere, decisions are numbered, both languages say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tests.repository.checkout import ROOT, files, read

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_PARTS = ["Context", "Options", "Choice", "Cost"]
_LINES_OF_A_DECISION = 80

ADRS = sorted(path for path in files() if path.match("docs/adr/[0-9]*.md"))


def test_links_lead_somewhere() -> None:
    broken = [
        f"{page}: {link}"
        for page in files()
        if page.suffix == ".md"
        for link in _LINK.findall(_FENCE.sub("", read(page)))
        if not link.startswith(("https://", "mailto:")) and not _leads_somewhere(page, link)
    ]
    assert broken == []


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in ADRS] == list(range(1, len(ADRS) + 1))
    assert len(ADRS) > 0


@pytest.mark.parametrize("path", ADRS, ids=lambda path: path.stem)
def test_a_decision_has_its_parts(path: PurePosixPath) -> None:
    text = read(path)
    title, *_ = text.splitlines()
    assert re.fullmatch(rf"# {path.name[:4]} \S.*[^.]", title)
    assert re.search(r"^Status: (accepted|replaced by \[\d{4}\]\(\S+\))$", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == _PARTS
    assert len(text.splitlines()) <= _LINES_OF_A_DECISION


def test_the_index_lists_every_decision() -> None:
    listed = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \| (.+) \| .+ \|$", read("docs/adr/README.md"), re.MULTILINE)
    expected = [(path.name[:4], path.name, read(path).splitlines()[0][7:]) for path in ADRS]
    assert listed == expected


def test_both_readmes_have_the_same_parts() -> None:
    assert _shape(read("README.md")) == _shape(read("README.zh.md"))


def test_both_readmes_show_the_same_commands() -> None:
    assert list(_commands(read("README.md"))) == list(_commands(read("README.zh.md")))


def test_the_two_commands_come_first() -> None:
    for page in ("README.md", "README.zh.md"):
        assert list(_commands(read(page)))[:2] == ["make demo", "make test"]


@pytest.mark.parametrize("link", ["README.md", "docs/adr/README.md", "CONTRIBUTING.md#words", "#quick-start", "docs"])
def test_good_links_pass(link: str) -> None:
    assert _leads_somewhere(PurePosixPath("README.md"), link)


@pytest.mark.parametrize("link", ["nowhere.md", "CONTRIBUTING.md#nowhere", "#nowhere", "docs/README.md"])
def test_broken_links_are_seen(link: str) -> None:
    assert not _leads_somewhere(PurePosixPath("README.md"), link)


def _leads_somewhere(page: PurePosixPath, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = ROOT / page.parent / name if name else ROOT / page
    if not target.exists():
        return False
    return not anchor or anchor in _anchors(target.read_text("utf-8"))


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _shape(text: str) -> list[str]:
    """The order of headings, code, lists and tables of a page."""
    return re.findall(r"^(#+ |```|- |\| |<!-- /?help)", text, re.MULTILINE)


def _commands(text: str) -> Iterator[str]:
    """Commands in the code of a page, without their remarks."""
    for block in re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            yield line.partition("  #")[0].strip()
