from __future__ import annotations

from pathlib import Path

import pytest

from runner.client.tokens import KeptToken, Tokens
from runner.errors import UsageError
from runner.runbook.places import sessions_folder

ORIGIN = "test.example/twokey"


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "deep" / "sessions")


def test_a_token_is_kept_for_its_person_alone(tokens: Tokens, tmp_path: Path) -> None:
    socket = tmp_path / "s"
    assert tokens.find(ORIGIN, socket) is None
    tokens.keep(ORIGIN, socket, "王", "secret")
    assert tokens.find(ORIGIN, socket) == KeptToken(ORIGIN, str(socket), "王", "secret")
    place = tokens.place(ORIGIN)
    assert place.stat().st_mode & 0o777 == 0o600
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in place.parent.iterdir()] == [place.name]
    tokens.keep(ORIGIN, socket, "li", "another")
    kept = tokens.find(ORIGIN, socket)
    assert kept is not None
    assert (kept.person, kept.token) == ("li", "another")
    assert "another" not in repr(kept)
    tokens.forget(ORIGIN)
    tokens.forget(ORIGIN)
    assert tokens.find(ORIGIN, socket) is None


def test_a_token_goes_only_where_it_came_from(tokens: Tokens, tmp_path: Path) -> None:
    tokens.keep(ORIGIN, tmp_path / "s", "li", "secret")
    assert tokens.find(ORIGIN, tmp_path / "another") is None
    assert tokens.find("another.example/twokey", tmp_path / "s") is None


def test_a_token_that_others_may_read_is_not_used(tokens: Tokens, tmp_path: Path) -> None:
    tokens.keep(ORIGIN, tmp_path / "s", "li", "secret")
    tokens.place(ORIGIN).chmod(0o644)
    assert tokens.find(ORIGIN, tmp_path / "s") is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"origin":1,"socket":2,"person":3,"token":""}'])
def test_what_is_no_token_is_none(tokens: Tokens, tmp_path: Path, text: str) -> None:
    tokens.keep(ORIGIN, tmp_path / "s", "li", "secret")
    tokens.place(ORIGIN).write_text(text)
    assert tokens.find(ORIGIN, tmp_path / "s") is None


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError):
        Tokens(tmp_path / "file" / "sessions").keep(ORIGIN, tmp_path / "s", "li", "secret")


def test_the_folder_ends_with_the_login_where_it_can(tmp_path: Path) -> None:
    assert sessions_folder({"XDG_RUNTIME_DIR": str(tmp_path), "HOME": "/h"}) == tmp_path / "twokey" / "sessions"
    assert sessions_folder({"XDG_STATE_HOME": "/s", "HOME": "/h"}) == Path("/s/twokey/sessions")
