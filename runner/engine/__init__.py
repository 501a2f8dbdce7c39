"""The run machine, the step shim and what carries steps out."""
