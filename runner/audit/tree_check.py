"""Step 4 of the procedure: the tree that grows from the leaves, against everything that was ever said about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runner.audit.ports import LogReader
from runner.audit.statement_check import SeenHead
from runner.audit.steps import StepError
from runner.errors import VerificationError
from runner.model.log import Checkpoint, LogTile, SignedCheckpoint, TreeState
from runner.proof.checkpoint import open_checkpoint
from runner.proof.frontier import Frontier, Node
from runner.proof.merkle import HASH_SIZE
from runner.proof.note import NoteKey
from runner.proof.tiles import TILE_HEIGHT, TILE_WIDTH
from runner.words import N_


@dataclass(frozen=True, slots=True)
class OutsideHead:
    """A head that a memory outside the log vouches for."""

    place: str
    checkpoint: Checkpoint


class TreeCheck:
    """Grows a tree leaf by leaf, in the memory of its edge, and compares."""

    def __init__(
        self, log: LogReader, log_key: NoteKey, outside: Sequence[OutsideHead], seen: Sequence[SeenHead]
    ) -> None:
        self._log = log
        self._log_key = log_key
        self._frontier = Frontier()
        self._levels: list[_TileLevel] = []
        self._checkpoints = log.checkpoints()
        self._next = next(self._checkpoints, None)
        self._newest = 0
        self._agreed = 0
        self._outside = sorted(outside, key=lambda head: head.checkpoint.size, reverse=True)
        self._seen = sorted(seen, key=lambda head: head.size, reverse=True)
        self.checkpoints = 0
        """Checkpoints compared."""
        self.tiles = 0
        """Tiles compared."""
        self.anchored = 0
        """Entries a remembered head vouches for."""

    @property
    def size(self) -> int:
        """Entries so far."""
        return self._frontier.size

    def add(self, leaf: bytes) -> None:
        """Add the hash of the next leaf, and compare what it completes (4.1).

        Raises:
            StepError: a tile says otherwise.
        """
        for node in self._frontier.append(leaf):
            level, between = divmod(node.level, TILE_HEIGHT)
            if not between:
                self._tile_level(level).compare(node)

    def compare_heads(self) -> None:
        """Compare every head of the present size (4.3 to 4.5).

        Raises:
            StepError: a head has another root, or is not signed by the log's key.
        """
        size = self._frontier.size
        root = b""
        while self._next is not None and self._next.checkpoint.size <= size:
            root = root or self._frontier.root()
            self._compare_checkpoint(self._next, root)
            self._next = next(self._checkpoints, None)
        while self._outside and self._outside[-1].checkpoint.size <= size:
            root = root or self._frontier.root()
            head = self._outside.pop()
            if head.checkpoint.root != root:
                raise StepError(
                    N_("the head of {size} entries remembered in {place} is not this log's: its history was rewritten"),
                    step="4.4",
                    entry=self._agreed,
                    size=size,
                    place=head.place,
                )
            self.anchored = self._agreed = size
        while self._seen and self._seen[-1].size <= size:
            root = root or self._frontier.root()
            seen = self._seen.pop()
            if seen.size != size or seen.root != root.hex():
                raise StepError(
                    N_("statement {statement}: its signer had seen another log of {size} entries"),
                    step="4.5",
                    entry=self._agreed,
                    statement=seen.statement,
                    size=seen.size,
                )
            self._agreed = size

    def finish(self, state: TreeState | None, last: int) -> None:
        """Compare what lies behind the last entry (4.1 to 4.5).

        Args:
            state: where the sequencer stands.
            last: inbox number of the last entry.

        Raises:
            StepError: something speaks of more entries, or of fewer, than there are.
        """
        size = self._frontier.size
        for level in self._levels:
            level.finish()
            self.tiles += level.count
        if self._log.levels() > len(self._levels):
            raise StepError(N_("tiles: there are too many levels"), step="4.1")
        expected = TreeState(size, last, self._frontier.to_bytes())
        if (state or TreeState(0, 0, Frontier().to_bytes())) != expected:
            raise StepError(
                N_("the sequencer does not stand at entry {size}, where the entries end"), step="4.2", size=size
            )
        if self._outside:
            raise self._cut_off("4.4", self._outside[-1].checkpoint.size, self._outside[-1].place)
        if self._next is not None:
            raise self._cut_off("4.3", self._next.checkpoint.size, "audit_checkpoints")
        if self._seen:
            raise self._cut_off("4.5", self._seen[-1].size, self._seen[-1].statement)
        if self._newest != size:
            raise StepError(
                N_("no checkpoint covers entries {first} to {last}"),
                step="4.3",
                entry=self._newest,
                first=self._newest,
                last=size - 1,
            )

    def _tile_level(self, level: int) -> _TileLevel:
        if level == len(self._levels):
            self._levels.append(_TileLevel(level, self._log.tiles(level)))
        return self._levels[level]

    def _compare_checkpoint(self, stored: SignedCheckpoint, root: bytes) -> None:
        size = stored.checkpoint.size
        try:
            signed = open_checkpoint(stored.note, self._log_key)
        except VerificationError as error:
            raise StepError(
                N_("checkpoint of {size} entries: {reason}"),
                step="4.3",
                entry=self._newest,
                size=size,
                reason=str(error),
            ) from error
        if signed != Checkpoint(self._log_key.name, size, stored.checkpoint.root):
            raise StepError(
                N_("checkpoint of {size} entries: its note says otherwise"), step="4.3", entry=self._newest, size=size
            )
        if size != self._frontier.size or signed.root != root:
            raise StepError(
                N_("checkpoint of {size} entries: root mismatch (got {got}, expected {expected})"),
                step="4.3",
                entry=self._newest,
                size=size,
                got=root.hex(),
                expected=signed.root.hex(),
            )
        self._newest = size
        self.checkpoints += 1

    def _cut_off(self, step: str, size: int, place: str) -> StepError:
        return StepError(
            N_("the log has {has} entries, but {place} knows a head of {size}: it was cut off"),
            step=step,
            entry=self._frontier.size,
            has=self._frontier.size,
            size=size,
            place=place,
        )


class _TileLevel:
    """The stored tiles of one level, compared hash by hash."""

    def __init__(self, level: int, tiles: Iterator[LogTile]) -> None:
        self._level = level
        self._tiles = tiles
        self._tile: LogTile | None = None
        self._end = 0
        self.count = 0
        """Tiles compared."""

    def compare(self, node: Node) -> None:
        index, offset = divmod(node.index, TILE_WIDTH)
        if offset == 0:
            self._require_used_up()
            self._tile = next(self._tiles, None)
            self.count += 1
        self._end = (offset + 1) * HASH_SIZE
        tile = self._tile
        if tile is None or tile.index != index:
            raise self._wrong(index)
        if tile.hashes[self._end - HASH_SIZE : self._end] != node.hash:
            raise StepError(
                N_("tile {tile} of level {level}: another hash stands for this entry"),
                step="4.1",
                tile=index,
                level=self._level,
            )

    def finish(self) -> None:
        self._require_used_up()
        if (more := next(self._tiles, None)) is not None:
            raise self._wrong(more.index)

    def _require_used_up(self) -> None:
        if self._tile is not None and len(self._tile.hashes) != self._end:
            raise self._wrong(self._tile.index)

    def _wrong(self, index: int) -> StepError:
        return StepError(
            N_("tile {tile} of level {level}: is missing, too long or too many"),
            step="4.1",
            tile=index,
            level=self._level,
        )
