"""Which moments somebody may name: such as every zone and every part of the product can read."""

from __future__ import annotations

from datetime import UTC, datetime

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9999, 1, 1, tzinfo=UTC)


def is_known(moment: datetime) -> bool:
    """Tell whether a moment lies in the years that are read everywhere, 1970 to 9998.

    PostgreSQL stores later ones, such as the last hours of 9999 somewhere west of Greenwich, and
    whoever reads them fails.
    """
    return EARLIEST <= moment < END
