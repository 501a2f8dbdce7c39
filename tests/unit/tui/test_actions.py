"""The table of actions: one key for one thing, and none that signs by mistake."""

from __future__ import annotations

import pytest

from runner.errors import UsageError
from tui.actions import ACTIONS, CONFIRM, MOVES, Where, action_named, actions_at, key_label, keys_of, read_remapping


def test_every_action_has_its_own_id() -> None:
    ids = [action.id for action in (*ACTIONS, *MOVES)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("where", list(Where))
def test_no_key_means_two_things_at_one_place(where: Where) -> None:
    keys = [key for action in (*actions_at(where), *MOVES) for key in action.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("where", list(Where))
def test_help_and_language_are_everywhere(where: Where) -> None:
    ids = {action.id for action in actions_at(where)}
    assert {"explain", "language"} <= ids
    assert ids & {"back", "cancel", "leave"}


def test_the_key_that_signs_begins_nothing_and_is_no_letter() -> None:
    confirm = action_named(CONFIRM)
    begins = {key for action in (*ACTIONS, *MOVES) if action is not confirm for key in action.keys}
    assert set(confirm.keys) & begins == set()
    assert all(len(key) > 1 and key not in {"enter", "space"} for key in confirm.keys)


def test_keys_are_remapped_by_id() -> None:
    remapped = read_remapping(["sign=f3", "confirm=f9", "back=escape,ctrl+b"])
    assert keys_of(action_named("sign"), remapped) == ("f3",)
    assert keys_of(action_named("back"), remapped) == ("escape", "ctrl+b")
    assert keys_of(action_named("pause"), remapped) == ("p",)


@pytest.mark.parametrize("pair", ["confirm=enter", "confirm=space", "confirm=y", "confirm=s", "confirm=f7", "sign=f8"])
def test_a_key_that_would_sign_too_easily_is_refused(pair: str) -> None:
    with pytest.raises(UsageError, match="cannot be the one that signs"):
        read_remapping([pair])


@pytest.mark.parametrize("pair, said", [("sign", "expected ACTION=KEY"), ("sing=f3", "there is no action sing")])
def test_a_wrong_remapping_is_refused(pair: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_remapping([pair])


@pytest.mark.parametrize("key, label", [("escape", "Esc"), ("ctrl+p", "^P"), ("f1", "F1"), ("s", "s"), ("G", "G")])
def test_keys_are_named_as_on_keyboards(key: str, label: str) -> None:
    assert key_label(key) == label
