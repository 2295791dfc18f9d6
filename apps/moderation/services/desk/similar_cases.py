"""Decided cases like one that waits: found by an index each, among the newest, in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.moderation import statements
from apps.moderation.models import Case, Flag
from apps.users.models import User

SHOWN = 5
ROWS_READ = 200
SHARED = ("same passage", "same person", "same rule")


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A case like this one that was decided, how it ended, and what it has in common."""

    case_id: int
    verdict: str
    policy: str
    decided_at: datetime
    shared: str


def similar_to(case: Case, flags: Sequence[Flag], *, viewer: User) -> list[Similar]:
    """Return decided cases with the same passage, then the same person, then the same rule.

    None is about the viewer.
    """
    hits = [flag.hit for flag in flags if flag.hit is not None]
    rows = statements.similar_decisions(
        viewer_id=viewer.pk,
        case_id=case.pk,
        subject_id=case.subject_id,
        hashes={hit.span_hash for hit in hits if hit.span_hash},
        rules={hit.rule_id for hit in hits},
        read=ROWS_READ,
        shown=SHOWN,
    )
    similar: dict[int, Similar] = {}
    for place, case_id, verdict, title, decided_at in rows:
        found = Similar(
            case_id=case_id,
            verdict=verdict,
            policy=title,
            decided_at=decided_at,
            shared=SHARED[place],
        )
        similar.setdefault(case_id, found)
    return list(similar.values())[:SHOWN]
