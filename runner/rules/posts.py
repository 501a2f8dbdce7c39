"""What posts may be: which roles meet in one, which posts never meet in one person, and who may found a site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, permutations
from typing import Final

from runner.errors import Fact
from runner.model.finding import DocumentPath, Finding
from runner.model.nearest import nearest
from runner.model.people import PersonRole
from runner.model.policy import KEY_ROLES, GrantArea, Policy, Post
from runner.words import N_

_ALONE: Final = {
    PersonRole.AUDITOR: N_("an auditor acts on nothing: a post with role auditor has no other role, got {roles}"),
    PersonRole.VENDOR: N_("a post with role vendor has no other role, got {roles}"),
}
_ALL_POSTS: Final[DocumentPath] = ("posts", "*")

Pair = tuple[str, str]


def key_pairs(posts: Mapping[str, Post]) -> tuple[Pair, ...]:
    """Pairs of key posts that regulation keeps apart (RCB-14): those of two of the four key roles."""
    keys = {name: _key_roles(post) for name, post in posts.items() if post.key and _key_roles(post)}
    return tuple((one, other) for one, other in combinations(keys, 2) if len(keys[one] | keys[other]) > 1)


def post_findings(policy: Policy) -> Iterator[Finding]:
    """What is wrong with posts, with pairs of them and with founders."""
    if not policy.posts:
        yield Finding(("posts",), N_("expected at least one post"), needs=(_ALL_POSTS,))
    for name, post in policy.posts.items():
        yield from _one_post(policy, name, post)
    yield from _pair_findings(policy)
    yield from _missing_pairs(policy)
    yield from _founder_findings(policy)


def twice(names: Iterable[str], path: DocumentPath) -> Iterator[Finding]:
    """Names of a list that stand in it already."""
    seen: set[str] = set()
    for position, name in enumerate(names):
        if name in seen:
            yield Finding((*path, position), N_('"{name}" is named twice'), {"name": name})
        seen.add(name)


def unknown_post(name: str, policy: Policy, path: DocumentPath) -> Finding:
    """A finding about a post that the policy does not have; it rests on all posts having been read."""
    near = nearest(name, policy.posts)
    message = N_('unknown post "{name}" (did you mean "{near}"?)') if near else N_('unknown post "{name}"')
    return Finding(path, message, {"name": name, "near": near}, (_ALL_POSTS,))


def _key_roles(post: Post) -> frozenset[PersonRole]:
    return frozenset(post.roles) & frozenset(KEY_ROLES)


def _one_post(policy: Policy, name: str, post: Post) -> Iterator[Finding]:
    here: DocumentPath = ("posts", name, "roles")
    yield from twice(post.roles, here)
    yield from twice(post.marks, ("posts", name, "marks"))
    for role, message in _ALONE.items():
        others = [other for other in post.roles if other is not role]
        if role in post.roles and others:
            yield Finding(here, message, {"roles": ", ".join(others)})
    own = _key_roles(post)
    if post.key and len(own) > 1:
        message = N_("{roles} in one key post: key posts of these roles are never held by one person (RCB-14)")
        yield Finding(here, message, {"roles": ", ".join(role for role in post.roles if role in own)})
    other = next((other for other, each in policy.posts.items() if each.key and _key_roles(each)), "")
    if other and own and not post.key:
        facts: dict[str, Fact] = {"roles": ", ".join(role for role in post.roles if role in own), "other": other}
        message = N_('with {roles} it must be a key post, as post "{other}" is (RCB-14)')
        yield Finding(here, message, facts, (_ALL_POSTS,))


def _pair_findings(policy: Policy) -> Iterator[Finding]:
    seen: set[frozenset[str]] = set()
    for position, pair in enumerate(policy.incompatible):
        here: DocumentPath = ("incompatible", position)
        for place, name in enumerate(pair):
            if name not in policy.posts:
                yield unknown_post(name, policy, (*here, place))
        if pair[0] == pair[1]:
            yield Finding(here, N_('post "{name}" cannot be incompatible with itself'), {"name": pair[0]})
        elif frozenset(pair) in seen:
            yield Finding(here, N_("the pair {one}, {other} is named twice"), {"one": pair[0], "other": pair[1]})
        seen.add(frozenset(pair))


def _missing_pairs(policy: Policy) -> Iterator[Finding]:
    named = {frozenset(pair) for pair in policy.incompatible}
    for one, other in key_pairs(policy.posts):
        if frozenset((one, other)) not in named:
            message = N_("the pair {one}, {other} is missing: regulation keeps these key posts apart (RCB-14)")
            facts: dict[str, Fact] = {"one": one, "other": other}
            yield Finding(("incompatible",), message, facts, (("incompatible", "*"), _ALL_POSTS))


def _founder_findings(policy: Policy) -> Iterator[Finding]:
    if not policy.founders:
        yield from _unnamed_founders(policy)
        return
    for position, held in enumerate(policy.founders):
        here: DocumentPath = ("founders", position)
        for place, name in enumerate(held):
            if name not in policy.posts:
                yield unknown_post(name, policy, (*here, place))
        yield from twice(held, here)
        for one, other in policy.incompatible:
            if one != other and one in held and other in held:
                message = N_("one person would hold {one} and {other}, which are incompatible")
                yield Finding(here, message, {"one": one, "other": other})
    yield from _too_many(policy)
    yield from _powerless(policy)


def _unnamed_founders(policy: Policy) -> Iterator[Finding]:
    """Founders who are not named hold every post."""
    if policy.incompatible:
        one, other = policy.incompatible[0]
        message = N_('key "founders" is missing: without it every founder holds every post, also {one} and {other}')
        facts: dict[str, Fact] = {"one": one, "other": other}
        yield Finding((), message, facts, (("founders", "*"), ("incompatible", "*")))


def _too_many(policy: Policy) -> Iterator[Finding]:
    for name, post in policy.posts.items():
        count = sum(name in held for held in policy.founders)
        if 0 < post.most < count:
            message = N_("{count} founders would hold {post}, which has at most {most} holders")
            facts: dict[str, Fact] = {"count": count, "post": name, "most": post.most}
            yield Finding(("founders",), message, facts, (("founders", "*"),))


def _powerless(policy: Policy) -> Iterator[Finding]:
    """Without two founders of whom one applies and the other approves, nobody could ever be enrolled."""
    if any(name not in policy.posts for held in policy.founders for name in held):
        return
    terms = policy.grants[GrantArea.PEOPLE]
    roles = [
        {role for name in held if name in policy.posts for role in policy.posts[name].roles} for held in policy.founders
    ]
    if any(one & set(terms.apply) and other & set(terms.approve) for one, other in permutations(roles, 2)):
        return
    message = N_(
        "two founders must be able to enrol others: one with role {apply} to apply for it, another with role {approve} "
        "to approve it"
    )
    facts: dict[str, Fact] = {"apply": _either(terms.apply), "approve": _either(terms.approve)}
    yield Finding(("founders",), message, facts, (("founders", "*"), _ALL_POSTS, ("grants", "people", "*")))


def _either(roles: Iterable[PersonRole]) -> str:
    return " / ".join(roles)
