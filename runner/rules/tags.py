"""The closed list of log tags, `source:subject:action`.

The source is who caused the entry: a person's signed statement or request, the service, or a step shim. A tag is never
renamed and never taken out; new ones are added. What an entry of each tag carries is said beside it.
"""

from __future__ import annotations

from enum import StrEnum


class Tag(StrEnum):
    """What an entry of the log is about."""

    GENESIS_SIGNED = "person:genesis:signed"
    """A person named by the first entries has signed them; payload: origin, people, log key, policy."""
    LOG_OPENED = "service:log:opened"
    """Everyone named by the genesis entries has signed."""

    PUBLICATION_PROPOSED = "person:publication:proposed"
    """An author has signed content; payload: manifest."""
    PUBLICATION_COUNTERSIGNED = "person:publication:countersigned"
    PUBLICATION_PUBLISHED = "service:publication:published"

    REQUEST_SUBMITTED = "person:request:submitted"
    """Payload: runbook, risk class, window, reason."""
    REQUEST_APPROVED = "person:request:approved"
    REQUEST_REJECTED = "person:request:rejected"
    REQUEST_WITHDRAWN = "person:request:withdrawn"
    REQUEST_MOVED = "service:request:moved"
    """A request changed its state; payload: from, to."""

    RUN_START_SIGNED = "person:run:start_signed"
    """The executor has signed; the confirmer's signature is awaited."""
    RUN_CONFIRM_SIGNED = "person:run:confirm_signed"
    RUN_GATE_SIGNED = "person:run:gate_signed"
    RUN_SHEET_SIGNED = "person:run:sheet_signed"
    RUN_DECISION_SIGNED = "person:run:decision_signed"
    RUN_RESULT_SIGNED = "person:run:result_signed"
    RUN_PAUSE_ASKED = "person:run:pause_asked"
    RUN_ABORT_ASKED = "person:run:abort_asked"
    CHECK_STARTED = "person:run:check_started"
    """A plan is carried out in check mode."""

    RUN_CREATED = "service:run:created"
    RUN_MOVED = "service:run:moved"
    """A run changed its state; payload: from, to, why."""
    RUN_GATE_PASSED = "service:run:gate_passed"
    """Both have signed."""
    RUN_SHEET_DONE = "service:run:sheet_done"
    """Both have signed."""
    RUN_ASKED = "service:run:asked"
    """A run waits for a decision; payload: question, choices."""
    RUN_DECIDED = "service:run:decided"
    """Both have signed; payload: question, choice."""
    RUN_TURNED_BACK = "service:run:turned_back"
    """Payload: cause, scope, hosts that failed."""
    RUN_OVERRAN = "service:run:overran"
    """Work went on after the window had closed (L8)."""
    RUN_OUTPUTS = "service:run:outputs"
    """Values a step reported."""

    PLAN_MADE = "service:plan:made"
    PLAN_DRIFTED = "service:plan:drifted"
    """Recomputed, it is not what was approved; payload: what differs."""

    ATTEMPT_INTENDED = "service:attempt:intended"
    """Durable before anything begins (L5)."""
    ATTEMPT_BEGUN = "service:attempt:begun"
    ATTEMPT_ENDED = "service:attempt:ended"
    """Payload: state, outcomes by host, reason."""
    ATTEMPT_UNKNOWN = "service:attempt:unknown"
    """Its end was not seen for at least one host (L6); payload as for ended."""
    ATTEMPT_NEVER_BEGUN = "service:attempt:never_begun"
    """Intended, and proven not to have begun."""
    ATTEMPT_CANCEL_ASKED = "service:attempt:cancel_asked"
    ATTEMPT_HELD = "shim:attempt:held"
    """It holds at a task border."""
    ATTEMPT_RELEASED = "shim:attempt:released"
    ANSIBLE_EVENT = "shim:ansible:event"
    """Payload: the event as Ansible gave it, masked."""
    PROBE_RESULT = "shim:probe:result"
    """What a fixed probe of a remote step found."""

    SHIM_STARTED = "service:shim:started"
    SHIM_REATTACHED = "service:shim:reattached"
    """Found alive by a service that was started again."""
    SHIM_GONE = "service:shim:gone"

    LOCKS_TAKEN = "service:locks:taken"
    LOCKS_RELEASED = "service:locks:released"
    LOCKS_REFUSED = "service:locks:refused"
    """Another run holds a host; payload: host, holder, since."""

    STATEMENT_REFUSED = "service:statement:refused"
    """Payload: kind, subject, rule, reason (L9)."""
    START_REFUSED = "service:start:refused"
    """A run could not begin for a reason other than a person's statement."""
    ACCESS_REFUSED = "service:access:refused"
    """Requests without a known person, counted; payload: count, since, until."""
    ACT_DROPPED = "service:act:dropped"
    """A first signature lapsed, or the run went on otherwise."""

    SERVICE_STARTED = "service:service:started"
    SERVICE_STOPPED = "service:service:stopped"
    SERVICE_RECOVERED = "service:service:recovered"
    """Started again after an end that was not orderly; payload: runs and attempts found."""
    LOG_RETURNED = "service:log:returned"
    """The log could not be written for a while; payload: since."""
    LOG_FORKED = "service:log:forked"
    """A client remembers a head this log cannot be consistent with; payload: both heads."""

    LOG_QUERIED = "person:log:queried"
    """A query of protected data (L9)."""
    BUNDLE_EXPORTED = "person:bundle:exported"
    NOTICE_SENT = "service:notice:sent"
    NOTICE_FAILED = "service:notice:failed"
