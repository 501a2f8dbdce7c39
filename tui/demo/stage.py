"""The demonstration's site: two people, one plan over two hosts, a change under way among older ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib.resources import files
from typing import Final

from runner.client.drafts import open_document
from runner.model.people import KeyHolder, PersonRole
from runner.model.plan import Binding, Connection, Content, ContentFile, Group, Host, Plan, PlanDocument, Runtime
from runner.model.policy import EVERYTHING, MEMBER, Policy, Post, UnboundRules
from runner.model.request import Request, RequestState
from runner.model.runbook import Risk
from runner.model.text import Text
from runner.model.time import Window
from runner.proof.canonical import digest
from runner.rules.expansion import unbound_of
from runner.rules.plans import plan_digests
from runner.rules.register import found
from runner.runbook.loader import parse_runbook
from runner.wire.documents import to_document

PEOPLE: Final = ("duty-a", "duty-b")
"""The first requests and executes, the second approves and confirms."""
READY: Final = "BG-2026-0153"
"""Number of the approved change."""
SUBMITTED: Final = "BG-2026-0154"
"""Number of the change that waits for its approval."""
LOCKED: Final = "correct horse"
"""Passphrase of every key file named `locked-…`."""
CODE: Final = "123456"
"""Code of everybody's authenticator."""
ORIGIN: Final = "demo.example/twokey"
ENVIRONMENT: Final = "customer-systems"
AUDITOR: Final = "auditor"
NETWORK: Final = "network"
POLICY: Final = Policy(
    name="demonstration",
    posts={
        MEMBER: EVERYTHING,
        AUDITOR: Post(Text("auditor", "审计岗"), (PersonRole.AUDITOR,)),
        NETWORK: Post(Text("network administrator", "网络管理岗"), (PersonRole.NETWORK_ADMIN,), key=True),
    },
)
_RUNBOOK: Final = "runbooks/upgrade/customer-db-upgrade.yml"
_HOSTS: Final = ("core-db-1", "core-db-2")
_OLDER: Final = (RequestState.USED, RequestState.REJECTED, RequestState.EXPIRED, RequestState.WITHDRAWN)


def demo_plan(began: datetime) -> Plan:
    """The plan of every change of the demonstration; its window opened half an hour before."""
    source = files("tui").joinpath("demo/runbook.yml").read_bytes()
    runbook = parse_runbook(source, _RUNBOOK)
    content = Content(_RUNBOOK, (ContentFile(_RUNBOOK, digest(source).removeprefix("sha256:"), len(source)),))
    opens = began - timedelta(minutes=30)
    binding = Binding(
        environment=ENVIRONMENT,
        production=True,
        hosts=tuple(
            Host(name, Connection.SSH, f"hostkey:{fingerprint(name)}", f"192.0.2.{place}", user="twokey")
            for place, name in enumerate(_HOSTS, start=11)
        ),
        groups=(Group("all", _HOSTS), Group("customer_db", _HOSTS)),
        batches=(_HOSTS,),
        parameters={"target_version": "15.7"},
        window=Window(opens, opens + timedelta(hours=4)),
    )
    runtime = Runtime("0.1.0", "2.19.0", "2.4.1", "3.11.7")
    parts = (to_document(content), to_document(binding), to_document(runtime))
    unbound = unbound_of(runbook, (), UnboundRules())
    return open_document(PlanDocument(plan_digests(*parts), *parts, source.decode(), unbound))


def policy_source() -> str:
    """The file of the policy."""
    return files("tui").joinpath("demo/policy.yml").read_text(encoding="utf-8")


def demo_requests(plan: Plan, began: datetime, older: int) -> dict[str, Request]:
    """By number, newest first: one that waits for its approval, the approved one, and older ones."""
    requests = [_request(plan, began, SUBMITTED, RequestState.SUBMITTED)]
    requests.append(_request(plan, began, READY, RequestState.APPROVED))
    newest = int(READY[-4:]) - 1
    requests += [
        _request(plan, began, f"BG-2026-{number:04}", _OLDER[number % len(_OLDER)])
        for number in range(newest, newest - older, -1)
    ]
    return {request.number: request for request in requests}


def fingerprint(name: str) -> str:
    """A fingerprint that is made up, but always the same for a name."""
    return "SHA256:" + digest(name.encode()).removeprefix("sha256:")[:43]


def _request(plan: Plan, began: datetime, number: str, state: RequestState) -> Request:
    return Request(
        number=number,
        revision=1,
        plan=plan.digests.plan,
        content=plan.digests.content,
        runbook_id=plan.runbook.id,
        title_en=plan.runbook.title.en,
        title_zh=plan.runbook.title.zh,
        requester=PEOPLE[0],
        reason="security fixes of the database",
        risk=Risk.ORDINARY,
        state=state,
        window=plan.binding.window,
        at=began - timedelta(days=1),
    )


REGISTER: Final = found(
    [KeyHolder(name, f"ssh-ed25519 {name}", fingerprint(name)) for name in PEOPLE],
    dict.fromkeys(PEOPLE, (MEMBER,)),
)
"""As the log's first entries leave it."""
