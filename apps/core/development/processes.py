"""Child processes that never outlive the one who started them."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.01
LOG_ROTATE_BYTES = 5_000_000

Pause = Callable[[float], None]


@dataclass(frozen=True)
class Account:
    """The system account a child runs as."""

    uid: int
    gid: int
    name: str


@dataclass(frozen=True)
class Launch:
    """How to start one child.

    Attributes:
        command: Program and arguments.
        environment: The whole environment of the child.
        folder: Its working directory.
        account: The account to become; only root can name one.
        death_signal: What the kernel sends when the starter dies, even by -9 (Linux only).
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path = Path("/")
    account: Account | None = None
    death_signal: signal.Signals = signal.SIGTERM


def _die_with(death_signal: signal.Signals) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    starter = os.getpid()

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != starter:
            os._exit(1)

    return arrange


def spawn(launch: Launch, *, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own.

    Must be called in the main thread: the kernel ties the death signal to the calling thread.

    Args:
        launch: What to start.
        output: Where its standard output and error go.
    """
    account = launch.account
    return subprocess.Popen(
        list(launch.command),
        env=dict(launch.environment),
        cwd=launch.folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=_die_with(launch.death_signal),
    )


def rotated(log: Path) -> Path:
    """Return a log's path, its file put aside first when it has grown large."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_ROTATE_BYTES:
        log.replace(log.with_suffix(log.suffix + ".1"))
    return log


def spawn_logged(launch: Launch, log: Path) -> subprocess.Popen[bytes]:
    """Start a child that writes to a log file."""
    with rotated(log).open("ab") as output:
        return spawn(launch, output=output)


def end(
    process: subprocess.Popen[bytes],
    *steps: tuple[signal.Signals, float],
    is_hurried: Callable[[], bool] = lambda: False,
) -> None:
    """Stop a child and everything in its process group.

    Args:
        process: The child.
        steps: Signals for the child, each with the seconds to wait for its end.
        is_hurried: Ends the waiting early when it turns true.
    """
    for step, seconds in steps:
        if process.poll() is not None:
            break
        process.send_signal(step)
        deadline = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < deadline and not is_hurried():
            time.sleep(POLL_SECONDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def start_mark(pid: int) -> str | None:
    """Return what tells this process from a later one with the same id, or None if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
        listed = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return listed.stdout.strip() or None
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else fields[19]


def program_name(pid: int) -> str:
    """Return the name of a running process's program, or nothing."""
    path = Path(f"/proc/{pid}/comm")
    if path.exists():
        return path.read_text(encoding="utf-8", errors="replace").strip()
    if Path("/proc/self/comm").exists():
        return ""
    listed = subprocess.run(
        ["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return Path(listed.stdout.strip()).name


class PidFile:
    """Remembers a child on disk, so that a later start can end what a killed one left behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, pid: int) -> None:
        """Remember a running child."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({"pid": pid, "mark": start_mark(pid)}), encoding="utf-8")

    def remove(self) -> None:
        """Forget the child."""
        self.path.unlink(missing_ok=True)

    def living_pid(self) -> int | None:
        """Return the process id if that very process still runs."""
        try:
            known = json.loads(self.path.read_text(encoding="utf-8"))
            pid, mark = int(known["pid"]), known["mark"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return pid if mark is not None and start_mark(pid) == mark else None

    def end_leftover(self, *, first: signal.Signals = signal.SIGTERM, seconds: float = 5) -> bool:
        """Stop the process that an earlier start left behind, if it still runs.

        Returns:
            Whether there was one.
        """
        pid = self.living_pid()
        if pid is None:
            self.remove()
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, first)
        deadline = time.monotonic() + seconds
        while self.living_pid() is not None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        self.remove()
        return True
