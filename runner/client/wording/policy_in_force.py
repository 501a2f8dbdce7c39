"""The policy in force in words: where it comes from, its posts and who holds them, and whether people are enough."""

from __future__ import annotations

from collections.abc import Iterator

from runner.client.wording.line import Line, Meaning, Told, aligned, label, listed, told
from runner.client.wording.policy_coming import coming_told
from runner.client.wording.present import Present
from runner.model.policy import Policy
from runner.wire.api_people import PolicyShown, RegisterShown, Staffing, StaffingRow
from runner.wire.spoken import spoken
from runner.words import _, current_language


def policy_lines(
    shown: PolicyShown, terms: Policy, register: RegisterShown, staffing: Staffing, present: Present
) -> tuple[Line, ...]:
    """The whole page.

    Args:
        shown: the policy in force, as a file.
        terms: the same, read.
        register: the people there are.
        staffing: whether they are enough.
        present: what times are shown against.
    """
    page: list[Line] = []
    for section in (_origin(shown, terms, present), _posts(terms, register), _staffing(staffing), _text(shown)):
        page += [Line(), *aligned(section)] if page else aligned(section)
    return tuple(page)


def staffing_text(row: StaffingRow) -> str:
    """Whether changes of a class and unit can be carried through, and by whom."""
    if not row.enough:
        missing = spoken(row.missing.value) if row.missing is not None else "-"
        return _("not enough people: nobody is left who may sign {signature}").format(signature=missing)
    requester, *approvers, executor, confirmer = row.team
    text = _(
        "enough: requested by {requester}, approved by {approvers}, executed by {executor}, confirmed by {confirmer}"
    )
    if not approvers:
        text = _("enough: requested by {requester}, executed by {executor}, confirmed by {confirmer}")
    return text.format(requester=requester, approvers=listed(approvers), executor=executor, confirmer=confirmer)


def _origin(shown: PolicyShown, terms: Policy, present: Present) -> Iterator[Told]:
    yield told(_("policy"), shown.name, Meaning.STRONG)
    if terms.version is not None:
        yield told(_("version"), str(terms.version))
    yield told(_("digest"), shown.digest.removeprefix("sha256:"))
    since = _("grant {number}").format(number=shown.grant) if shown.grant else _("the log's first entries")
    yield told(_("in force by"), since)
    if shown.differs:
        yield told(
            _("file"),
            _("inventory/…/policy.yml says something else; it counts once a grant has put it in force"),
            Meaning.WAIT,
        )
    else:
        yield told(_("file"), _("the site's file says the same"), Meaning.GOOD)
    yield from coming_told(shown, present)


def _posts(terms: Policy, register: RegisterShown) -> Iterator[Told]:
    """Each post with its roles and holders."""
    language = current_language()
    for place, (name, post) in enumerate(terms.posts.items()):
        holders = listed(each.person.name for each in register.people if name in each.posts)
        text = _("{post} ({title}), key post: {roles}") if post.key else _("{post} ({title}): {roles}")
        roles = listed(spoken(role.value) for role in post.roles)
        title = post.title.in_language(language)
        yield told(_("posts") if place == 0 else "", text.format(post=name, title=title, roles=roles))
        yield told("", "  " + label(_("held by")) + (holders or _("nobody: vacant")), _held(holders))


def _held(holders: str) -> Meaning:
    return Meaning.PLAIN if holders else Meaning.WAIT


def _staffing(staffing: Staffing) -> Iterator[Told]:
    for row in staffing.rows:
        name = spoken(row.risk.value)
        named = _("{risk}, {unit}").format(risk=name, unit=row.unit) if row.unit else name
        yield told(named, staffing_text(row), Meaning.GOOD if row.enough else Meaning.BAD)


def _text(shown: PolicyShown) -> Iterator[Told]:
    yield told(None, _("its text:") if shown.source else _("its text: the policy as shipped"), Meaning.FAINT)
    for text in shown.source.splitlines():
        yield told(None, "  " + text)
