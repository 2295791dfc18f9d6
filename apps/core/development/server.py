"""What the embedded servers have in common."""

import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from apps.core.development.errors import with_log_tail
from apps.core.development.processes import (
    POLL_SECONDS,
    Launch,
    Pause,
    PidFile,
    end,
    spawn_logged,
)


class Server(ABC):
    """One embedded server: started, waited for, stopped, and started again on the same address.

    Attributes:
        title: The name a person reads.
        url: The address for clients.
        stop_steps: Signals that stop it, each with the seconds to wait.
    """

    title: str
    url: str
    start_seconds: float = 20
    stop_steps: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 5),)

    def __init__(self, *, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.log = folder / "logs" / f"{name}.log"
        self.pid_file = PidFile(folder / "run" / f"{name}.pid")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether its process is alive."""
        return self.process is not None and self.process.poll() is None

    def start(self, *, pause: Pause = time.sleep) -> None:
        """Start it and return when it answers.

        Args:
            pause: How to wait; may raise to give up.

        Raises:
            DevelopmentError: It did not start; the text says what to do.
        """
        self.pid_file.end_leftover(first=self.stop_steps[0][0], seconds=self.stop_steps[0][1])
        self.launch(pause=pause)
        self.wait_until_ready(pause=pause)

    def launch(self, *, pause: Pause = time.sleep) -> None:
        """Start the process without waiting for its first answer."""
        launch = self.prepare(pause)
        self.process = spawn_logged(launch, self.log)
        self.pid_file.write(self.process.pid)

    def wait_until_ready(self, *, pause: Pause = time.sleep) -> None:
        """Return when the server answers.

        Raises:
            DevelopmentError: It ended, or did not answer in time.
        """
        deadline = time.monotonic() + self.start_seconds
        while not self.is_ready():
            if not self.is_running:
                raise with_log_tail(f"{self.title} ended while it started.", self.log)
            if time.monotonic() > deadline:
                self.stop()
                raise with_log_tail(
                    f"{self.title} did not answer within {self.start_seconds:.0f} s.", self.log
                )
            pause(POLL_SECONDS)
        self.after_ready()

    def stop(self, *, is_hurried: Callable[[], bool] = lambda: False) -> None:
        """Stop it; safe to call at any time."""
        if self.process is not None:
            end(self.process, *self.stop_steps, is_hurried=is_hurried)
            self.process = None
        self.pid_file.remove()

    @abstractmethod
    def prepare(self, pause: Pause) -> Launch:
        """Write what the server needs on disk and say how to start it."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it answers."""

    def after_ready(self) -> None:  # noqa: B027
        """Finish what needs the running server."""
