"""The step shim: a process of its own that carries out the attempts of one run and outlives the service."""
