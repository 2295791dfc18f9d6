"""Bounds how many tries after the first one a model server gets, over all calls of a process."""

SHARE = 0.1


class RetryBudget:
    """A tenth of the calls may be tried again, and a reserve where there were few calls.

    A server that fails everything is so never asked twice by everybody.
    """

    def __init__(self, reserve: int) -> None:
        self._reserve = self._tokens = float(reserve)

    def note_call(self) -> None:
        """Count a call."""
        self._tokens = min(self._tokens + SHARE, self._reserve)

    def take(self) -> bool:
        """Use one more try, if one is left."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
