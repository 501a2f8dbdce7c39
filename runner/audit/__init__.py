"""The audit log: sequencer, tiles, verification and evidence bundles."""
