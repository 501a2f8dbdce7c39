"""A policy as people read it: posts, pairs that never meet, units, and what changes of each class need where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from runner.client.wording.grid import grid
from runner.client.wording.line import Line, Meaning, line, listed
from runner.model.people import PersonRole
from runner.model.policy import (
    USUAL_TERMS,
    ApprovalNeed,
    ClassTerms,
    GrantArea,
    Policy,
    Post,
    Reading,
    SignedAt,
    UpkeepTerms,
)
from runner.model.runbook import Risk
from runner.model.units import format_duration
from runner.wire.spoken import spoken
from runner.words import N_, _, current_language

AREAS: Final = {
    GrantArea.PEOPLE: N_("accounts and posts"),
    GrantArea.KEYS: N_("keys and passwords"),
    GrantArea.POLICY: N_("the policy"),
    GrantArea.TERMINALS: N_("terminals"),
}
"""What grants of an area are about."""
READERS: Final = {
    Reading.SIGNED_IN: N_("people who have signed in"),
    Reading.ADMITTED: N_("whoever the operating system lets reach the service"),
}
"""Who may read what is not public."""
_START: Final = 2


def policy_lines(policy: Policy) -> tuple[Line, ...]:
    """The whole policy; tables fit 80 columns."""
    parts = (
        _title(policy),
        post_lines(policy.posts),
        _pair_lines(policy),
        _unit_lines(policy),
        *_class_parts(policy),
        _grant_lines(policy),
        _other_lines(policy),
    )
    page: list[Line] = []
    for part in parts:
        page += [Line(), *part] if page and part else part
    return tuple(page)


def _title(policy: Policy) -> tuple[Line, ...]:
    """Name, number, and from when it counts."""
    title = line(_("policy {name}").format(name=policy.name), Meaning.STRONG)
    more = []
    if policy.version is not None:
        more.append(line(_("version {version}").format(version=policy.version)))
    if policy.in_effect_from:
        more.append(line(_("in effect from {at}").format(at=policy.in_effect_from)))
    return (title, *more)


def post_lines(posts: Mapping[str, Post]) -> tuple[Line, ...]:
    """Posts with their roles."""
    heads = (_("post"), _("title"), _("roles"), _("remarks"))
    rows = [
        (name, post.title.in_language(current_language()), role_words(post.roles), _("; ").join(_remarks(post)))
        for name, post in posts.items()
    ]
    return _titled(_("posts"), grid(heads, rows, start=_START))


def class_lines(classes: Mapping[Risk, ClassTerms]) -> tuple[Line, ...]:
    """Terms by risk class as a table, and as another what else they say."""
    named = [(risk, classes[risk]) for risk in Risk if risk in classes]
    who = (_("class"), _("approvals"), _("executes"), _("confirms"), _("strength"), _("attachments"))
    more = (
        _("class"),
        _("requests"),
        _("business verifies"),
        _("where"),
        _("approval valid for"),
        _("runs at most"),
    )
    further = [(spoken(risk), *_further(terms)) for risk, terms in named if _says_more(terms)]
    first = grid(who, [(spoken(risk), *_needs(terms)) for risk, terms in named], start=_START)
    second = grid(more, further, start=_START)
    return (*first, Line(), *second) if second else first


def role_words(roles: Iterable[PersonRole]) -> str:
    """Roles one after the other; a dash for none."""
    return listed(spoken(role) for role in roles) or "-"


def approval_words(needs: Iterable[ApprovalNeed]) -> str:
    """Who approves, all of them."""
    return " + ".join(_need(need) for need in needs) or _("none")


def _need(need: ApprovalNeed) -> str:
    who = _(" or ").join(spoken(role) for role in need.roles)
    if need.count > 1:
        who = f"{need.count} x {who}"
    return _("{who} (of another unit)").format(who=who) if need.other_unit else who


def _titled(title: str, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return (line(title, Meaning.STRONG), *lines) if lines else ()


def _remarks(post: Post) -> Iterator[str]:
    if post.key:
        yield _("key post")
    if post.operations:
        yield _("operations post")
    if post.most:
        yield _("at most {count}").format(count=post.most)
    if post.marks:
        yield _("needs {marks}").format(marks=listed(post.marks))


def _pair_lines(policy: Policy) -> tuple[Line, ...]:
    others: dict[str, list[str]] = {}
    for one, other in policy.incompatible:
        others.setdefault(one, []).append(other)
    rows = [(one, listed(found)) for one, found in others.items()]
    return _titled(_("incompatible posts"), grid((_("post"), _("never together with")), rows, start=_START))


def _unit_lines(policy: Policy) -> tuple[Line, ...]:
    rows: list[tuple[str, str]] = []

    def below(parent: str, depth: int) -> None:
        for name, unit in policy.units.items():
            if unit.parent == parent:
                rows.append((" " * _START * depth + name, unit.title.in_language(current_language())))
                below(name, depth + 1)

    below("", 0)
    return _titled(_("units"), grid((_("unit"), _("title")), rows, start=_START))


def _class_parts(policy: Policy) -> Iterator[tuple[Line, ...]]:
    yield _titled(_("what changes need"), class_lines(policy.classes))
    for name, classes in policy.environments.items():
        yield _titled(_("what is stricter in environment {name}").format(name=name), class_lines(classes))
    for name, classes in policy.unit_classes.items():
        yield _titled(_("what is stricter in unit {name}").format(name=name), class_lines(classes))


def _needs(terms: ClassTerms) -> tuple[str, ...]:
    return (
        approval_words(terms.approvals),
        role_words(terms.execute),
        role_words(terms.confirm),
        spoken(terms.strength),
        listed(terms.attachments) or "-",
    )


def _says_more(terms: ClassTerms) -> bool:
    limits = (terms.approval_valid_for, terms.max_runs)
    return (
        terms.request != USUAL_TERMS.request
        or terms.business
        or terms.terminals is SignedAt.OPERATIONS
        or any(limit is not None for limit in limits)
    )


def _further(terms: ClassTerms) -> tuple[str, ...]:
    return (
        role_words(terms.request),
        _("yes") if terms.business else _("no"),
        spoken(terms.terminals) if terms.terminals is SignedAt.OPERATIONS else "-",
        "-" if terms.approval_valid_for is None else format_duration(terms.approval_valid_for),
        "-" if terms.max_runs is None else str(terms.max_runs),
    )


def _grant_lines(policy: Policy) -> tuple[Line, ...]:
    heads = (_("grants of"), _("applied for by"), _("approved by"), _("checked by"), _("within"))
    rows = [
        (
            _(AREAS[area]),
            role_words(terms.apply),
            role_words(terms.approve),
            role_words(terms.check),
            format_duration(terms.check_within),
        )
        for area, terms in policy.grants.items()
    ]
    return _titled(_("grants"), grid(heads, rows, start=_START))


def _other_lines(policy: Policy) -> tuple[Line, ...]:
    sessions, emergency = policy.sessions, policy.emergency
    rows = [
        (_("founders"), _("; ").join(listed(posts) for posts in policy.founders) or _("everybody holds every post")),
        (_("content is signed by"), role_words(policy.publish)),
        (_("emergency"), _emergency(emergency.outside_reviewer, format_duration(emergency.review_within))),
        (
            _("session"),
            _("{idle} without action, {longest} at most").format(
                idle=format_duration(sessions.idle), longest=format_duration(sessions.longest)
            ),
        ),
        (
            _("password"),
            _("{length} characters, for {age}, none of the last {history}; {tries} wrong ones lock").format(
                length=sessions.password_length,
                age=format_duration(sessions.password_age),
                history=sessions.password_history,
                tries=sessions.lock_after,
            ),
        ),
        (
            _("at one terminal"),
            _("both may type a password") if sessions.shared_terminal else _("one types a password"),
        ),
        *_upkeep(policy.upkeep),
        (_("read by"), _(READERS[policy.reading])),
        (
            _("an approval"),
            _("valid for {span}; runs at most: {count}").format(
                span=format_duration(policy.approval_valid_for), count=policy.max_runs
            ),
        ),
    ]
    return _titled(_("further"), grid(("", ""), [*rows, *_by_key(policy)], start=_START))


def _upkeep(terms: UpkeepTerms) -> Iterator[tuple[str, str]]:
    if terms.recertify_every is not None:
        text = _("every {span} by {roles}; {grace} after that the posts lie dormant")
        told = text.format(
            span=format_duration(terms.recertify_every),
            roles=role_words(terms.recertify),
            grace=format_duration(terms.dormant_after),
        )
        yield _("posts certified"), told
    if terms.unused_after is not None:
        yield _("unused accounts"), _("are stopped after {span}").format(span=format_duration(terms.unused_after))
    text = _("for key posts within {span}, or no major change is accepted")
    yield _("stand-ins"), text.format(span=format_duration(terms.stand_in_within))


def _by_key(policy: Policy) -> Iterator[tuple[str, str]]:
    """What is said in the words of the file."""
    for key in ("start_valid_for", "anchor_within", "hold", "rollback_reserve"):
        yield key, format_duration(getattr(policy, key))
    yield "runtime_drift", policy.runtime_drift
    unbound = policy.unbound
    yield "unbound", listed((f"outputs {unbound.outputs}", f"sheets {unbound.sheets}", f"lookups {unbound.lookups}"))


def _emergency(reviewer: str, within: str) -> str:
    if reviewer:
        return _("reviewed within {span} by {name}").format(span=within, name=reviewer)
    return _("reviewed within {span} by two others").format(span=within)
