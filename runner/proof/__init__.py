"""Proofs: canonical bytes, statements, SSHSIG, signed notes, Merkle trees. Pure: no I/O, no clock, no processes."""
