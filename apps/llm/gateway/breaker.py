"""Leaves a model server alone that keeps failing, and tries it again by one call at a time.

Nothing here reads a clock: every method is told the time, in seconds of a clock that never jumps.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FAILURES_TO_OPEN = 5
OPEN_SECONDS = 10.0
MAX_OPEN_SECONDS = 120.0
MAX_PAUSE_SECONDS = 120.0
CUT_TOGETHER_SECONDS = 1.0
"""Answers that break in the middle within so long are one failure: it was one moment's."""
TRIAL_SECONDS = 120.0
"""So long others wait for a trial's result; a trial that never tells one keeps nobody out."""


class BreakerState(StrEnum):
    """Whether calls go out: all, none, or one to see whether the server is back."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call that the breaker let out; `is_trial` where it stands for all others."""

    is_trial: bool


class Breaker:
    """The breaker of one model server in one process.

    It opens after some failures in a row, for longer each time it fails again; when the time has
    passed, one call is let out, and its result closes or opens it. An answer that has begun lets
    the others out again, but only a whole one ends the row: until then the next failure opens it. A
    server that asks to wait is
    left alone for as long as it asks, within a cap, without counting as broken.

    Attributes:
        open_until: when the next call may go out, where it is open.
        paused_until: until when the server asked to be left alone.
    """

    def __init__(self) -> None:
        self.open_until = 0.0
        self.paused_until = 0.0
        self._failures = 0
        self._open_seconds = OPEN_SECONDS
        self._is_open = False
        self._tried_until = 0.0
        self._cut_until = 0.0

    def state(self, now: float) -> BreakerState:
        """Return what a call would meet."""
        if not self._is_open:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.open_until else BreakerState.HALF_OPEN

    def pause_left(self, now: float) -> float:
        """Return for how many seconds the server asked to be left alone yet."""
        return max(self.paused_until - now, 0.0)

    def seconds_left(self, now: float) -> float:
        """Return after how many seconds a call may go out where none may now."""
        return max(self.open_until - now, 0.0)

    def begin(self, now: float) -> Attempt | None:
        """Let a call out; None where the server is left alone."""
        match self.state(now):
            case BreakerState.CLOSED:
                return Attempt(is_trial=False)
            case BreakerState.HALF_OPEN if now >= self._tried_until:
                self._tried_until = now + TRIAL_SECONDS
                return Attempt(is_trial=True)
            case _:
                return None

    def began(self, attempt: Attempt) -> None:
        """Note that an answer has begun; of a trial others may go out now, on a short lead."""
        if attempt.is_trial and self._is_open:
            self._is_open = False
            self.open_until = self._tried_until = 0.0
            self._failures = FAILURES_TO_OPEN - 1
            self._open_seconds = min(self._open_seconds * 2, MAX_OPEN_SECONDS)

    def succeeded(self, attempt: Attempt) -> None:
        """Note that an answer came to its end; that of a trial closes the breaker."""
        if attempt.is_trial and self._is_open:
            self.close()
        elif not self._is_open:
            self._failures, self._open_seconds = 0, OPEN_SECONDS

    def cut(self, now: float) -> None:
        """Note that an answer broke after it had begun; many at the same moment count once."""
        if now >= self._cut_until:
            self._cut_until = now + CUT_TOGETHER_SECONDS
            self.failed(Attempt(is_trial=False), now)

    def failed(self, attempt: Attempt, now: float) -> None:
        """Note that the server failed; a trial or too many in a row open the breaker.

        What was let out before it opened, and fails after that, changes nothing.
        """
        if attempt.is_trial and self._is_open:
            self._open_seconds = min(self._open_seconds * 2, MAX_OPEN_SECONDS)
            self._open(now)
        elif not self._is_open:
            self._failures += 1
            if self._failures >= FAILURES_TO_OPEN:
                self._open(now)

    def asked_to_wait(self, attempt: Attempt, now: float, seconds: float | None) -> None:
        """Note that the server asked to wait; without a time it counts as a failure."""
        if seconds is None:
            self.failed(attempt, now)
            return
        self.given_up(attempt)
        self.pause(now, seconds)

    def pause(self, now: float, seconds: float) -> None:
        """Leave the server alone for as long as it asked, whatever becomes of who heard it."""
        self.paused_until = max(self.paused_until, now + min(seconds, MAX_PAUSE_SECONDS))

    def given_up(self, attempt: Attempt) -> None:
        """Note that nobody waits for the call any more, so that another one may be the trial."""
        if attempt.is_trial:
            self._tried_until = 0.0

    def close(self) -> None:
        """Let everything out again."""
        self._is_open = False
        self._failures = 0
        self._open_seconds = OPEN_SECONDS
        self.open_until = self.paused_until = self._tried_until = self._cut_until = 0.0

    def _open(self, now: float) -> None:
        self._is_open, self._tried_until = True, 0.0
        self.open_until = now + self._open_seconds
