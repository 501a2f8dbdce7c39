"""The typed client of the service: connection, signing, what it remembers of the log."""
