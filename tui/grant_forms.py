"""What is asked before a grant is applied for, turned down or taken back, as values; the answers become an intent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from runner.client.public_key_file import public_key_line
from runner.client.wording.grant import key_text
from runner.model.grant import (
    AddKey,
    AddTerminal,
    Appoint,
    Enrol,
    Grant,
    Leave,
    Recertify,
    Reinstate,
    Relieve,
    RemoveTerminal,
    ResetCredentials,
    RevokeKey,
    Suspend,
)
from runner.model.people import Person, Standing, Terminal
from runner.model.policy import Policy
from runner.words import _, current_language
from tui.forms import Answers, Field, Form, Option, reason_field
from tui.intents import Apply, DenyGrant, RetractGrant
from tui.term_forms import term_fields, term_forms, when
from tui.text import Present, label, listed


def deny_form(number: str) -> Form:
    """Turning down needs a reason."""
    title = _("turn grant {number} down").format(number=number)
    return Form(title, (reason_field(),), lambda answers: DenyGrant(number, answers["reason"].strip()))


def retract_form(number: str) -> Form:
    """Taking back needs a reason."""
    title = _("take grant {number} back").format(number=number)
    return Form(title, (reason_field(),), lambda answers: RetractGrant(number, answers["reason"].strip()))


def enrol_form(policy: Policy) -> Form:
    """A new account: who, of which unit, with which key."""
    fields = (
        Field("person", _("account or staff number; never used again for somebody else")),
        Field("called", _("name people call them by")),
        _unit_field(policy, _("organisational unit")),
        Field("key", _("file with their public key (.pub); without one they cannot sign with a key"), required=False),
    )

    def grant(answers: Answers) -> Grant:
        key = _key_of(answers["key"]) if answers["key"].strip() else ""
        return Enrol(answers["person"].strip(), answers["called"].strip(), answers["unit"].strip(), key)

    return _form(_("apply for a new account"), fields, grant)


def forms_about(person: Person, policy: Policy, present: Present) -> dict[str, Form]:
    """What may be applied for about somebody as they stand, by the action that begins it."""
    made = {
        "appoint": appoint_form(person, policy, present),
        "relieve": relieve_form(person, present.now),
        "suspend": suspend_form(person),
        "reinstate": reinstate_form(person),
        "recertify": recertify_form(person, present.now),
        "add_key": add_key_form(person),
        "revoke_key": revoke_key_form(person, present),
        "depart": leave_form(person),
        "reset": reset_form(person),
    }
    return {name: form for name, form in made.items() if form is not None} | term_forms(person, policy, present)


def appoint_form(person: Person, policy: Policy, present: Present) -> Form | None:
    """A post of the policy for a person, within a unit, environments and time; None when the person has left."""
    if person.standing is Standing.LEFT:
        return None
    posts = tuple(
        Option(name, label(name) + post.title.in_language(current_language())) for name, post in policy.posts.items()
    )
    fields = (
        Field("post", _("post"), options=posts),
        _unit_field(policy, _("only within this unit and below")),
        Field("stand_in", _("as a stand-in: dormant until delegated"), options=_yes_or_no(), given="no"),
        Field("document", _("document of appointment"), required=False),
        Field("environments", _("only in these environments, separated by commas"), required=False),
        *term_fields(needs_end=False),
    )

    def grant(answers: Answers) -> Grant:
        return Appoint(
            person=person.name,
            post=answers["post"],
            unit=answers["unit"].strip(),
            stand_in=answers["stand_in"] == "yes",
            document=answers["document"].strip(),
            environments=tuple(name.strip() for name in answers["environments"].split(",") if name.strip()),
            since=when(answers["since"], present),
            until=when(answers["until"], present),
        )

    return _form(_("apply for a post for {person}").format(person=_who(person)), fields, grant)


def relieve_form(person: Person, now: datetime) -> Form | None:
    """The end of a post; None when the person holds none, or has left."""
    held = dict.fromkeys(each.post for each in person.appointments if each.until is None or now < each.until)
    if not held or person.standing is Standing.LEFT:
        return None
    field = Field("post", _("post"), options=tuple(Option(post, post) for post in held))
    title = _("apply for the end of a post of {person}").format(person=_who(person))
    return _form(title, (field,), lambda answers: Relieve(person.name, answers["post"], answers["reason"].strip()))


def suspend_form(person: Person) -> Form | None:
    """A suspension takes effect at once; None when the person is not active."""
    if person.standing is not Standing.ACTIVE:
        return None
    title = _("suspend {person} at once; another person inspects it afterwards").format(person=_who(person))
    return _form(title, (), lambda answers: Suspend(person.name, answers["reason"].strip()))


def reinstate_form(person: Person) -> Form | None:
    """The end of a suspension; None when there is none."""
    if person.standing not in (Standing.SUSPENDED, Standing.UNUSED):
        return None
    title = _("apply for the end of the suspension of {person}").format(person=_who(person))
    return _form(title, (), lambda answers: Reinstate(person.name, answers["reason"].strip()))


def recertify_form(person: Person, now: datetime) -> Form | None:
    """Word that the posts are still needed; None when the person holds none, or has left."""
    held = dict.fromkeys(each.post for each in person.appointments if each.until is None or now < each.until)
    if not held or person.standing is Standing.LEFT:
        return None
    title = _("certify that {person} still needs all posts held: {posts}")
    return _form(
        title.format(person=_who(person), posts=listed(held)),
        (),
        lambda answers: Recertify(person.name, answers["reason"].strip()),
    )


def leave_form(person: Person) -> Form | None:
    """The end of an account; None when it has ended."""
    if person.standing is Standing.LEFT:
        return None
    fields = (
        Field("handed_back", _("what they gave back, with ; between"), required=False),
        Field("still_out", _("what they have yet to give back, with ; between"), required=False),
    )

    def grant(answers: Answers) -> Grant:
        back, out = _things(answers["handed_back"]), _things(answers["still_out"])
        return Leave(person.name, answers["reason"].strip(), back, out)

    title = _("apply for the end of the account of {person}: keys, posts and all that rests on them")
    return _form(title.format(person=_who(person)), fields, grant)


def reset_form(person: Person) -> Form | None:
    """Password and authenticator set anew; None when the person has left."""
    if person.standing is Standing.LEFT:
        return None
    title = _("apply for a new password and authenticator for {person}; you and the approver each get half of it")
    return _form(
        title.format(person=_who(person)), (), lambda answers: ResetCredentials(person.name, answers["reason"].strip())
    )


def add_key_form(person: Person) -> Form | None:
    """Another key; None when the person has left."""
    if person.standing is Standing.LEFT:
        return None
    field = Field("key", _("file with their public key (.pub)"))
    title = _("apply for another key of {person}").format(person=_who(person))
    return _form(title, (field,), lambda answers: AddKey(person.name, _key_of(answers["key"])))


def revoke_key_form(person: Person, present: Present) -> Form | None:
    """A revocation takes effect at once; None when there is no key to revoke."""
    good = [key for key in person.keys if key.revoked is None]
    if not good or person.standing is Standing.LEFT:
        return None
    field = Field("key", _("key"), options=tuple(Option(key.fingerprint, key_text(key, present)) for key in good))
    title = _("revoke a key of {person} at once; another person inspects it afterwards").format(person=_who(person))
    return _form(title, (field,), lambda answers: RevokeKey(person.name, answers["key"], answers["reason"].strip()))


def terminal_forms(terminals: Sequence[Terminal], policy: Policy) -> dict[str, Form]:
    """What may be applied for about terminals, by the action that begins it."""
    fields = (
        Field("name", _("number of the terminal")),
        Field("source", _("address its sign-ins come from, or a console such as local/tty1")),
        Field("seat", _("the seat it stands at")),
        Field("operations", _("is it an operations terminal?"), options=_yes_or_no(), given="yes"),
        _unit_field(policy, _("organisational unit")),
    )

    def grant(answers: Answers) -> Grant:
        return AddTerminal(
            Terminal(
                name=answers["name"].strip(),
                source=answers["source"].strip(),
                seat=answers["seat"].strip(),
                operations=answers["operations"] == "yes",
                unit=answers["unit"].strip(),
            )
        )

    made = {"add_terminal": _form(_("apply for a terminal to be registered"), fields, grant)}
    if terminals:
        field = Field("name", _("terminal"), options=tuple(Option(each.name, each.name) for each in terminals))
        made["remove_terminal"] = _form(
            _("apply for a terminal to be taken out"),
            (field,),
            lambda answers: RemoveTerminal(answers["name"], answers["reason"].strip()),
        )
    return made


def _form(title: str, fields: Iterable[Field], grant: Callable[[Answers], Grant]) -> Form:
    """A form that ends with why, and becomes an application."""
    return Form(title, (*fields, reason_field()), lambda answers: Apply(grant(answers), answers["reason"].strip()))


def _unit_field(policy: Policy, asked: str) -> Field:
    """A unit of the policy; any text where the policy names none."""
    language = current_language()
    units = tuple(Option(name, label(name) + unit.title.in_language(language)) for name, unit in policy.units.items())
    options = (Option("", _("the whole site")), *units) if units else ()
    return Field("unit", asked, required=False, options=options)


def _yes_or_no() -> tuple[Option, ...]:
    return Option("no", _("no")), Option("yes", _("yes"))


def _things(text: str) -> tuple[str, ...]:
    """Things named one after the other."""
    return tuple(thing for part in text.replace("\N{FULLWIDTH SEMICOLON}", ";").split(";") if (thing := part.strip()))


def _who(person: Person) -> str:
    return f"{person.name} {person.called}" if person.called else person.name


def _key_of(path: str) -> str:
    """The line of a public key file, looked at before it is signed.

    Raises:
        UsageError: it cannot be read, or is no key that may be registered.
    """
    from runner.proof.public_key import parse_public_key

    return parse_public_key(public_key_line(Path(path.strip()).expanduser())).to_line()
