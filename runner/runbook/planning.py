"""A plan document from what a runbook reaches and what it is applied to.

The service makes plans of published content so, and a person's client makes one of content that is not published, to
be read and not to be requested.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata

from runner import __version__
from runner.errors import UsageError
from runner.model.plan import Binding, PlanDocument, Runtime
from runner.model.policy import Policy
from runner.model.runbook import Runbook, Targets
from runner.model.site import Site
from runner.rules.expansion import expand, make_batches, unbound_of
from runner.rules.parameters import complete_parameters
from runner.rules.plans import plan_digests
from runner.rules.risk import require_raising, risk_of
from runner.runbook.binding import bind_hosts, members_of
from runner.runbook.closure import Reach, delegate_problems
from runner.runbook.inventory import Inventory
from runner.runbook.problems import invalid
from runner.runbook.secret_sources import Secrets, bind_secrets, undeclared_uses
from runner.wire.api_request import PlanAsked
from runner.wire.documents import to_document
from runner.words import N_


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a plan is made in."""

    site: Site
    policy: Policy
    inventory: Inventory
    runtime: Runtime
    secrets: Secrets = field(default_factory=dict)
    """What the environment declares."""


def make_plan(reach: Reach, asked: PlanAsked, where: Surroundings, *, published: bool) -> PlanDocument:
    """The plan of some content, applied to the inventory as it is now.

    Args:
        reach: the content.
        asked: parameters, hosts, window and risk class; which content is the caller's business.
        where: site, policy, inventory and versions.
        published: whether the content is.

    Raises:
        NotFoundError: a host, parameter or secret does not exist.
        UsageError: a parameter or the choice of hosts will not do, or a secret is not for one of them.
        InvalidContentError: a task is handed to a host outside the plan, or uses a secret that is not named.
        RefusedError: the risk class asked for does not raise the one it has.
    """
    runbook = reach.runbook
    names = _chosen(members_of(where.inventory, runbook.targets), asked.hosts, runbook)
    binding = _bind(runbook, names, asked, where)
    expand(runbook, binding)
    if asked.risk is not None:
        require_raising(runbook, binding, asked.risk)
        if asked.risk is not risk_of(runbook, binding)[0]:
            binding = replace(binding, raised_to=asked.risk)
    if problems := delegate_problems(reach, frozenset(names)):
        raise invalid(reach.content.runbook, problems)
    if uses := list(undeclared_uses(reach, where.secrets)):
        raise invalid(reach.content.runbook, uses)
    parts = (to_document(reach.content), to_document(binding), to_document(where.runtime))
    return PlanDocument(
        digests=plan_digests(*parts),
        content=parts[0],
        binding=parts[1],
        runtime=parts[2],
        runbook_source=reach.source.decode(),
        unbound=unbound_of(runbook, reach.unbound, where.policy.unbound),
        published=published,
    )


def installed_runtime() -> Runtime:
    """The versions installed here; nothing of Ansible is imported for it."""
    return Runtime(
        twokey=__version__,
        ansible_core=metadata.version("ansible-core"),
        ansible_runner=metadata.version("ansible-runner"),
        python=platform.python_version(),
    )


def _bind(runbook: Runbook, names: tuple[str, ...], asked: PlanAsked, where: Surroundings) -> Binding:
    hosts, groups = bind_hosts(where.inventory, Targets(hosts=names))
    return Binding(
        environment=where.site.environment,
        production=where.site.production,
        hosts=hosts,
        groups=groups,
        batches=make_batches(runbook.targets, names),
        parameters=complete_parameters(runbook.parameters, asked.parameters),
        window=asked.window,
        secrets=bind_secrets(where.secrets, runbook, names),
    )


def _chosen(targets: tuple[str, ...], asked: Sequence[str], runbook: Runbook) -> tuple[str, ...]:
    """The hosts asked for, in the runbook's order; a request may take fewer than the runbook's, never others."""
    for name in asked:
        if name not in targets:
            raise UsageError(
                N_('host "{host}": is not a target of runbook {runbook}, its targets are: {targets}'),
                host=name,
                runbook=runbook.id,
                targets=", ".join(targets),
            )
    return tuple(name for name in targets if name in asked) if asked else targets
