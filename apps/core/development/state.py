"""The one folder that holds everything a checkout's development processes keep."""

import fcntl
import json
import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from apps.core.development.errors import DevelopmentError
from apps.core.development.processes import PidFile

CHECKOUT = Path(__file__).resolve().parents[3]
DEFAULT_NAME = ".parley"
CLOSED_PATIENCE_SECONDS = 10


class Remembered(TypedDict, total=False):
    """What is chosen once per folder and kept."""

    secret_key: str
    redis_password: str
    redis_port: int
    model_port: int


class StateFolder:
    """PARLEY_DATA_DIR, or `.parley` in the checkout."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()

    def make(self) -> None:
        """Create the folder; others cannot list it, and only for root may others pass through.

        Raises:
            DevelopmentError: It cannot be made.
        """
        mode = 0o711 if os.geteuid() == 0 else 0o700
        try:
            self.path.mkdir(mode=mode, parents=True, exist_ok=True)
            (self.path / "run").mkdir(mode=0o700, exist_ok=True)
            (self.path / "logs").mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise DevelopmentError(
                f"The data folder {self.path} cannot be made ({error.strerror}). "
                "Set PARLEY_DATA_DIR to a folder you may write to."
            ) from error
        if not os.access(self.path / "run", os.W_OK):
            raise DevelopmentError(
                f"The data folder {self.path} belongs to another account. Start Parley as that "
                "account, or set PARLEY_DATA_DIR to a folder of your own."
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other start away from the folder.

        Raises:
            DevelopmentError: Another process uses it.
        """
        path = self.path / "run" / "lock"
        with path.open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.seek(0)
                holder = lock.read().strip() or "another process"
                raise DevelopmentError(
                    f"Parley already runs on {self.path}: {holder}.\nStop it there with Ctrl-C, "
                    "or set PARLEY_DATA_DIR and PORT to run a second one beside it."
                ) from error
            self.describe_holder(f"process {os.getpid()}")
            yield
            self.describe_holder("")

    def is_locked(self) -> bool:
        """Whether a start holds the folder right now."""
        path = self.path / "run" / "lock"
        if not path.exists():
            return False
        with path.open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False

    def describe_holder(self, text: str) -> None:
        """Tell a second start who holds the folder."""
        (self.path / "run" / "lock").write_text(text, encoding="utf-8")

    def remembered(self) -> Remembered:
        """Return what earlier starts chose, with a key and a password made on first use."""
        try:
            known: Remembered = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        known.setdefault("secret_key", secrets.token_urlsafe(48))
        known.setdefault("redis_password", secrets.token_urlsafe(24))
        return known

    def remember(self, known: Remembered) -> None:
        """Keep the choices in a file that only its owner may read."""
        write_private(self._file, json.dumps(known, indent=2))

    def end_leftovers(self) -> list[str]:
        """Stop what a killed start left running.

        Returns:
            The names of what was stopped.
        """
        ended = []
        for path in sorted((self.path / "run").glob("*.pid"), reverse=True):
            first = signal.SIGINT if path.stem == "postgres" else signal.SIGTERM
            if PidFile(path).end_leftover(first=first, seconds=CLOSED_PATIENCE_SECONDS):
                ended.append(path.stem)
        return ended

    def hold_file(self, name: str) -> Path:
        """Return the mark that keeps one part stopped until it is removed."""
        return self.path / "run" / f"{name}.hold"

    @property
    def environment_file(self) -> Path:
        """The variables of the running processes, for commands beside them."""
        return self.path / "run" / "environment.json"

    @property
    def _file(self) -> Path:
        return self.path / "state.json"


def write_private(path: Path, text: str) -> None:
    """Replace a file as a whole; only its owner may read it."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def find_state_folder() -> StateFolder:
    """Return the folder that the environment names."""
    named = os.environ.get("PARLEY_DATA_DIR", "")
    return StateFolder(Path(named) if named else CHECKOUT / DEFAULT_NAME)
