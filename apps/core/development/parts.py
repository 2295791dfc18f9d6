"""The embedded servers of one state folder."""

import time

from apps.core.development.console import Console
from apps.core.development.environment import Wanted
from apps.core.development.model import ModelServer
from apps.core.development.postgres import PostgresServer
from apps.core.development.processes import Pause
from apps.core.development.server import Server
from apps.core.development.state import StateFolder
from apps.core.development.valkey import ValkeyServer


class Parts:
    """Builds, starts and stops the servers that the environment leaves to us.

    Attributes:
        servers: Those that run, in the order of their start.
        addresses: DATABASE_URL, REDIS_URL and OPENAI_BASE_URL of those that run.
    """

    def __init__(
        self, wanted: Wanted, *, state: StateFolder, console: Console, is_throwaway: bool = False
    ) -> None:
        self.servers: list[Server] = []
        self.addresses: dict[str, str] = {}
        self._state = state
        self._console = console
        self._is_throwaway = is_throwaway
        self._wanted = wanted
        self.model: ModelServer | None = None
        self.postgres: PostgresServer | None = None

    def start(self, *, pause: Pause = time.sleep) -> None:
        """Start them; the model goes on loading after the return.

        Raises:
            DevelopmentError: One of them did not start.
        """
        known = self._state.remembered()
        self._state.remember(known)
        if self._wanted.model:
            self.model = ModelServer(folder=self._state.path, port=known.get("model_port"))
            known["model_port"] = self.model.port
            self.addresses["OPENAI_BASE_URL"] = self.model.url
            self.servers.append(self.model)
            self.model.launch(pause=pause)
        if self._wanted.redis:
            redis = ValkeyServer(
                folder=self._state.path,
                port=known.get("redis_port"),
                password=known["redis_password"],
            )
            known["redis_port"] = redis.port
            self._start(redis, "REDIS_URL", pause)
        self._state.remember(known)
        if self._wanted.postgres:
            self.postgres = PostgresServer(folder=self._state.path, is_throwaway=self._is_throwaway)
            if self.postgres.placement.notice:
                self._console.warning(self.postgres.placement.notice)
            self._start(self.postgres, "DATABASE_URL", pause)

    def stop(self, *, is_hurried: bool = False) -> None:
        """Stop them, the last one first."""
        for server in reversed(self.servers):
            server.stop(is_hurried=lambda: is_hurried)

    def _start(self, server: Server, variable: str, pause: Pause) -> None:
        self.servers.append(server)
        with self._console.timed(server.title):
            server.start(pause=pause)
        self.addresses[variable] = server.url
