"""What people may do by the posts they hold: roles, reach, incompatible pairs, attestations, vendors' bounds.

Permissions attach to roles, roles to posts; what counts is what a person holds at the moment they act.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from runner.model.people import Person, PersonRole, Register, Standing
from runner.model.policy import Policy, Post, Strength
from runner.model.runbook import Risk
from runner.rules.ruling import Ask, Ruling, refuse
from runner.rules.seeing import groups_beyond, is_listed
from runner.words import N_


def roles_of(person: Person, policy: Policy, at: datetime, environment: str, unit: str = "") -> frozenset[PersonRole]:
    """Every role a person has.

    Args:
        person: whose.
        policy: which posts carry which roles.
        at: when.
        environment: where; empty: anywhere.
        unit: for changes and people of this unit; empty: of any.
    """
    return frozenset(role for post in posts_of(person, policy, at, environment, unit) for role in post.roles)


def posts_of(person: Person, policy: Policy, at: datetime, environment: str, unit: str = "") -> Iterator[Post]:
    """The posts a person may act by; one that the policy does not know carries nothing."""
    for held in person.posts(at):
        post = policy.posts.get(held.post)
        if post is None or (held.environments and environment and environment not in held.environments):
            continue
        if not held.unit or not unit or is_within(policy, unit, held.unit):
            yield post


def is_within(policy: Policy, unit: str, upper: str) -> bool:
    """Whether a unit is another or lies below it."""
    return unit == upper or upper in policy.lineage(unit)


def conflicts(person: Person, policy: Policy, at: datetime, *, dormant: bool = False) -> tuple[tuple[str, str], ...]:
    """Pairs of incompatible posts that meet in a person without an exemption.

    Args:
        person: whose.
        policy: the pairs.
        at: when.
        dormant: count appointments too that are yet to begin, and stand-ins that are not active.
    """
    if dormant:
        held = {each.post for each in person.appointments if each.until is None or at < each.until}
    else:
        held = {each.post for each in person.posts(at)}
    exempt = {frozenset(each.posts) for each in person.exemptions if each.since <= at < each.until}
    return tuple(pair for pair in policy.incompatible if held.issuperset(pair) and frozenset(pair) not in exempt)


def lacking_marks(person: Person, policy: Policy, at: datetime) -> tuple[str, ...]:
    """Attestations that a person's posts ask for and that are missing or over."""
    wanted = dict.fromkeys(
        mark for held in person.posts(at) if held.post in policy.posts for mark in policy.posts[held.post].marks
    )
    return tuple(mark for mark in wanted if not person.has_mark(mark, at))


def strength_of(person: Person, fingerprint: str) -> Strength:
    """How strong a key is as a credential.

    A security key counts as touched: its signatures are refused without a touch.
    """
    key = person.key(fingerprint)
    return Strength.TOUCH if key is not None and key.line.startswith("sk-") else Strength.KEY


def is_known(ask: Ask) -> Ruling | None:
    """Everyone who signs is enrolled."""
    if ask.name in ask.facts.register.people:
        return None
    return refuse("L1:unknown-person", N_("{person} is not enrolled at this site"))


def is_active(ask: Ask) -> Ruling | None:
    """Nobody signs who is suspended or has left, nor a vendor without contract or sponsor."""
    return may_act(ask.person, ask.facts.register, ask.facts.now)


def may_act(person: Person, register: Register, at: datetime) -> Ruling | None:
    """What keeps a person from signing, and from signing in, whatever their posts; None: nothing does."""
    if person.standing is Standing.SUSPENDED:
        return refuse("people:suspended", N_("{person} is suspended"))
    if person.standing is Standing.UNUSED:
        return refuse(
            "people:unused",
            N_("the account of {person} is stopped: nobody has used it for as long as the policy says"),
            N_("two people reinstate it: twokey people reinstate {person}"),
        )
    if person.standing is Standing.LEFT:
        return refuse("people:left", N_("{person} has left"))
    vendor = person.vendor
    if vendor is not None and at >= vendor.contract_end:
        return refuse(
            "people:contract-ended", N_("the contract of {person}'s company {company} is over"), company=vendor.company
        )
    if vendor is not None and not _answers(register, vendor.sponsor):
        return refuse(
            "people:no-sponsor",
            N_("{sponsor}, who answered for {person}, does so no longer"),
            N_("somebody else of operations must be granted as sponsor"),
            sponsor=vendor.sponsor,
        )
    return None


def has_own_key(ask: Ask) -> Ruling | None:
    """A key is good for its owner only, and only while it is good."""
    facts = ask.facts
    if not facts.key:
        return None
    owner = facts.register.owners.get(facts.key, "")
    if owner != ask.name:
        return refuse(
            "L1:same-key", N_("the key {key} is {other}'s; two people need two keys"), key=facts.key, other=owner or "-"
        )
    key = ask.person.key(facts.key)
    if key is None or key.revoked is not None:
        return refuse("L1:key-revoked", N_("the key {key} of {person} was revoked"), key=facts.key)
    if not key.is_good(facts.now):
        return refuse("L1:key-expired", N_("the key {key} of {person} has expired"), key=facts.key)
    return None


def is_fit(ask: Ask) -> Ruling | None:
    """No incompatible posts meet in who acts, and their attestations are in force; an emergency asks for no paper."""
    person, policy, at = ask.person, ask.policy, ask.facts.now
    if pairs := conflicts(person, policy, at):
        first, second = pairs[0]
        return refuse(
            "L2:incompatible-posts",
            N_("{person} holds the incompatible posts {first} and {second}"),
            N_("relieve {person} of one of them: twokey people relieve"),
            first=first,
            second=second,
        )
    if ask.facts.risk is Risk.EMERGENCY:
        return None
    if lacking := lacking_marks(person, policy, at):
        return refuse(
            "people:attestation",
            N_("{person} lacks {marks}, which their posts ask for"),
            N_("record it: twokey people attest"),
            marks=", ".join(lacking),
        )
    return None


def may_publish(ask: Ask) -> Ruling | None:
    """Content is published by people whose roles say so."""
    facts = ask.facts
    roles = roles_of(ask.person, ask.policy, facts.now, facts.environment)
    return None if roles.intersection(ask.policy.publish) else lacks_role(ask.policy.publish)


def lacks_role(wanted: Iterable[PersonRole]) -> Ruling:
    """A refusal for want of a role."""
    return refuse(
        "policy:role",
        N_("{person} holds no post that may do this (roles that may: {roles})"),
        roles=", ".join(role.value for role in wanted) or "-",
    )


def vendor_is_within_terms(ask: Ask) -> Ruling | None:
    """Somebody of a vendor executes only the runbooks, and only on the groups, that their grant lists."""
    vendor = ask.person.vendor
    if vendor is None:
        return None
    if not is_listed(vendor, ask.facts.runbook):
        return refuse(
            "L2:vendor-runbook",
            N_("{person} of {company} may not execute runbook {runbook}"),
            company=vendor.company,
            runbook=ask.facts.runbook or "-",
        )
    beyond = groups_beyond(vendor, ask.facts.groups)
    if beyond is not None:
        return refuse(
            "L2:vendor-hosts",
            N_("{person} of {company} may not work on hosts of {groups}"),
            company=vendor.company,
            groups=", ".join(sorted(beyond)) or "-",
        )
    return None


def is_no_vendor(ask: Ask) -> Ruling | None:
    """A vendor's work is confirmed, watched and stopped by somebody of operations."""
    if ask.person.vendor is None:
        return None
    return refuse("L2:vendor-confirms", N_("{person} is somebody of a vendor and cannot confirm"))


def holds_operations_post(ask: Ask) -> Ruling | None:
    """On production, executor and confirmer hold operations posts; a vendor executes under such a confirmer."""
    facts = ask.facts
    if not facts.production or ask.person.vendor is not None:
        return None
    if any(post.operations for post in posts_of(ask.person, ask.policy, facts.now, facts.environment, facts.unit)):
        return None
    return refuse("L2:operations-post", N_("{person} holds no operations post, which production asks for"))


def _answers(register: Register, sponsor: str) -> bool:
    person = register.people.get(sponsor)
    return person is not None and person.standing is Standing.ACTIVE
