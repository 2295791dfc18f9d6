"""What a person sees while Parley starts and runs."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

TITLE_WIDTH = 26
COLOURS = {"web": "36", "worker": "35", "prepare": "2"}


class Console:
    """Whole lines on standard output, in colour where a terminal reads them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._has_colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def line(self, text: str = "") -> None:
        """Print one line."""
        with self._lock:
            try:
                sys.stdout.write(f"{text}\n")
                sys.stdout.flush()
            except OSError:
                return

    def said_by(self, name: str, text: str) -> None:
        """Print a line of a child, with its name in front."""
        self.line(f"{self._paint(f'{name:>7} |', COLOURS.get(name, '0'))} {text}")

    def done(self, title: str, seconds: float, note: str = "") -> None:
        """Print that a part is up."""
        mark = self._paint("ok", "32")
        tail = f"  {note}" if note else ""
        self.line(f"  {mark}  {title:<{TITLE_WIDTH}} {seconds:5.1f} s{tail}")

    def warning(self, text: str) -> None:
        """Print something a person should know."""
        self.line(f"  {self._paint('--', '33')}  {text}")

    def failure(self, text: str) -> None:
        """Print why nothing goes on, and what to do."""
        self.line(f"\n{self._paint('Parley cannot go on:', '31')} {text}")

    @contextmanager
    def timed(self, title: str) -> Iterator[None]:
        """Print a part's line with the time it took."""
        began = time.monotonic()
        yield
        self.done(title, time.monotonic() - began)

    def _paint(self, text: str, colour: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._has_colour else text
