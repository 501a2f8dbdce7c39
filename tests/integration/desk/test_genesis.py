"""Founding a site: two people, their keys, the policy; nothing works until both have signed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.audit.ssh_keygen import SshKeygen
from runner.engine.desk.founding import founding_content, put_founding, require_same_site, require_signed_founding
from runner.engine.desk.genesis import (
    Founding,
    found_site,
    read_founding,
    sign_genesis,
)
from runner.engine.desk.policies import read_in_force
from runner.engine.desk.state import hold, open_state
from runner.errors import RefusedError, SignatureError, UsageError
from runner.model.document import JsonObject
from runner.model.people import KeyHolder
from runner.model.site import Site
from runner.model.statement import Seen, Statement, StatementKind
from runner.proof.canonical import digest
from runner.proof.statement import statement_bytes
from runner.rules import statements
from runner.runbook.settings import read_policy
from runner.wire.api_request import Signed
from runner.wire.documents import to_document
from tests.desk_site import write_site
from tests.desk_world import ALICE, BOB, CAROL, FixedClock, Signer, World

CLOCK = FixedClock()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return write_site(tmp_path / "site")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def founded(site: Site, state: Path) -> Founding:
    return found_site(site, state, [(one.name, one.key.public.to_line()) for one in (ALICE, BOB)])


def sign(
    site: Site, state: Path, person: Signer, content: JsonObject | None = None, seen: Seen | None = None
) -> Founding:
    founding = read_founding(site, state)
    statement = Statement(
        kind=StatementKind.GENESIS,
        origin=site.origin,
        person=person.name,
        key=person.key.public.fingerprint,
        subject=site.origin,
        content=founding.content if content is None else content,
        at=CLOCK.now(),
        nonce="0" * 31 + str(len(founding.signed)),
        seen=seen or founding.seen,
    )
    data = statement_bytes(to_document(statement))
    return sign_genesis(site, state, Signed(data.decode(), person.sign(statement.kind, data)), CLOCK, SshKeygen())


def test_a_site_becomes_active_with_the_second_signature(site: Site, state: Path) -> None:
    founding = founded(site, state)
    assert (founding.signed, founding.missing) == ((), ("alice", "bob"))
    assert sign(site, state, BOB).missing == ("alice",)
    active = sign(site, state, ALICE)
    assert active.is_active
    assert active.seen.size == 3
    assert (state / "log.key").stat().st_mode & 0o777 == 0o600
    assert state.stat().st_mode & 0o777 == 0o700


def test_the_content_names_people_keys_and_policy(site: Site, state: Path) -> None:
    content = founded(site, state).content
    people = content["people"]
    assert isinstance(people, list)
    assert [person["fingerprint"] for person in people if isinstance(person, dict)] == [
        ALICE.key.public.fingerprint,
        BOB.key.public.fingerprint,
    ]
    assert content["policy"] == digest(read_policy(site))
    assert content["log_key"] == (state / "log.pub").read_text().strip()


def test_nobody_signs_twice(site: Site, state: Path) -> None:
    founded(site, state)
    sign(site, state, ALICE)
    with pytest.raises(RefusedError) as caught:
        sign(site, state, ALICE)
    assert caught.value.rule == "L1:signed-already"


def test_nobody_else_signs(site: Site, state: Path) -> None:
    founded(site, state)
    with pytest.raises(SignatureError) as caught:
        sign(site, state, CAROL)
    assert caught.value.rule == "L1:unknown-key"


def test_what_is_signed_is_what_was_founded(site: Site, state: Path) -> None:
    content = founded(site, state).content
    with pytest.raises(SignatureError):
        sign(site, state, ALICE, {**content, "site": "another"})
    with pytest.raises(SignatureError):
        sign(site, state, ALICE, seen=Seen(7, "00" * 32))
    assert read_founding(site, state).signed == ()


def test_a_policy_changed_in_between_is_not_signed(site: Site, state: Path) -> None:
    founded(site, state)
    (site.inventory / "policy.yml").unlink()
    with pytest.raises(UsageError):
        sign(site, state, ALICE)


@pytest.mark.parametrize(
    "admins, error",
    [
        ([("alice", ALICE.key.public.to_line())], UsageError),
        ([("alice", ALICE.key.public.to_line()), ("alice", BOB.key.public.to_line())], RefusedError),
        ([("alice", ALICE.key.public.to_line()), ("bob", ALICE.key.public.to_line())], RefusedError),
        ([("alice", ALICE.key.public.to_line()), ("bob", "ssh-dss AAAA")], UsageError),
        ([("alice", ALICE.key.public.to_line()), (" ", BOB.key.public.to_line())], UsageError),
        ([("alice", ALICE.key.public.to_line()), ("b\nob", BOB.key.public.to_line())], UsageError),
    ],
)
def test_two_people_with_two_keys(
    site: Site, state: Path, admins: list[tuple[str, str]], error: type[Exception]
) -> None:
    with pytest.raises(error):
        found_site(site, state, admins)
    assert not state.exists()


def test_a_log_is_never_begun_over_another(site: Site, state: Path) -> None:
    founded(site, state)
    with pytest.raises(UsageError):
        founded(site, state)


def test_one_process_at_a_time(site: Site, state: Path) -> None:
    founded(site, state)
    with hold(open_state(state, site)), pytest.raises(RefusedError) as caught:
        read_founding(site, state)
    assert caught.value.rule == "state:one-service"


def test_a_state_directory_that_others_may_read_is_refused(site: Site, state: Path) -> None:
    founded(site, state)
    state.chmod(0o755)
    with pytest.raises(UsageError):
        read_founding(site, state)


def test_a_state_directory_of_another_site_is_refused(site: Site, state: Path) -> None:
    founded(site, state)
    with pytest.raises(UsageError) as caught:
        open_state(state, replace(site, origin="other.example/log"))
    assert caught.value.facts["expected"] == "other.example/log"


def test_a_site_that_moved_is_found_again(site: Site, state: Path, tmp_path: Path) -> None:
    founded(site, state)
    moved = replace(site, root=site.root.rename(tmp_path / "elsewhere"))
    open_state(state, moved)
    assert str(moved.root) in (state / "site.json").read_text()


def test_a_policy_nobody_signed_is_refused(world: World) -> None:
    with world.store.writing() as transaction:
        assert read_in_force(transaction, world.site.timezone).policy == world.premises.policy
        transaction.installation.put("policy", (transaction.installation.find("policy") or "") + "\nmax_runs: 9\n")
    with world.store.reading() as transaction, pytest.raises(RefusedError) as caught:
        read_in_force(transaction, world.site.timezone)
    assert caught.value.rule == "L9:policy-unsigned"


@pytest.mark.parametrize("what", ["policy", "posts", "key"])
def test_a_founding_rewritten_in_the_database_is_refused(world: World, what: str) -> None:
    """Whoever edits the database can make its parts agree with one another, but not with what was signed."""
    with world.store.writing() as transaction:
        require_signed_founding(transaction)
        content = founding_content(transaction)
        policy = (transaction.installation.find("policy") or "").encode()
        if what == "policy":
            policy = policy.replace(b"max_runs: 2", b"max_runs: 9")
            content = {**content, "policy": digest(policy)}
        elif what == "posts":
            people = content["people"]
            assert isinstance(people, list)
            content = {**content, "people": [{**person, "posts": []} for person in people if isinstance(person, dict)]}
        else:
            transaction.founders.add(KeyHolder("eve", CAROL.key.public.to_line(), CAROL.key.public.fingerprint))
        put_founding(transaction, content, policy)
    with world.store.reading() as transaction, pytest.raises(RefusedError) as caught:
        require_signed_founding(transaction)
    assert caught.value.rule == "L9:founding-unsigned"


def test_a_policy_file_that_was_edited_has_no_effect(world: World) -> None:
    (world.site.inventory / "policy.yml").write_text("apiVersion: twokey/v1\nkind: Policy\nname: laxer\nmax_runs: 9\n")
    world.reload()
    assert world.premises.policy.max_runs != 9


@pytest.mark.parametrize("name", ["production", "environment"])
def test_a_site_of_another_environment_is_refused(world: World, name: str) -> None:
    other = {
        "production": replace(world.site, production=True),
        "environment": replace(world.site, environment="elsewhere"),
    }
    with world.store.reading() as transaction:
        require_same_site(transaction, world.site)
        with pytest.raises(RefusedError) as caught:
            require_same_site(transaction, other[name])
    assert (caught.value.rule, caught.value.facts["name"]) == ("L9:site-unsigned", name)


def test_nothing_is_taken_before_both_have_signed(site: Site, state: Path, tmp_path: Path) -> None:
    founded(site, state)
    sign(site, state, ALICE)
    inactive = World(tmp_path)
    try:
        with pytest.raises(RefusedError) as caught:
            inactive.submit(ALICE, StatementKind.PAUSE, "BG-2026-0001/1", statements.pause_content("x", "y"))
        assert caught.value.rule == "L1:genesis-unsigned"
        assert caught.value.facts["missing"] == "bob"
    finally:
        inactive.close()
