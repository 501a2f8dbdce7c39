"""What a site was founded with: the content of its first entries, its founders with their posts, its first policy."""

from __future__ import annotations

from typing import Final

from runner.errors import RefusedError, UsageError
from runner.model.document import JsonObject
from runner.model.people import Register
from runner.model.site import Site
from runner.model.statement import StatementKind
from runner.proof.canonical import canonical_bytes, digest, parse_strict
from runner.rules.register import found
from runner.runbook.settings import read_policy
from runner.store.store import Transaction
from runner.wire.documents import from_value
from runner.words import N_

_CONTENT: Final = "genesis"
_POLICY: Final = "policy"
"""Names of the installation's facts."""


def put_founding(transaction: Transaction, content: JsonObject, policy: bytes) -> None:
    """Keep what is to be signed, and the policy file it names."""
    transaction.installation.put(_CONTENT, canonical_bytes(content).decode())
    transaction.installation.put(_POLICY, policy.decode())


def founding_content(transaction: Transaction) -> JsonObject:
    """What everybody's genesis statement says.

    Raises:
        UsageError: the state directory holds no first entries.
    """
    text = transaction.installation.find(_CONTENT)
    content = parse_strict(text.encode()) if text is not None else None
    if not isinstance(content, dict):
        raise UsageError(
            N_("this state directory holds no first entries"), hint=N_("found the site again: twokey init")
        )
    return content


def founding_register(transaction: Transaction) -> Register:
    """The register as the first entries leave it."""
    return found(transaction.founders.all(), posts_of(founding_content(transaction)))


def posts_of(content: JsonObject) -> dict[str, tuple[str, ...]]:
    """The posts that the first entries give to the people they name.

    Raises:
        UsageError: they do not say.
    """
    people = content.get("people")
    listed = people if isinstance(people, list) else []
    return {
        str(person["name"]): from_value(tuple[str, ...], person.get("posts"))
        for person in listed
        if isinstance(person, dict)
    }


def founding_policy(transaction: Transaction) -> bytes:
    """The policy file the first entries name.

    Raises:
        RefusedError: it is not the one that was signed.
    """
    source = (transaction.installation.find(_POLICY) or "").encode()
    expected = founding_content(transaction).get("policy")
    if digest(source) != expected:
        raise RefusedError(
            N_("policy: it is not the one that was signed (got {got}, expected {expected})"),
            rule="L9:policy-unsigned",
            hint=N_("the state directory was tampered with: verify the log"),
            got=digest(source),
            expected=str(expected),
        )
    return source


def require_same_site(transaction: Transaction, site: Site) -> None:
    """Refuse a site whose environment or production mark is not the one that was signed.

    Raises:
        RefusedError: it is not.
    """
    content = founding_content(transaction)
    for name, got in (("environment", site.environment), ("production", site.production)):
        if content.get(name) != got:
            raise RefusedError(
                N_("site: {name} is not what was signed (got {got}, expected {expected})"),
                rule="L9:site-unsigned",
                hint=N_("bring back inventory/site.yml as it was"),
                name=name,
                got=str(got),
                expected=str(content.get(name)),
            )


def require_signed_founding(transaction: Transaction) -> None:
    """Refuse first entries, founders or keys in the database that are not those the founders signed.

    Raises:
        RefusedError: they are not.
    """
    content = founding_content(transaction)
    signed = [
        recorded.signed.statement.content
        for recorded in transaction.statements.of(str(content.get("origin")))
        if recorded.signed.statement.kind is StatementKind.GENESIS
    ]
    people = content.get("people")
    named = {
        (str(person.get("name")), str(person.get("key")), str(person.get("fingerprint")))
        for person in (people if isinstance(people, list) else [])
        if isinstance(person, dict)
    }
    stored = {(holder.name, holder.key, holder.fingerprint) for holder in transaction.founders.all()}
    if not signed or any(each != content for each in signed) or named != stored:
        raise RefusedError(
            N_("the log's first entries in the database are not those that were signed"),
            rule="L9:founding-unsigned",
            hint=N_("the state directory was tampered with: verify the log"),
        )


def policy_source(site: Site) -> bytes:
    """The policy file of the site's environment; empty when it has none.

    Raises:
        InvalidContentError: it cannot be read.
    """
    return read_policy(site)
