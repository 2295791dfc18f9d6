"""Web and worker as real processes, for tests that stop, kill and restart them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from apps.core.development.processes import Launch, end, rotated, spawn_logged
from apps.core.development.program import answers
from apps.core.development.state import CHECKOUT
from apps.core.development.valkey import LOOPBACK, free_port

READY_SECONDS = 60.0
GRACE_SECONDS = 5
END_SECONDS = 0.5
UVICORN_OPTIONS = (
    "--ws=websockets-sansio",
    "--ws-per-message-deflate=false",
    "--ws-max-size=65536",
    "--no-proxy-headers",
    "--no-server-header",
    "--no-access-log",
    "--log-level=warning",
    f"--timeout-graceful-shutdown={GRACE_SECONDS}",
)


def wait_until(is_true: Callable[[], bool], *, seconds: float, what: str) -> float:
    """Wait for a condition and return how long it took.

    Raises:
        AssertionError: it did not come true in time.
    """
    began = time.monotonic()
    while not is_true():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"Not within {seconds:g} s: {what}.")
        time.sleep(0.02)
    return time.monotonic() - began


class Process:
    """One program; must be started in the main thread, which the kernel ties it to."""

    def __init__(
        self, name: str, command: list[str], *, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.command = command
        self.environment = dict(environment)
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._seen = 0

    @property
    def pid(self) -> int:
        """Its process id; it must run."""
        assert self.process is not None
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Whether it is alive."""
        return self.process is not None and self.process.poll() is None

    @property
    def new_log(self) -> str:
        """What it has written since it was started last."""
        return self.log.read_text(encoding="utf-8", errors="replace")[self._seen :]

    @property
    def resident_bytes(self) -> int:
        """How much memory it holds."""
        pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def start(self, *, seconds: float = READY_SECONDS) -> None:
        """Start it and return when it does its work."""
        self.launch()
        self.wait_until_ready(seconds=seconds)

    def launch(self) -> None:
        """Start it without waiting; a log that has grown large is put aside first."""
        rotated(self.log)
        self._seen = 0
        if self.log.exists():
            self._seen = len(self.log.read_text(encoding="utf-8", errors="replace"))
        self.process = spawn_logged(
            Launch(self.command, self.environment, folder=CHECKOUT), self.log
        )

    def wait_until_ready(self, *, seconds: float = READY_SECONDS) -> None:
        """Return when it does its work."""
        wait_until(
            lambda: not self.is_running or self.is_ready(), seconds=seconds, what=f"{self.name} up"
        )
        assert self.is_running, f"{self.name} ended while it started:\n{self.new_log[-4000:]}"

    def is_ready(self) -> bool:
        """Whether it does its work."""
        return True

    def kill(self) -> None:
        """End it at once, as a crash would."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def terminate(self) -> None:
        """Ask it to end, without waiting."""
        assert self.process is not None
        self.process.terminate()

    def wait_for_end(self, *, seconds: float) -> float:
        """Wait until it has ended by itself and return how long that took."""
        return wait_until(lambda: not self.is_running, seconds=seconds, what=f"{self.name} ended")

    def freeze(self) -> None:
        """Stop it in its tracks: connections stay open, nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        """Make sure that it is gone."""
        if self.process is not None:
            end(self.process, (signal.SIGTERM, END_SECONDS))
            self.process = None


class Web(Process):
    """A web process on a port that it keeps through restarts."""

    def __init__(self, *, folder: Path, environment: Mapping[str, str], name: str = "web") -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "uvicorn", "project.asgi:application", *UVICORN_OPTIONS]
        own = {
            "PUBLIC_URL": f"http://localhost:{self.port}",
            "ALLOWED_ORIGINS": f"http://localhost:{self.port},http://127.0.0.1:{self.port}",
        }
        super().__init__(
            name,
            [*command, f"--host={LOOPBACK}", f"--port={self.port}"],
            folder=folder,
            environment={**environment, **own},
        )

    @property
    def url(self) -> str:
        """Where people open it."""
        return f"http://localhost:{self.port}"

    def is_ready(self) -> bool:
        """Whether it answers."""
        return answers(self.port, "/healthz")


class Worker(Process):
    """A worker process."""

    def __init__(
        self, *, folder: Path, environment: Mapping[str, str], name: str = "worker"
    ) -> None:
        super().__init__(
            name, [sys.executable, "-m", "project.worker"], folder=folder, environment=environment
        )

    def is_ready(self) -> bool:
        """Whether it said that it takes work."""
        return "WORKER_READY" in self.new_log


class Site:
    """One deployment: a web process and a worker over given servers.

    Attributes:
        folder: where its logs are.
        environment: what both processes are told.
    """

    def __init__(
        self,
        *,
        folder: Path,
        database_url: str,
        redis_url: str,
        model_url: str,
        **settings: str,
    ) -> None:
        self.folder = folder
        # Web and worker are started again and again: only the first one is to compile the sources.
        inherited = {
            name: one for name, one in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        }
        self.environment = {
            **inherited,
            "ENVIRONMENT": "development",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "OPENAI_BASE_URL": model_url,
            "OPENAI_API_KEY": "for-tests-only",
            "OPENAI_MODEL": "scripted",
            "RATE_LIMIT_API": "100000/minute",
            "RATE_LIMIT_CHAT": "100000/minute",
            "RATE_LIMIT_LOGIN": "100000/minute",
            "RATE_LIMIT_SIGNUP": "100000/hour",
            "LLM_BATCH_WINDOW_MS": "40",
            "CHANGES_WITHIN_SECONDS": "0",
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        self.web = Web(folder=folder, environment=self.environment)
        self.worker = Worker(folder=folder, environment=self.environment)
        self._others: list[Process] = []

    def start(self) -> None:
        """Start both, at the same time; they are the only ones then."""
        while self._others:
            self._others.pop().stop()
        for process in (self.web, self.worker):
            if not process.is_running:
                process.launch()
        for process in (self.web, self.worker):
            process.wait_until_ready()

    def add_worker(self) -> Worker:
        """Start one more worker, which stops with the site."""
        worker = Worker(folder=self.folder, environment=self.environment, name="other-worker")
        self._others.append(worker)
        worker.start()
        return worker

    def add_web(self) -> Web:
        """Start one more web process, which stops with the site."""
        web = Web(folder=self.folder, environment=self.environment, name="other-web")
        self._others.append(web)
        web.start()
        return web

    def stop(self) -> None:
        """Make sure that nothing is left."""
        processes = [self.web, self.worker, *self._others]
        for process in processes:
            if process.is_running:
                process.terminate()
        for process in processes:
            process.stop()
