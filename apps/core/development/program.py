"""A process of Parley itself: its lines go to the terminal and to a log."""

import http.client
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.core.development.console import Console
from apps.core.development.processes import Launch, Pause, rotated, spawn
from apps.core.development.server import Server
from apps.core.development.state import CHECKOUT
from apps.core.development.valkey import LOOPBACK

GRACE_SECONDS = 5
LOG_ONLY = (b'"level":"INFO"', b'"level":"DEBUG"')


@dataclass(frozen=True)
class ProgramPlan:
    """What to run.

    Attributes:
        name: The short name in front of its lines.
        title: The name a person reads.
        command: Program and arguments.
        is_ready: Whether it does its work; asked until it says yes.
        ready_word: What it writes when it does its work, where nothing can be asked.
    """

    name: str
    title: str
    command: Sequence[str]
    is_ready: Callable[[], bool] = lambda: True
    ready_word: bytes = b""


class Program(Server):
    """The web process, the worker, or a command that ends by itself."""

    start_seconds = 60
    stop_steps = ((signal.SIGTERM, GRACE_SECONDS + 3),)

    def __init__(
        self, plan: ProgramPlan, *, folder: Path, environment: Mapping[str, str], console: Console
    ) -> None:
        super().__init__(folder=folder, name=plan.name)
        self.title = plan.title
        self.url = ""
        self.plan = plan
        self.environment = environment
        self.console = console
        self._has_said_ready = False

    def launch(self, *, pause: Pause | None = None) -> None:
        """Start it, with a thread that carries its lines."""
        self._has_said_ready = not self.plan.ready_word
        self.process = spawn(self.prepare(pause or time.sleep), output=subprocess.PIPE)
        self.pid_file.write(self.process.pid)
        threading.Thread(target=self._carry_lines, args=[self.process], daemon=True).start()

    def prepare(self, pause: Pause) -> Launch:
        """Say how it is started."""
        return Launch(self.plan.command, self.environment, folder=CHECKOUT)

    def is_ready(self) -> bool:
        """Whether it does its work."""
        return self._has_said_ready and self.plan.is_ready()

    def _carry_lines(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        with process.stdout as lines, rotated(self.log).open("ab", buffering=0) as log:
            for line in lines:
                log.write(line)
                if self.plan.ready_word in line:
                    self._has_said_ready = True
                if not any(mark in line for mark in LOG_ONLY):
                    self.console.said_by(self.name, line.decode(errors="replace").rstrip())


def answers(port: int, path: str) -> bool:
    """Whether a local address answers; a refused host name is an answer too."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
