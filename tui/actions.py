"""The one table of what can be done: its keys, label, help and place; key bar, help and palette are made from it.

A key that begins an act never completes it: dialogs have a confirm key of their own (`CONFIRM`), which is no letter and
not Enter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from runner.errors import UsageError
from runner.words import N_


class Where(StrEnum):
    """Kinds of screens."""

    CHANGES = "changes"
    PLAN = "plan"
    RUN = "run"
    AUDIT = "audit"
    ENTRY = "entry"
    WAITING = "waiting"
    PEOPLE = "people"
    GRANTS = "grants"
    GRANT = "grant"
    POLICY = "policy"
    SIGN = "sign"
    FORM = "form"
    NOTE = "note"


EVERYWHERE: Final = frozenset(Where)
SCREENS: Final = EVERYWHERE - {Where.SIGN, Where.FORM, Where.NOTE}
ABOUT_REQUEST: Final = frozenset({Where.CHANGES, Where.PLAN})
_LISTS: Final = frozenset({Where.CHANGES, Where.WAITING, Where.PEOPLE, Where.GRANTS, Where.POLICY})
"""Screens that lead to one another."""
_CHANGES: Final = frozenset({Where.CHANGES})
_PLAN: Final = frozenset({Where.PLAN})
_RUN: Final = frozenset({Where.RUN})
_AUDIT: Final = frozenset({Where.AUDIT})
_PEOPLE: Final = frozenset({Where.PEOPLE})
_GRANT: Final = frozenset({Where.GRANT})
_SIGN: Final = frozenset({Where.SIGN})
_FORM: Final = frozenset({Where.FORM})


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do."""

    id: str
    """Stays; a key is remapped by it."""
    keys: tuple[str, ...]
    label: str
    """Message id, a word or two for the key bar."""
    help: str
    """Message id, what it does, in a sentence."""
    where: frozenset[Where]
    rank: int = 5
    """Place in the key bar, the smallest first; what does not fit there is in the help."""


ACTIONS: Final = (
    Action(
        "open",
        ("enter",),
        N_("open"),
        N_("open what is selected"),
        frozenset({Where.CHANGES, Where.AUDIT, *_LISTS}),
        1,
    ),
    Action("awaited", ("s",), N_("what is awaited"), N_("go to where the awaited signature is given"), _CHANGES, 1),
    Action("mark", ("space",), N_("mark"), N_("mark a change that waits for approval, or unmark it"), _CHANGES, 6),
    Action(
        "approve_marked",
        ("a",),
        N_("approve marked"),
        N_("see each marked change in full, one after the other, and sign each on its own"),
        _CHANGES,
        6,
    ),
    Action(
        "sign",
        ("s",),
        N_("sign"),
        N_("see the text that is waited for, and sign it: start, confirmation, gate, sheet, decision or result"),
        frozenset({Where.PLAN, Where.RUN}),
        1,
    ),
    Action(
        "sign_grant", ("s",), N_("sign"), N_("see the text of the grant that is waited for, and sign it"), _GRANT, 1
    ),
    Action("approve_grant", ("a",), N_("approve"), N_("put another person's application into effect"), _GRANT, 2),
    Action("inspect", ("i",), N_("inspect"), N_("sign that what came of the grant is what was approved"), _GRANT, 2),
    Action("deny", ("x",), N_("turn down"), N_("turn another person's application down, with a reason"), _GRANT, 3),
    Action("retract", ("w",), N_("take back"), N_("take your own application back, with a reason"), _GRANT, 3),
    Action("concerned", ("v",), N_("person"), N_("see the person the grant is about, as they stand now"), _GRANT, 4),
    Action("enrol", ("n",), N_("new person"), N_("apply for a new account"), _PEOPLE, 2),
    Action("appoint", ("a",), N_("appoint"), N_("apply for a post for the selected person"), _PEOPLE, 2),
    Action("delegate", ("h",), N_("stand in"), N_("apply for a stand-in to take a post over for a while"), _PEOPLE, 6),
    Action("attest", ("m",), N_("attest"), N_("record a training or an agreement of the selected person"), _PEOPLE, 6),
    Action("exempt", ("b",), N_("exempt"), N_("apply for leave to hold two posts that never meet"), _PEOPLE, 6),
    Action("relieve", ("e",), N_("end post"), N_("apply for the end of a post of the selected person"), _PEOPLE, 3),
    Action("suspend", ("x",), N_("suspend"), N_("suspend the selected account at once"), _PEOPLE, 3),
    Action("reinstate", ("u",), N_("reinstate"), N_("apply for the end of a suspension"), _PEOPLE, 3),
    Action(
        "recertify", ("f",), N_("certify"), N_("certify that the posts of the selected person are needed"), _PEOPLE, 6
    ),
    Action("add_key", ("c",), N_("add key"), N_("apply for another key of the selected person"), _PEOPLE, 6),
    Action("revoke_key", ("v",), N_("revoke key"), N_("revoke a key of the selected person at once"), _PEOPLE, 6),
    Action("add_terminal", ("i",), N_("add terminal"), N_("apply for a terminal to be registered"), _PEOPLE, 6),
    Action("remove_terminal", ("r",), N_("end terminal"), N_("apply for a terminal to be taken out"), _PEOPLE, 6),
    Action("depart", ("d",), N_("leave"), N_("apply for the end of an account, with all that rests on it"), _PEOPLE, 6),
    Action(
        "reset",
        ("z",),
        N_("reset"),
        N_("apply for a new password and authenticator for the selected person"),
        _PEOPLE,
        6,
    ),
    Action("approve", ("a",), N_("approve"), N_("approve another person's request"), _PLAN, 2),
    Action("reject", ("x",), N_("reject"), N_("send another person's request back, with a reason"), _PLAN),
    Action("withdraw", ("w",), N_("withdraw"), N_("take your own request back, with a reason"), _PLAN),
    Action("revoke", ("v",), N_("revoke"), N_("end a standing approval at once, with a reason"), _PLAN, 3),
    Action("run", ("r",), N_("run"), N_("see the newest run of this change"), ABOUT_REQUEST, 2),
    Action("decide", ("d",), N_("decide"), N_("decide how a waiting run goes on; both people sign"), _RUN, 2),
    Action("pause", ("p",), N_("pause"), N_("pause the run before its next step; one person suffices"), _RUN, 3),
    Action("abort", ("x",), N_("stop"), N_("stop the run at the next task border; one person suffices"), _RUN, 3),
    Action("continue", ("u",), N_("continue"), N_("go on with a waiting run; both people sign"), _RUN, 3),
    Action("rollback", ("b",), N_("roll back"), N_("roll a waiting run back; both people sign"), _RUN, 3),
    Action("take_over", ("t",), N_("take over"), N_("take a parked run over that was offered to you"), _RUN, 3),
    Action("hand_over", ("h",), N_("hand over"), N_("give a parked run to another person; both sign"), _RUN, 6),
    Action("expand", ("enter",), N_("hosts"), N_("open or close a step: its attempts and their hosts"), _RUN, 6),
    Action("plan", ("v",), N_("plan"), N_("see the plan that is carried out"), _RUN, 6),
    Action("follow", ("f",), N_("follow"), N_("go back to where the run is, and to its newest output"), _RUN, 7),
    Action("output", ("o",), N_("output"), N_("give the output the whole screen, or half of it again"), _RUN, 7),
    Action(
        "audit",
        ("l",),
        N_("log"),
        N_("see the audit log of what is selected"),
        frozenset({Where.CHANGES, Where.PLAN, Where.RUN, Where.GRANT, Where.GRANTS}),
        4,
    ),
    Action(
        "waiting",
        ("w",),
        N_("all awaited"),
        N_("see everything that waits for a signature"),
        _LISTS - {Where.WAITING},
        4,
    ),
    Action("people", ("p",), N_("people"), N_("see the register of people"), _LISTS - {Where.PEOPLE}, 4),
    Action("grants", ("t",), N_("grants"), N_("see the list of grants"), _LISTS - {Where.GRANTS}, 4),
    Action("policy", ("y",), N_("policy"), N_("see the policy in force and the staffing"), _LISTS - {Where.POLICY}, 5),
    Action("filter", ("f",), N_("filter"), N_("show the entries of one run only"), _AUDIT, 2),
    Action(
        "one_person",
        ("f",),
        N_("filter"),
        N_("show the grants of one person only, and all again"),
        frozenset({Where.GRANTS}),
        2,
    ),
    Action("reload", ("ctrl+r",), N_("reload"), N_("read everything again"), SCREENS, 7),
    Action(
        "confirm",
        ("f8",),
        N_("SIGN"),
        N_("sign exactly the text that is shown; Enter never does"),
        _SIGN,
        1,
    ),
    Action("key", ("f7",), N_("another key"), N_("sign with the key of another person, at this terminal"), _SIGN, 2),
    Action(
        "back",
        ("escape", "q"),
        N_("back"),
        N_("go back; nothing is signed, and a run goes on"),
        EVERYWHERE - {Where.CHANGES, Where.FORM},
        5,
    ),
    Action("cancel", ("escape",), N_("back"), N_("go back; nothing is signed"), _FORM, 6),
    Action("explain", ("f1",), N_("help"), N_("explain what has the focus, and every key"), EVERYWHERE, 0),
    Action("language", ("f2",), N_("English/中文"), N_("switch between English and Chinese"), EVERYWHERE, 6),
    Action("palette", ("ctrl+p",), N_("find"), N_("find an action by its name"), SCREENS, 7),
    Action("leave", ("q", "ctrl+q"), N_("quit"), N_("leave Twokey; every run goes on"), frozenset({Where.CHANGES}), 6),
)

MOVES: Final = (
    Action("move.up", ("up", "k"), N_("up"), N_("one line up"), EVERYWHERE),
    Action("move.down", ("down", "j"), N_("down"), N_("one line down"), EVERYWHERE),
    Action("move.page_up", ("pageup",), N_("page up"), N_("one page up"), EVERYWHERE),
    Action("move.page_down", ("pagedown",), N_("page down"), N_("one page down"), EVERYWHERE),
    Action("move.first", ("home", "g"), N_("first"), N_("to the beginning"), EVERYWHERE),
    Action("move.last", ("end", "G"), N_("last"), N_("to the end"), EVERYWHERE),
)
"""Moving in lists and texts; Tab goes from one part of the screen to the next."""

CONFIRM: Final = "confirm"

_WRITTEN: Final = {
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "up": "Up",
    "down": "Down",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
}
_BY_ID: Final[Mapping[str, Action]] = {action.id: action for action in (*ACTIONS, *MOVES)}
_NEVER_CONFIRMS: Final = frozenset({"enter", "space", "return", "ctrl+j", "ctrl+m"})


def action_named(name: str) -> Action:
    """The action of that id; it must be one."""
    return _BY_ID[name]


def actions_at(where: Where) -> tuple[Action, ...]:
    """What there is on a kind of screen, in the order of the key bar."""
    return tuple(sorted((action for action in ACTIONS if where in action.where), key=lambda action: action.rank))


def keys_of(action: Action, remapped: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of an action, as remapped."""
    given = remapped.get(action.id)
    return tuple(given.split(",")) if given else action.keys


def key_of(name: str, remapped: Mapping[str, str]) -> str:
    """The first key of an action as it is written on keyboards."""
    return key_label(keys_of(action_named(name), remapped)[0])


def key_label(key: str) -> str:
    """A key as it is written on keyboards."""
    if key in _WRITTEN:
        return _WRITTEN[key]
    if key.startswith("ctrl+"):
        return "^" + key.removeprefix("ctrl+").upper()
    return key.upper() if len(key) > 1 else key


def read_remapping(pairs: Iterable[str]) -> dict[str, str]:
    """Keys by action from `ID=KEY` pairs.

    Raises:
        UsageError: not a pair, no such action, or a confirm key that is too easily pressed.
    """
    remapped: dict[str, str] = {}
    for pair in pairs:
        name, separator, key = pair.partition("=")
        if not separator or not key:
            raise UsageError(N_("key {pair}: expected ACTION=KEY"), pair=pair)
        if name not in _BY_ID:
            raise UsageError(
                N_("key {pair}: there is no action {name}"),
                hint=N_("actions: {actions}"),
                pair=pair,
                name=name,
                actions=", ".join(_BY_ID),
            )
        remapped[name] = key
    _require_safe(remapped)
    return remapped


def _require_safe(remapped: Mapping[str, str]) -> None:
    """Refuse a confirm key that Enter, a letter or the key that begins an act could be."""
    triggers = {key for action in (*ACTIONS, *MOVES) if action.id != CONFIRM for key in keys_of(action, remapped)}
    for key in keys_of(_BY_ID[CONFIRM], remapped):
        if key in _NEVER_CONFIRMS or len(key) == 1 or key in triggers:
            raise UsageError(
                N_("key {key}: it cannot be the one that signs"),
                hint=N_("choose a function key that begins no other action"),
                key=key,
            )
