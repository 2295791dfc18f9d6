"""How long the first text of an answer may take, over all models that are asked for it."""

from __future__ import annotations

import math
from collections.abc import Callable

FAIR_SHARE = 0.2
"""A model that had less of the time than this, and said nothing, is not known to be broken."""


class Patience:
    """The time for the first text: one for an answer, however many models and tries it takes.

    It runs from the first call to a model, or from the first model that could not be called. Before
    that a person may stand in that model's queue, which has a limit of its own and says so.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float]) -> None:
        """Prepare; no time runs yet.

        Args:
            seconds: for the first text.
            clock: tells the time of the running loop, by which calls end.
        """
        self.seconds, self.clock = seconds, clock
        self._ends_at: float | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the time runs."""
        return self._ends_at is not None

    @property
    def is_over(self) -> bool:
        """Whether nobody needs to be asked any more."""
        return self._ends_at is not None and self.clock() >= self._ends_at

    def begin(self) -> float:
        """Let the time run, if it does not yet; return when it is over."""
        if self._ends_at is None:
            self._ends_at = self.clock() + self.seconds
        return self._ends_at

    def turn(self, *, is_last: bool) -> Turn:
        """Return what the next model may take of it."""
        return Turn(self, is_last=is_last)


class Turn:
    """What one model may take of the patience.

    A model with a stand-in may take half of what is left, so that its silence leaves some. Once the
    time runs, waiting in a model's queue counts as well.

    Attributes:
        is_hurried: whether the call got so little time that its silence says nothing of the model.
    """

    def __init__(self, patience: Patience, *, is_last: bool) -> None:
        self.is_hurried = False
        self._patience, self._is_last = patience, is_last
        self._until = self._share() if patience.has_begun else None

    @property
    def left(self) -> float:
        """Seconds for which the call may wait to be made; without an end while no time runs."""
        return math.inf if self._until is None else self._until - self._patience.clock()

    def begin(self) -> float:
        """Return until when the first text must have come, for a call that is made now."""
        if self._until is None:
            self._until = self._share()
        self.is_hurried = self.left < self._patience.seconds * FAIR_SHARE
        return self._until

    def _share(self) -> float:
        ends_at, now = self._patience.begin(), self._patience.clock()
        return ends_at if self._is_last else now + (ends_at - now) / 2
