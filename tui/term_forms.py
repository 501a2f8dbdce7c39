"""What is asked before something of a person's is applied for that has a beginning and an end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from runner.client.typed_time import instant
from runner.errors import UsageError
from runner.model.grant import Attest, Delegate, Exempt, Grant
from runner.model.people import Person, Standing
from runner.model.policy import Policy
from runner.words import N_, _, current_language
from tui.forms import Answers, Field, Form, Option, reason_field
from tui.intents import Apply
from tui.text import Present, label

_BETWEEN = " + "


def term_forms(person: Person, policy: Policy, present: Present) -> dict[str, Form]:
    """What may be applied for about somebody for a while, by the action that begins it."""
    made = {
        "delegate": delegate_form(person, present),
        "attest": attest_form(person, policy, present),
        "exempt": exempt_form(person, policy, present),
    }
    return {name: form for name, form in made.items() if form is not None}


def delegate_form(person: Person, present: Present) -> Form | None:
    """A stand-in takes a post over; None when the person stands in for none."""
    dormant = dict.fromkeys(
        each.post for each in person.appointments if each.stand_in and (each.until is None or present.now < each.until)
    )
    if not dormant or person.standing is not Standing.ACTIVE:
        return None
    fields = (
        Field("post", _("post they take over"), options=tuple(Option(post, post) for post in dormant)),
        *term_fields(),
    )

    def grant(answers: Answers) -> Grant:
        since, until = _from(answers, present), _end(answers, present)
        return Delegate(person.name, answers["post"], since, until, answers["reason"].strip())

    return _form(_("apply for {person} to take a post over for a while").format(person=_who(person)), fields, grant)


def attest_form(person: Person, policy: Policy, present: Present) -> Form | None:
    """A training or an agreement; None when the person has left."""
    if person.standing is Standing.LEFT:
        return None
    marks = sorted({mark for post in policy.posts.values() for mark in post.marks})
    fields = (
        Field("mark", _("what it is, such as training"), options=tuple(Option(mark, mark) for mark in marks)),
        Field("reference", _("where the paper is"), required=False),
        *term_fields(needs_end=False),
    )

    def grant(answers: Answers) -> Grant:
        since, until = _from(answers, present), when(answers["until"], present)
        return Attest(person.name, answers["mark"].strip(), since, until, answers["reference"].strip())

    return _form(_("record a training or an agreement of {person}").format(person=_who(person)), fields, grant)


def exempt_form(person: Person, policy: Policy, present: Present) -> Form | None:
    """Leave to hold two posts that never meet; None when the person has left, or the policy names no such posts."""
    pairs = tuple(pair for pair in policy.incompatible if all(post in policy.posts for post in pair))
    if not pairs or person.standing is Standing.LEFT:
        return None
    options = tuple(Option(_BETWEEN.join(pair), _pair_text(policy, pair)) for pair in pairs)
    fields = (Field("posts", _("posts that never meet otherwise"), options=options), *term_fields())

    def grant(answers: Answers) -> Grant:
        first, second = answers["posts"].split(_BETWEEN)
        since, until = _from(answers, present), _end(answers, present)
        return Exempt(person.name, (first, second), since, until, answers["reason"].strip())

    title = _("apply for leave of {person} to hold two posts that never meet")
    return _form(title.format(person=_who(person)), fields, grant)


def term_fields(*, needs_end: bool = True) -> tuple[Field, ...]:
    """From when until when."""
    return (
        Field("since", _("from when, such as 2026-11-29T00:30 or +2h; empty: at once"), required=False),
        Field("until", _("until when"), required=needs_end),
    )


def when(text: str, present: Present) -> datetime | None:
    """A time that was typed; None: none was.

    Raises:
        UsageError: it is no time.
    """
    return instant(text.strip(), present.now, present.zone) if text.strip() else None


def _from(answers: Answers, present: Present) -> datetime:
    return when(answers["since"], present) or present.now


def _end(answers: Answers, present: Present) -> datetime:
    until = when(answers["until"], present)
    if until is None:
        raise UsageError(N_("it needs an end"))
    return until


def _pair_text(policy: Policy, pair: tuple[str, ...]) -> str:
    language = current_language()
    return _BETWEEN.join(label(post) + policy.posts[post].title.in_language(language) for post in pair)


def _form(title: str, fields: tuple[Field, ...], grant: Callable[[Answers], Grant]) -> Form:
    return Form(title, (*fields, reason_field()), lambda answers: Apply(grant(answers), answers["reason"].strip()))


def _who(person: Person) -> str:
    return f"{person.name} {person.called}" if person.called else person.name
