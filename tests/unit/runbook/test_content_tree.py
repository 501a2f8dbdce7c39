from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.errors import InvalidContentError, NotFoundError, UsageError
from runner.runbook.closure import reach_of_file
from runner.runbook.content_tree import MOST_BYTES, Blob, BlobTree, FolderTree, is_content_path
from tests.content import LOOK, play
from tests.samples import with_steps


@pytest.fixture
def site(awkward_folder: Path) -> Path:
    for name, text in {
        "runbooks/x.yml": with_steps(LOOK),
        "playbooks/p/x.yml": play("copy: {src: d/, dest: /x}"),
        "playbooks/p/files/d/a": "a",
        "playbooks/p/files/d/__pycache__/a.pyc": "x",
        "playbooks/p/files/d/.git/config": "x",
        "playbooks/p/files/d/.keep": "",
        "outside/secret": "x",
    }.items():
        path = awkward_folder / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (awkward_folder / "site" / "outside").rename(awkward_folder / "outside")
    return awkward_folder / "site"


def reached(site: Path) -> set[str]:
    return set(reach_of_file(site, site / "runbooks" / "x.yml").blobs)


def problems(site: Path) -> tuple[str, ...]:
    with pytest.raises(InvalidContentError) as caught:
        reached(site)
    return caught.value.problems


USUAL = {"runbooks/x.yml", "playbooks/p/x.yml", "playbooks/p/files/d/a", "playbooks/p/files/d/.keep"}


def test_what_python_and_git_leave_behind_is_no_content(site: Path) -> None:
    assert reached(site) == USUAL


def test_the_executable_bit_is_all_that_counts_of_a_mode(site: Path) -> None:
    file = site / "playbooks" / "p" / "files" / "d" / "a"
    tree = FolderTree(site)
    file.chmod(0o600)
    assert tree.read("playbooks/p/files/d/a") == Blob(b"a", executable=False)
    file.chmod(0o711)
    assert tree.read("playbooks/p/files/d/a") == Blob(b"a", executable=True)


def test_links_inside_the_site_are_followed(site: Path) -> None:
    (site / "playbooks" / "p" / "files" / "d" / "link").symlink_to("a")
    (site / "playbooks" / "shared").mkdir()
    (site / "playbooks" / "shared" / "b").write_text("b", "utf-8")
    (site / "playbooks" / "p" / "files" / "d" / "folder").symlink_to(site / "playbooks" / "shared")
    assert reached(site) == {*USUAL, "playbooks/p/files/d/link", "playbooks/p/files/d/folder/b"}


@pytest.mark.parametrize("target", ["../../../../../outside/secret", "../../../../../outside", "/etc/passwd", "/"])
def test_links_out_of_the_site_are_problems(site: Path, target: str) -> None:
    (site / "playbooks" / "p" / "files" / "d" / "link").symlink_to(target)
    assert problems(site) == (
        "playbooks/p/x.yml:3:19: playbooks/p/files/d/link: leads out of the site",
    )  # fmt: skip


def test_a_linked_playbook_out_of_the_site_is_a_problem(site: Path) -> None:
    (site / "playbooks" / "p" / "x.yml").unlink()
    (site / "playbooks" / "p" / "x.yml").symlink_to(site.parent / "outside" / "secret")
    assert "leads out of the site" in problems(site)[0]


def test_links_that_lead_back_end(site: Path) -> None:
    (site / "playbooks" / "p" / "files" / "d" / "loop").symlink_to("..")
    assert "leads back into itself" in problems(site)[0]
    (site / "playbooks" / "p" / "files" / "d" / "loop").unlink()
    (site / "playbooks" / "p" / "files" / "d" / "loop").symlink_to("loop")
    assert len(problems(site)) == 1


def test_large_files_and_devices_are_no_content(site: Path) -> None:
    large = site / "playbooks" / "p" / "files" / "d" / "large"
    with large.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    assert "expected at most" in problems(site)[0]
    large.unlink()
    os.mkfifo(large)
    assert reached(site) == USUAL


def test_a_runbook_outside_the_site_is_refused(site: Path) -> None:
    with pytest.raises(UsageError, match="not in the site"):
        reach_of_file(site, site.parent / "outside" / "secret")
    with pytest.raises(NotFoundError):
        reach_of_file(site, site / "runbooks" / "y.yml")


def test_sent_files_are_read_as_they_are() -> None:
    tree = BlobTree({"a/b": Blob(b"1"), "a/c/d": Blob(b"2"), "ab": Blob(b"3")})
    assert tree.files("a") == ("a/b", "a/c/d")
    assert (tree.is_folder("a/c"), tree.is_folder("a/b"), tree.is_folder("x")) == (True, False, False)
    assert tree.read("a") is None


@pytest.mark.parametrize(
    "path, is_one",
    [
        ("a/b", True),
        ("a", True),
        ("/a", False),
        ("a/../b", False),
        ("a//b", False),
        ("./a", False),
        ("a/", False),
        ("", False),
    ],
)
def test_paths_of_content(path: str, is_one: bool) -> None:  # noqa: FBT001 - the answer that is expected
    assert is_content_path(path) is is_one
