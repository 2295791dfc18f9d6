"""The scripted model server of the tests, in a process of its own."""

import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import orjson

from bench.work import Work

CHECKOUT = Path(__file__).resolve().parents[1]
START_SECONDS = 60.0


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when somebody listens.

    Raises:
        RuntimeError: the process ended, or did not listen in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    message = f"{process.args!r} does not listen on port {port}"
    raise RuntimeError(message)


def wait_for_line(log: Path, line: bytes, process: subprocess.Popen[bytes]) -> None:
    """Return when a process has written a line.

    Raises:
        RuntimeError: it ended, or did not write it in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if log.exists() and line in log.read_bytes():
            return
        time.sleep(0.05)
    message = f"{process.args!r} did not come up; see {log}"
    raise RuntimeError(message)


def end(process: subprocess.Popen[bytes] | None) -> None:
    """Stop a process of ours."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Model:
    """The model server: restarted for each work, on one port."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """The address for OPENAI_BASE_URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process is not None
        return self._process.pid

    def start(self, work: Work) -> None:
        """Serve the answers of this work."""
        self.stop()
        command = [sys.executable, "-m", "tests.support.upstream", "--port", str(self.port)]
        command += ["--tokens", str(work.tokens), "--rate", str(work.rate)]
        self._process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
        wait_for_port(self.port, self._process)

    def stop(self) -> None:
        """Stop serving."""
        end(self._process)
        self._process = None

    def asked_at(self) -> dict[str, float]:
        """Return when the server took the request for each message, by its monotonic clock."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}/_requests", timeout=10
        ) as answer:
            rows = orjson.loads(answer.read())["requests"]
        return {row["message"]: row["started_at"] for row in rows}
