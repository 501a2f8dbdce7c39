"""A log in memory with heads, proofs and a key, as a service would show it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runner.model.log import Checkpoint
from runner.proof.checkpoint import sign_checkpoint
from runner.proof.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of
from runner.proof.note import NoteSigner
from runner.wire.api_audit import CheckpointShown, ConsistencyProof, InclusionProof

ORIGIN = "test.example/twokey"


@dataclass
class FakeLog:
    """Obeys `runner.client.witness.Heads`."""

    leaves: list[bytes] = field(default_factory=lambda: [b"genesis", b"opened"])
    seed: int = 1
    origin: str = ORIGIN
    asked: list[tuple[int, int]] = field(default_factory=list)

    def grow(self, *leaves: bytes) -> None:
        self.leaves += leaves

    def root(self, size: int) -> bytes:
        return root_of([leaf_hash(leaf) for leaf in self.leaves[:size]])

    def checkpoint(self) -> CheckpointShown:
        signer = NoteSigner(self.origin, Ed25519PrivateKey.from_private_bytes(bytes([self.seed]) * 32))
        head = Checkpoint(self.origin, len(self.leaves), self.root(len(self.leaves)))
        note = sign_checkpoint(head, signer).decode()
        return CheckpointShown(note, self.origin, head.size, head.root.hex(), signer.key.to_text())

    def inclusion(self, index: int, size: int) -> InclusionProof:
        hashes = [leaf_hash(leaf) for leaf in self.leaves[:size]]
        proof = inclusion_proof(lambda level, at: root_of(hashes[at << level : (at + 1) << level]), index, size)
        return InclusionProof(index, size, hashes[index].hex(), tuple(part.hex() for part in proof))

    def consistency(self, old_size: int, new_size: int) -> ConsistencyProof:
        self.asked.append((old_size, new_size))
        hashes = [leaf_hash(leaf) for leaf in self.leaves]

        def subtree(level: int, index: int) -> bytes:
            return root_of(hashes[index << level : (index + 1) << level])

        proof = consistency_proof(subtree, old_size, new_size)
        return ConsistencyProof(old_size, new_size, self.root(new_size).hex(), tuple(part.hex() for part in proof))
