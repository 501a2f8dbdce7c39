"""The backend over `runner.client`: a real service, real keys, real signatures.

Everything heavy is imported when it is first needed, so that the first frame is on the screen before the network, the
keys and the runbook language are loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runner.errors import NotFoundError, RefusedError, UnreachableError, UsageError, VerificationError
from runner.model.log import LogFilter
from runner.model.policy import Policy, Strength
from runner.model.request import Request, RequestState
from runner.model.run import RunState
from runner.wire.api import MAX_PAGE, ServiceStatus, Words
from runner.wire.api_audit import EntryPage, EntryShown
from runner.wire.api_people import GrantPage, GrantShown, LeavingShown, PolicyShown, RegisterShown, Staffing
from runner.wire.api_request import Act, Outcome, RequestShown, Waiting
from runner.wire.api_run import RunShown
from runner.words import N_
from tui.backend import (
    AGENT,
    PASSWORD,
    ChangePage,
    ChangeRow,
    Key,
    PlanShown,
    Prepared,
    ProvenEntry,
    RunAtHand,
    StreamEvent,
    Typed,
)
from tui.intents import Intent
from tui.reach import Reach

if TYPE_CHECKING:
    from runner.client.memory import Memory
    from runner.client.service import Service
    from runner.client.signer import Signer
    from runner.client.signing import Confirmer, Signatory

_OVER: Final = frozenset({RunState.CLOSED, RunState.LAPSED, RunState.NOT_ACCEPTED})
_HAD_RUNS: Final = frozenset({RequestState.APPROVED, RequestState.USED})


class LiveRegister:
    """The register of whatever service is reached."""

    def __init__(self, reached: Callable[[], Service]) -> None:
        """Make it.

        Args:
            reached: the service, or raises `UnreachableError`.
        """
        self._reached = reached

    def people(self) -> RegisterShown:
        return self._reached().register.people()

    def grants(self, person: str, before: str | None, limit: int) -> GrantPage:
        return self._reached().register.grants((), person, before, limit)

    def grant(self, number: str) -> GrantShown:
        return self._reached().register.grant(number)

    def leaving(self, person: str) -> LeavingShown:
        return self._reached().register.leaving(person)

    def policy(self) -> PolicyShown:
        return self._reached().register.policy()

    def terms(self) -> Policy:
        from runner.runbook.settings import POLICY_FILE, policy_of

        return policy_of(self.policy().source.encode(), POLICY_FILE)

    def staffing(self) -> Staffing:
        return self._reached().register.staffing()


class LiveBackend:
    """A service, reached anew by every `open`."""

    def __init__(self, find: Callable[[], Reach]) -> None:
        """Make a backend that has reached nothing yet.

        Args:
            find: finds out where the service is; called once, by the first `open`.
        """
        self._find = find
        self._found: Reach | None = None
        self._ahead = timedelta(0)
        """How far the service's clock is ahead of this machine's."""
        self._service: Service | None = None
        self.register = LiveRegister(self._reached)
        self._origin = ""
        self._signers: dict[Key, Signer] = {}
        self._past: dict[str, RunAtHand] = {}
        """Newest runs that are over, by request; they stay as they are unless the request can have another."""

    def open(self) -> ServiceStatus:
        from runner.client.autostart import connect

        if self._found is None:
            self._found = self._find()
        reach = self._found
        service = connect(reach.site, reach.state, reach.socket)
        before, self._service = self._service, service
        if before is not None:
            before.close()
        status = service.status()
        self._ahead = status.now - reach.clock.now()
        self._origin = status.origin
        return status

    def close(self) -> None:
        service, self._service = self._service, None
        if service is not None:
            service.close()

    def now(self) -> datetime:
        return self._reach.clock.now() + self._ahead

    def changes(self, before: str | None, limit: int) -> ChangePage:
        service = self._reached()
        page = service.requests((), before, limit)
        waiting = service.waiting().acts
        acts: dict[str, Act] = {}
        for act in waiting:
            acts.setdefault(act.request, act)
        newest: dict[str, RunAtHand] = {}
        for row in service.runs(limit=MAX_PAGE).rows:
            newest.setdefault(row.request, RunAtHand(row.id, row.state))
        standing = self._standing(page.rows)
        rows = tuple(
            ChangeRow(each, self._run_of(each, newest), acts.get(each.number), *standing.get(each.number, ()))
            for each in page.rows
        )
        return ChangePage(rows, page.next, tuple(act for act in waiting if not act.request))

    def _standing(self, requests: Iterable[Request]) -> Mapping[str, tuple[datetime, int]]:
        """Until when each standing approval stands, and for how many runs more; of one that is over, no run."""
        found = {each.number: (each.standing.until, 0) for each in requests if each.standing is not None}
        if found:
            found |= {row.request.number: (row.until, row.left) for row in self._reached().standing().rows}
        return found

    def waiting(self) -> Waiting:
        return self._reached().waiting()

    def change(self, number: str) -> RequestShown:
        return self._reached().request(number)

    def plan(self, digest: str) -> PlanShown:
        from runner.client.drafts import open_document
        from runner.rules.windows import latest_rollback_decision

        plan = open_document(self._reached().plan(digest))
        if plan.digests.plan != digest:
            raise VerificationError(
                N_("plan: {part} digest mismatch (got {got}, expected {expected})"),
                part="plan",
                got=plan.digests.plan,
                expected=digest,
            )
        try:
            reserve = self.register.terms().rollback_reserve
        except NotFoundError:
            return PlanShown(plan, None)  # somebody of a vendor is not shown the policy; a run says it by itself
        return PlanShown(plan, latest_rollback_decision(plan.binding.window, plan.rollback_estimate, reserve))

    def run(self, run: str) -> RunShown:
        return self._reached().run(run)

    def entries(self, wanted: LogFilter, before: str | None, limit: int) -> EntryPage:
        return self._reached().log.entries(wanted, before, limit)

    def prove(self, entry: EntryShown) -> ProvenEntry:
        from runner.client.witness import witness
        from runner.proof.canonical import canonical_bytes
        from runner.proof.merkle import leaf_hash, verify_inclusion

        log = self._reached().log
        seen = witness(log, self._memory(), self._origin)
        if entry.index is None or entry.index >= seen.size:
            raise NotFoundError(N_("entry {index}: the service does not show it"), index=entry.index)
        leaf = leaf_hash(canonical_bytes(entry.leaf))
        hashes = tuple(bytes.fromhex(part) for part in log.inclusion(entry.index, seen.size).hashes)
        verify_inclusion(leaf, entry.index, seen.size, hashes, bytes.fromhex(seen.root))
        return ProvenEntry(entry, seen.size, seen.root, leaf.hex(), payload_proven=_is_payload_proven(entry))

    def events(self, after: int | None) -> Iterator[StreamEvent]:
        with self._reached().log.events(after=after) as events:
            yield from events

    def keys(self) -> tuple[Key, ...]:
        return (*self._own_keys(), *self._password())

    def _password(self) -> tuple[Key, ...]:
        """What stands for the password of who has signed in by it."""
        door = self._reached().door
        kept = door.resume(self._origin)
        if kept is None:
            return ()
        try:
            mine = next((one for one in door.sessions().sessions if one.this), None)
        except RefusedError:
            return ()  # it is over; whoever asks next is told so
        by_password = mine is not None and mine.strength is Strength.PASSWORD
        return (Key(kept.person, "-", PASSWORD),) if by_password else ()

    def _own_keys(self) -> tuple[Key, ...]:
        named = self._reach.key
        if named is not None:
            try:
                return (self.open_key(named, self._reach.passphrase),)
            except UsageError:
                return ()  # it has a passphrase, which is asked for, or is no key, which is said then
        from runner.client.signer import signer_from_agent

        found = []
        for person in self._reached().people().people:
            try:
                signer = signer_from_agent([person.fingerprint])
            except UsageError:
                continue
            key = Key(person.name, person.fingerprint, AGENT)
            self._signers[key] = signer
            found.append(key)
        return tuple(found)

    def open_key(self, path: Path, passphrase: str | None) -> Key:
        from runner.client.signer import signer_from_file
        from runner.client.signing import person_of

        signer = signer_from_file(path, lambda _path: passphrase)
        person = person_of(signer, self._reached().people().people)
        key = Key(person.name, person.fingerprint, str(path))
        self._signers[key] = signer
        return key

    def forget_key(self, key: Key) -> None:
        self._signers.pop(key, None)

    def prepare(self, intent: Intent, key: Key) -> Prepared:
        from runner.rules.sentences import describe
        from tui.drafting import draft_of

        drafted = draft_of(intent, self, self.now(), self._origin)
        draft = drafted.draft
        signing = self._confirmer(key, None) if key.is_password else self._signatory(key)
        stated = signing.state(draft)
        message, facts = describe(stated)
        known = {name: fact for name, fact in facts.items() if not isinstance(fact, float)}
        sentence = Words(message, known)
        return Prepared(
            intent,
            key,
            draft.kind,
            draft.subject,
            draft.content,
            sentence,
            drafted.hosts,
            leaving=drafted.leaving,
            terminal=stated.terminal,
        )

    def sign(self, prepared: Prepared, typed: Typed | None = None) -> Outcome:
        from runner.client.drafts import Draft

        draft = Draft(prepared.kind, prepared.subject, prepared.content)
        if prepared.key.is_password:
            return self._confirmer(prepared.key, typed).hand_in(draft)
        return self._signatory(prepared.key).hand_in(draft)

    @property
    def _reach(self) -> Reach:
        if self._found is None:
            raise _unreached("-")
        return self._found

    def _reached(self) -> Service:
        if self._service is None:
            raise _unreached(str(self._reach.socket))
        return self._service

    def _confirmer(self, key: Key, typed: Typed | None) -> Confirmer:
        from runner.client.signing import Confirmer, Secrets

        def known() -> Secrets:
            return Secrets(typed.password, typed.code) if typed is not None else Secrets("", "")

        return Confirmer(key.person, known, self._reached(), self._memory(), self._origin, self._reach.clock)

    def _signatory(self, key: Key) -> Signatory:
        from runner.client.signing import Signatory

        signer = self._signers.get(key)
        service = self._reached()
        person = next((each for each in service.people().people if each.fingerprint == key.fingerprint), None)
        if signer is None or person is None:
            raise UsageError(N_("key {path}: it was put away"), path=key.place)
        return Signatory(person, signer, service, self._memory(), self._origin, self._reach.clock)

    def _memory(self) -> Memory:
        from runner.client.memory import Memory

        return Memory(self._reach.checkpoints)

    def _run_of(self, request: Request, newest: dict[str, RunAtHand]) -> RunAtHand | None:
        """The newest run of a request; asked for by itself only when it is older than the newest of all runs."""
        number = request.number
        if number in newest or request.state not in _HAD_RUNS:
            return newest.get(number)
        if number in self._past and request.state is RequestState.USED:
            return self._past[number]
        rows = self._reached().runs(request=number, limit=1).rows
        if not rows:
            return None
        found = RunAtHand(rows[0].id, rows[0].state)
        if found.state in _OVER:
            self._past[number] = found
        return found


def _unreached(socket: str) -> UnreachableError:
    return UnreachableError(N_("service at {socket}: no answer"), hint=N_("start it with: twokey serve"), socket=socket)


def _is_payload_proven(entry: EntryShown) -> bool:
    """Whether the payload that is shown is the one its leaf commits to.

    Raises:
        VerificationError: it is another.
    """
    from runner.proof.canonical import canonical_bytes
    from runner.proof.leaf import payload_commitment

    if entry.payload is None or entry.salt is None:
        return False
    commitment = payload_commitment(bytes.fromhex(entry.salt), canonical_bytes(entry.payload))
    if commitment != entry.leaf.get("payload"):
        raise VerificationError(
            N_("entry {index}: its payload is not the one it commits to (got {got}, expected {expected})"),
            index=entry.index,
            got=commitment,
            expected=str(entry.leaf.get("payload")),
        )
    return True
