"""Making plans from published content, and finding out whether a plan would still come out the same.

Inventory, policy and versions are the service's own; of the requester come only the choice of content, parameters,
hosts and window. Content is derived anew from uploaded bytes: what the client says about them is not believed.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from runner.engine.in_force import InForce
from runner.errors import InvalidContentError, UsageError
from runner.model.document import JsonValue
from runner.model.plan import Binding, Content, Plan, PlanDocument, Runtime
from runner.model.request import Publication
from runner.model.runbook import Runbook, Targets
from runner.model.site import Site
from runner.runbook.binding import bind_hosts
from runner.runbook.closure import Reach, reach_of
from runner.runbook.content_tree import Blob, BlobTree
from runner.runbook.inventory import Inventory, load_inventory
from runner.runbook.planning import Surroundings, installed_runtime, make_plan
from runner.runbook.secret_sources import Secrets, bind_secrets, load_secrets
from runner.store.content import ContentStore
from runner.wire.api_request import PlanAsked
from runner.wire.documents import to_document
from runner.words import N_

_KEPT: Final = 16
"""Contents whose closure is kept, without their being derived again for each plan."""
_RELEASE: Final = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Change:
    """One line in which a plan would come out differently now."""

    place: str
    """`binding.hosts.db1.variables.port`, `runtime.ansible_core`."""
    approved: str
    present: str
    is_binding: bool
    """Whether it is about hosts and variables, as against versions."""
    is_patch_level: bool
    """Whether it is a version whose first two numbers are the same."""


class Planner:
    """Makes plans for one site."""

    def __init__(self, site: Site, in_force: InForce, contents: ContentStore, runtime: Runtime | None = None) -> None:
        self._site = site
        self._in_force = in_force
        self._contents = contents
        self._reaches: OrderedDict[str, Reach] = OrderedDict()
        self.runtime = runtime or installed_runtime()
        """Versions of this process; they are read once, as they do not change while it runs."""

    def inventory(self) -> Inventory:
        """The inventory as its files say now.

        Raises:
            InvalidContentError: they have problems.
        """
        return load_inventory(self._site)

    def secrets(self) -> Secrets:
        """The secrets as the environment's file declares them now.

        Raises:
            InvalidContentError: it, or the inventory, has problems.
        """
        return load_secrets(self._site, self.inventory())

    def make(self, publication: Publication, asked: PlanAsked) -> PlanDocument:
        """The plan of published content, applied to the inventory as it is now.

        Args:
            publication: the content.
            asked: parameters, hosts, window and risk class; which content is the caller's business.

        Raises:
            NotFoundError: a host or parameter does not exist.
            UsageError: a parameter or the choice of hosts will not do.
            InvalidContentError: the inventory has problems, or a task is handed to a host outside the plan.
            RefusedError: the risk class asked for does not raise the one it has.
        """
        inventory = self.inventory()
        secrets = load_secrets(self._site, inventory)
        where = Surroundings(self._site, self._in_force.policy, inventory, self.runtime, secrets)
        return make_plan(self._reach(publication), asked, where, published=True)

    def source_of(self, content: Content) -> str:
        """The runbook's own text in some content.

        Raises:
            StorageError: its bytes are gone.
        """
        sha256 = next(file.sha256 for file in content.files if file.path == content.runbook)
        return self._contents.read(sha256).decode()

    def changes_of(self, plan: Plan) -> tuple[Change, ...]:
        """Every line in which the plan would come out differently now, for the same hosts and parameters."""
        return (*self._binding_changes(plan.binding, plan.runbook), *_runtime_changes(plan.runtime, self.runtime))

    def _reach(self, publication: Publication) -> Reach:
        """What published content reaches, derived from the bytes that are kept."""
        known = self._reaches.get(publication.digest)
        if known is not None:
            return known
        files = publication.content.files
        blobs = {file.path: Blob(self._contents.read(file.sha256), file.executable) for file in files}
        reach = reach_of(BlobTree(blobs), publication.content.runbook)
        self._reaches[publication.digest] = reach
        while len(self._reaches) > _KEPT:
            self._reaches.popitem(last=False)
        return reach

    def _binding_changes(self, binding: Binding, runbook: Runbook) -> Iterator[Change]:
        names = tuple(name for batch in binding.batches for name in batch)
        try:
            inventory = self.inventory()
            hosts, groups = bind_hosts(inventory, Targets(hosts=names))
            secrets = bind_secrets(load_secrets(self._site, inventory), runbook, names)
        except UsageError as error:
            problem = error.problems[0] if isinstance(error, InvalidContentError) and error.problems else str(error)
            yield Change("binding", N_("as approved"), problem, is_binding=True, is_patch_level=False)
            return
        present = replace(
            binding,
            environment=self._site.environment,
            production=self._site.production,
            hosts=hosts,
            groups=groups,
            secrets=secrets,
        )
        for place, old, new in _differences("binding", to_document(binding), to_document(present)):
            yield Change(place, _shown(old), _shown(new), is_binding=True, is_patch_level=False)


def _runtime_changes(approved: Runtime, present: Runtime) -> Iterator[Change]:
    for place, old, new in _differences("runtime", to_document(approved), to_document(present)):
        patch = isinstance(old, str) and isinstance(new, str) and _release(old) == _release(new) != ()
        yield Change(place, _shown(old), _shown(new), is_binding=False, is_patch_level=patch)


def _release(version: str) -> tuple[str, ...]:
    match = _RELEASE.match(version)
    return match.groups() if match else ()


_ABSENT: Final = "(absent)"
_LONGEST_SHOWN: Final = 200


def _differences(place: str, old: JsonValue, new: JsonValue) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    """Places where two documents differ; lists of named things are compared by name."""
    old, new = _by_name(old), _by_name(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from _differences(f"{place}.{name}", old.get(name, _ABSENT), new.get(name, _ABSENT))
    elif old != new or type(old) is not type(new):
        yield place, old, new


def _by_name(value: JsonValue) -> JsonValue:
    if isinstance(value, list) and value and all(isinstance(item, dict) and "name" in item for item in value):
        return {str(item["name"]): item for item in value if isinstance(item, dict)}
    return value


def _shown(value: JsonValue) -> str:
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
