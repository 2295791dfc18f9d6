"""A PostgreSQL and a Redis-protocol server of a target's own, as `make run` starts them."""

import shutil
import tempfile
from pathlib import Path

from apps.core.development.postgres import PostgresServer
from apps.core.development.valkey import ValkeyServer


class Services:
    """The servers that a target keeps its chat in.

    Attributes:
        postgres: with fsync, as people run it.
        redis: None where the target needs none.
    """

    def __init__(self, *, with_redis: bool) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="parley-bench-"))
        self._folder.chmod(0o711)
        self.postgres = PostgresServer(folder=self._folder)
        self.redis = ValkeyServer(folder=self._folder) if with_redis else None

    def start(self) -> None:
        """Start them."""
        self.postgres.start()
        if self.redis is not None:
            self.redis.start()

    def stop(self) -> None:
        """Stop them; what they keep stays."""
        self.postgres.stop()
        if self.redis is not None:
            self.redis.stop()

    def roots(self) -> dict[str, int]:
        """Return their processes."""
        found = {"postgres": _pid(self.postgres)}
        if self.redis is not None:
            found["redis"] = _pid(self.redis)
        return found

    def throw_away(self) -> None:
        """Remove what they kept."""
        self.postgres.placement.remove(self._folder)
        shutil.rmtree(self._folder, ignore_errors=True)


def _pid(server: PostgresServer | ValkeyServer) -> int:
    assert server.process is not None
    return server.process.pid
