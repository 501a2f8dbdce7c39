"""Evidence bundles of runs, made on request and on record (L9)."""

from __future__ import annotations

from io import BytesIO

from runner.audit.bundle import Subject, export
from runner.engine.desk.refusals import SERVICE
from runner.model.document import JsonObject
from runner.model.log import About, ActorKind, Entry
from runner.proof.canonical import digest
from runner.rules.tags import Tag
from runner.service.access.access import Caller
from runner.service.parts import Service


def export_bundle(service: Service, run: str, caller: Caller) -> bytes:
    """The bundle of a run as the log stands now; that it was made, and by whom, is an entry of its own.

    Raises:
        NotFoundError: there is no such run.
        VerificationError: the log is not what it should be.
    """
    service.sequencer.flush()
    archive = BytesIO()
    with service.store.reading() as transaction:
        record = transaction.runs.get(run)
        content = service.premises.plans.get(record.plan, transaction.plans).plan.digests.content
        subject = Subject(run, record.request, content)
        entries = export(transaction.evidence, transaction.log, service.log_key, subject, archive)
    data = archive.getvalue()
    about = About(request=record.request, run=run)
    made: JsonObject = {"entries": entries, "digest": digest(data)}
    kind, actor = (ActorKind.PERSON, caller.person) if caller.person else (ActorKind.SERVICE, SERVICE)
    told = Entry(Tag.BUNDLE_EXPORTED, service.clock.now(), kind, actor, about, made)
    with service.store.writing() as transaction:
        transaction.inbox.put([service.premises.leaves.make(told)])
    return data
