"""Shapes of the fixed probes of a remote step."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from runner.model.runbook import Probe, ProbeKind, RemoteWork
from runner.wire.fields import Milliseconds, OrOne, Percent, Sentence, Shape, Size


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, dict) else value


class FreeDiskShape(Shape):
    """Free space on the file system that holds a folder."""

    path: Sentence
    """Folder, absolute."""
    at_least: Size
    """Free space wanted."""


class FreeMemoryShape(Shape):
    """Memory available to new work."""

    at_least: Size
    """Memory wanted."""


class ClockSkewShape(Shape):
    """Difference between the host's clock and the service's."""

    at_most: Milliseconds
    """Difference allowed."""


class LoadShape(Shape):
    """Load of the last five minutes for each processor."""

    at_most: Percent
    """Load allowed."""


class FileShape(Shape):
    """A file that must exist."""

    path: Sentence
    """File, absolute."""


class RemoteShape(Shape):
    """Fixed, read-only probes; at least one."""

    reachable: Literal[True] | None = None
    """The host answers."""
    free_disk: Annotated[list[FreeDiskShape], BeforeValidator(_one_or_many), OrOne()] = Field(default_factory=list)
    """One folder or a list of folders."""
    free_memory: FreeMemoryShape | None = None
    clock_skew: ClockSkewShape | None = None
    load: LoadShape | None = None
    file: Annotated[list[FileShape], BeforeValidator(_one_or_many), OrOne()] = Field(default_factory=list)
    """One file or a list of files."""

    def value(self) -> RemoteWork:
        probes = [Probe(ProbeKind.REACHABLE)] if self.reachable else []
        probes += [Probe(ProbeKind.FREE_DISK, path=disk.path, at_least=disk.at_least) for disk in self.free_disk]
        if self.free_memory:
            probes.append(Probe(ProbeKind.FREE_MEMORY, at_least=self.free_memory.at_least))
        if self.clock_skew:
            probes.append(Probe(ProbeKind.CLOCK_SKEW, at_most=self.clock_skew.at_most))
        if self.load:
            probes.append(Probe(ProbeKind.LOAD, at_most=self.load.at_most))
        probes += [Probe(ProbeKind.FILE, path=file.path) for file in self.file]
        return RemoteWork(tuple(probes))
