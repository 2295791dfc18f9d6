"""How sure a share is: Wilson's interval, which holds for few observations too."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_95 = 1.959964
FEW = 0.1


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with the interval that holds the true share 95 times in 100."""

    hits: int
    total: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The share itself; None of nothing."""
        return self.hits / self.total if self.total else None

    def __str__(self) -> str:
        if not self.total:
            return "not known yet"
        share = self.hits / self.total
        digits = int(0 < share < FEW or 1 - FEW < share < 1)
        shown = [f"{part:.{digits}%}" for part in (share, self.low, self.high)]
        return f"{shown[0]} ({shown[1]} to {shown[2]}, {self.hits:,} of {self.total:,})"


def wilson(hits: int, total: int) -> Share:
    """Return a share with its 95 % interval; from 0 to 1 where nothing was observed."""
    if total <= 0:
        return Share(0, 0, 0.0, 1.0)
    square = Z_95 * Z_95
    share = hits / total
    middle = (share + square / (2 * total)) / (1 + square / total)
    spread = (
        Z_95
        / (1 + square / total)
        * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    )
    return Share(hits, total, max(middle - spread, 0.0), min(middle + spread, 1.0))
