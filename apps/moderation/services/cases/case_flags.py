"""The flags of a case as its page shows them, with how often their reporters were right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F

from apps.moderation.models import Case, Flag

FLAGS_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagLine:
    """A flag with how often its reporter was right."""

    flag: Flag
    number: int
    reporter: str
    agreed: int
    decided: int


def flags_of(case: Case) -> list[Flag]:
    """Return the flags of a case with what rules found, the surest first."""
    rows = case.flags.select_related("hit__rule", "hit__version").with_records_of_reporters()
    return list(rows.order_by(F("hit__score").desc(nulls_last=True), "id")[:FLAGS_SHOWN])


def lines_of(flags: Sequence[Flag], names: Mapping[int, str]) -> list[FlagLine]:
    """Return flags as the page numbers them.

    Args:
        flags: of `flags_of`.
        names: of those who reported.
    """
    return [
        FlagLine(
            flag=flag,
            number=number,
            reporter=names.get(flag.reporter_id or 0, ""),
            agreed=getattr(flag, "agreed", None) or 0,
            decided=getattr(flag, "decided", None) or 0,
        )
        for number, flag in enumerate(flags, start=1)
    ]
