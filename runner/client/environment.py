"""What a service says of the environment it serves beyond hosts and groups."""

from __future__ import annotations

from runner.client.connection import Connection
from runner.wire import api
from runner.wire.api import Config
from runner.wire.api_content import SecretsShown


class ServiceEnvironment:
    """The environment served. Methods raise the `RunnerError` the service raised."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def config(self) -> Config:
        """Its settings, and where each was set."""
        return self._connection.get(Config, api.CONFIG)

    def secrets(self) -> SecretsShown:
        """Its secrets by reference, and whether the service can resolve each; never a value."""
        return self._connection.get(SecretsShown, api.SECRETS)
