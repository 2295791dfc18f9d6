"""Starts a part again when it ends."""

import signal
import time

from apps.core.development.console import Console
from apps.core.development.errors import DevelopmentError
from apps.core.development.server import Server
from apps.core.development.state import StateFolder

FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 30.0
STEADY_SECONDS = 30.0


class Keeper:
    """Watches one part, and starts it again after growing pauses.

    A file named `<part>.hold` in the run folder keeps the part stopped as long as it exists.
    """

    def __init__(self, server: Server, *, state: StateFolder, console: Console) -> None:
        self.server = server
        self._hold = state.hold_file(server.name)
        self._hold.unlink(missing_ok=True)
        self._console = console
        self._delay = FIRST_DELAY_SECONDS
        self._started_at = time.monotonic()
        self._due_at: float | None = None
        self._is_held = False
        self._is_new = False

    def look(self) -> None:
        """See how the part is, and act."""
        if self._hold.exists() or self._is_held:
            self._look_at_hold()
        elif self.server.is_running:
            self._look_at_running()
        else:
            self._look_at_ended()

    def _look_at_hold(self) -> None:
        if not self._is_held:
            self._is_held = True
            self.server.stop()
            self._console.warning(f"{self.server.title} is stopped until you start it again.")
        elif not self._hold.exists():
            self._is_held = False
            self._launch()

    def _look_at_running(self) -> None:
        if self._is_new and self.server.is_ready():
            self._is_new = False
            self._console.done(self.server.title, time.monotonic() - self._started_at, "again")
        if time.monotonic() - self._started_at > STEADY_SECONDS:
            self._delay = FIRST_DELAY_SECONDS

    def _look_at_ended(self) -> None:
        now = time.monotonic()
        if self._due_at is None:
            self._console.warning(
                f"{self.server.title} {self._how_it_ended()}. It starts again in "
                f"{self._delay:.0f} s; its log is {self.server.log}."
            )
            self.server.stop()
            self._due_at = now + self._delay
            self._delay = min(self._delay * 2, LONGEST_DELAY_SECONDS)
        elif now >= self._due_at:
            self._launch()

    def _launch(self) -> None:
        self._due_at = None
        self._started_at = time.monotonic()
        self._is_new = True
        try:
            self.server.launch()
        except DevelopmentError as error:
            self._console.warning(str(error))

    def _how_it_ended(self) -> str:
        code = self.server.process.returncode if self.server.process else None
        if code is None:
            return "did not start"
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with code {code}"
