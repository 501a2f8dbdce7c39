"""What is asked before a grant is signed, and what becomes of the answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.model.grant import (
    AddKey,
    AddTerminal,
    Appoint,
    Attest,
    Delegate,
    Enrol,
    Exempt,
    Leave,
    Recertify,
    Reinstate,
    Relieve,
    RemoveTerminal,
    ResetCredentials,
    RevokeKey,
    Suspend,
)
from runner.model.people import Appointment, Person, PersonKey, Standing, Terminal
from runner.model.policy import MEMBER, Policy, Post, Unit
from runner.model.text import Text
from runner.words import use_language
from tests.ssh_keys import software_key
from tui import grant_forms, intents
from tui.forms import Form, require_answers
from tui.text import Present

NOON = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)
PRESENT = Present(NOON, "Asia/Shanghai")
KEY = PersonKey("ssh-ed25519 AAAA", "SHA256:mei")
MEI = Person("mei", "梅", "operations", keys=(KEY,), appointments=(Appointment(MEMBER, ""),))
GONE = replace(MEI, standing=Standing.LEFT)
UNITS = Policy(units={"operations": Unit(Text("operations", "运行部"))})


def forms_of(person: Person, policy: Policy | None = None) -> dict[str, Form]:
    return grant_forms.forms_about(person, policy or Policy(), PRESENT)


def test_what_may_be_applied_for_depends_on_how_somebody_stands() -> None:
    active = {"appoint", "attest", "relieve", "suspend", "recertify", "add_key", "revoke_key", "depart", "reset"}
    assert set(forms_of(MEI)) == active
    assert set(forms_of(replace(MEI, standing=Standing.SUSPENDED))) == active - {"suspend"} | {"reinstate"}
    assert set(forms_of(replace(MEI, standing=Standing.UNUSED))) == active - {"suspend"} | {"reinstate"}
    assert set(forms_of(GONE)) == set()


def test_there_is_nothing_to_take_from_who_has_nothing() -> None:
    ended = Appointment(MEMBER, "", until=NOON - timedelta(days=1))
    bare = replace(MEI, keys=(replace(KEY, revoked=NOON),), appointments=(ended,))
    assert {"relieve", "recertify", "revoke_key"} & set(forms_of(bare)) == set()


@pytest.mark.parametrize(
    "name, answers, grant",
    [
        ("suspend", {}, Suspend("mei", "why")),
        ("recertify", {}, Recertify("mei", "why")),
        (
            "depart",
            {"handed_back": " badge\N{FULLWIDTH SEMICOLON}keys of the room; ", "still_out": ""},
            Leave("mei", "why", ("badge", "keys of the room")),
        ),
        ("reset", {}, ResetCredentials("mei", "why")),
        ("relieve", {"post": MEMBER}, Relieve("mei", MEMBER, "why")),
        ("revoke_key", {"key": KEY.fingerprint}, RevokeKey("mei", KEY.fingerprint, "why")),
        (
            "appoint",
            {
                "post": MEMBER,
                "unit": "operations",
                "stand_in": "yes",
                "document": " RS-1 ",
                "environments": "lab, production",
                "since": "",
                "until": "2026-12-24T18:00",
            },
            Appoint(
                "mei",
                MEMBER,
                "operations",
                ("lab", "production"),
                until=datetime(2026, 12, 24, 10, tzinfo=UTC),
                stand_in=True,
                document="RS-1",
            ),
        ),
        (
            "attest",
            {"mark": "training", "reference": "T-7", "since": "", "until": ""},
            Attest("mei", "training", NOON, None, "T-7"),
        ),
    ],
)
def test_answers_become_an_application(name: str, answers: dict[str, str], grant: object) -> None:
    form = forms_of(MEI, UNITS)[name]
    assert [field.name for field in form.fields] == [*answers, "reason"]
    assert form.make({**answers, "reason": " why "}) == intents.Apply(grant, "why")  # type: ignore[arg-type]  # one of several
    with pytest.raises(UsageError, match="an answer is needed"):
        require_answers(form, {**answers, "reason": " "})


def test_a_stand_in_takes_a_post_over_for_a_while() -> None:
    standing_in = replace(MEI, appointments=(Appointment(MEMBER, "", stand_in=True),))
    form = forms_of(standing_in)["delegate"]
    answers = {"post": MEMBER, "since": "+1h", "until": "+3h", "reason": "leave"}
    hour = timedelta(hours=1)
    assert form.make(answers) == intents.Apply(Delegate("mei", MEMBER, NOON + hour, NOON + 3 * hour, "leave"), "leave")
    with pytest.raises(UsageError, match="an answer is needed"):
        require_answers(form, {**answers, "until": ""})
    with pytest.raises(UsageError, match="time soon"):
        form.make({**answers, "until": "soon"})
    assert "delegate" not in forms_of(MEI)


def test_two_posts_that_never_meet_are_held_by_leave_with_an_end() -> None:
    posts = {name: Post(Text(name, name), ()) for name in ("watch", "check")}
    policy = Policy(posts=posts, incompatible=(("watch", "check"),))
    form = forms_of(MEI, policy)["exempt"]
    (pair,) = form.fields[0].options
    answers = {"posts": pair.value, "since": "", "until": "+1h", "reason": "ill"}
    assert form.make(answers) == intents.Apply(
        Exempt("mei", ("watch", "check"), NOON, NOON + timedelta(hours=1), "ill"), "ill"
    )
    assert "exempt" not in forms_of(replace(MEI, standing=Standing.LEFT), policy)


def test_a_suspension_is_ended_with_a_reason() -> None:
    form = forms_of(replace(MEI, standing=Standing.SUSPENDED))["reinstate"]
    assert form.make({"reason": "found"}) == intents.Apply(Reinstate("mei", "found"), "found")


def test_posts_and_units_are_those_of_the_policy_in_the_current_language() -> None:
    post, unit, *_rest = forms_of(MEI, UNITS)["appoint"].fields
    assert [(option.value, option.label) for option in post.options] == [
        (MEMBER, "member: member of the operations group")
    ]
    assert [option.value for option in unit.options] == ["", "operations"]
    use_language("zh")
    try:
        labels = [option.label for option in forms_of(MEI, UNITS)["appoint"].fields[1].options]
    finally:
        use_language("en")
    assert labels[1].endswith("运行部")


def test_where_the_policy_names_no_units_any_may_be_typed() -> None:
    assert forms_of(MEI)["appoint"].fields[1].options == ()


def test_a_new_account_is_made_of_what_was_typed(tmp_path: Path) -> None:
    key = software_key("ssh-ed25519").public
    path = tmp_path / "zhao.pub"
    path.write_text(f"{key.to_line()} zhao@desk\n", encoding="utf-8")
    form = grant_forms.enrol_form(Policy())
    answers = {"person": " zhao ", "called": "赵敏", "unit": "", "key": f" {path} ", "reason": "new"}
    assert form.make(answers) == intents.Apply(Enrol("zhao", "赵敏", "", key.to_line()), "new")
    without = form.make({**answers, "key": ""})
    assert without == intents.Apply(Enrol("zhao", "赵敏", "", ""), "new")
    added = forms_of(MEI)["add_key"].make({"key": str(path), "reason": "more"})
    assert added == intents.Apply(AddKey("mei", key.to_line()), "more")


@pytest.mark.parametrize("text", [None, "not a key"])
def test_a_file_that_holds_no_public_key_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "key.pub"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError):
        forms_of(MEI)["add_key"].make({"key": str(path), "reason": "more"})


def test_turning_down_and_taking_back_need_a_reason() -> None:
    number = "SQ-2026-0007"
    for form, intent in (
        (grant_forms.deny_form(number), intents.DenyGrant(number, "no")),
        (grant_forms.retract_form(number), intents.RetractGrant(number, "no")),
    ):
        assert form.make({"reason": " no "}) == intent
        with pytest.raises(UsageError, match="an answer is needed"):
            require_answers(form, {"reason": ""})


def test_a_terminal_is_applied_for_with_its_source_and_taken_out_by_its_name() -> None:
    use_language("en")
    assert set(grant_forms.terminal_forms((), UNITS)) == {"add_terminal"}
    east = Terminal("T-EAST", "10.0.0.1", "A3", operations=True, unit="operations")
    forms = grant_forms.terminal_forms((east,), UNITS)
    answers = {"name": "T-EAST", "source": " 10.0.0.1", "seat": "A3", "operations": "yes", "unit": "operations"}
    assert forms["add_terminal"].make({**answers, "reason": "new"}) == intents.Apply(AddTerminal(east), "new")
    made = forms["remove_terminal"].make({"name": "T-EAST", "reason": "moved"})
    assert made == intents.Apply(RemoveTerminal("T-EAST", "moved"), "moved")
