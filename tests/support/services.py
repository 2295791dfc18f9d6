"""The real PostgreSQL and Redis-protocol server of the suite, and private ones for fault tests."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

from apps.core.development.postgres import PostgresServer
from apps.core.development.processes import PidFile
from apps.core.development.server import Server
from apps.core.development.valkey import ValkeyServer

DATABASE_VARIABLE = "PARLEY_TEST_DATABASE_URL"
REDIS_VARIABLE = "PARLEY_TEST_REDIS_URL"
PREFIX = "parley-test-"
OWNER = "owner.pid"


def make_folder() -> Path:
    """Make a folder for throwaway servers, which PostgreSQL's account can pass through for root."""
    remove_abandoned_folders()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o711)
    PidFile(folder / OWNER).write(os.getpid())
    return folder


def remove_abandoned_folders() -> None:
    """Remove what runs that were killed have left; their servers ended with them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder / OWNER
        if owner.exists() and PidFile(owner).living_pid() is None:
            shutil.rmtree(folder, ignore_errors=True)


class Services:
    """The servers that one run of the suite starts and throws away.

    Attributes:
        database_url: PostgreSQL's address.
        redis_url: The Redis-protocol server's address.
        owns_redis: Whether the server is ours, so that it may be emptied.
    """

    def __init__(self) -> None:
        self.folder = make_folder()
        self.database_url = os.environ.get(DATABASE_VARIABLE, "")
        self.redis_url = os.environ.get(REDIS_VARIABLE, "")
        self.owns_redis = not self.redis_url
        self.postgres: PostgresServer | None = None
        self.redis: ValkeyServer | None = None

    def start(self) -> None:
        """Start what the environment does not name, both at once."""
        try:
            if not self.redis_url:
                self.redis = ValkeyServer(folder=self.folder)
                self.redis_url = self.redis.url
                self.redis.launch()
            if not self.database_url:
                self.postgres = PostgresServer(folder=self.folder, is_throwaway=True)
                self.database_url = self.postgres.url
                self.postgres.start()
            if self.redis is not None:
                self.redis.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop and remove everything."""
        if self.redis is not None:
            self.redis.stop()
        if self.postgres is not None:
            self.postgres.stop()
            self.postgres.placement.remove(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)


def freeze(server: Server) -> None:
    """Stop a server's process group in its tracks: connections stay open, nothing is answered."""
    assert server.process is not None
    os.killpg(server.process.pid, signal.SIGSTOP)


def thaw(server: Server) -> None:
    """Let a frozen server go on."""
    assert server.process is not None
    os.killpg(server.process.pid, signal.SIGCONT)


@contextlib.contextmanager
def private_redis() -> Iterator[ValkeyServer]:
    """A Redis-protocol server of one test: `stop()`, `start()` on the same port, `freeze()`..."""
    folder = make_folder()
    server = ValkeyServer(folder=folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def private_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of one test: `stop()`, `start()` on the same address, `freeze`, `thaw`.

    It is not the suite's database: rows survive a stop, nothing is rolled back.
    """
    folder = make_folder()
    server = PostgresServer(folder=folder, is_throwaway=True)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        server.placement.remove(folder)
        shutil.rmtree(folder, ignore_errors=True)
