"""Decided cases like one that waits: found by an index each, among the newest, in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from apps.core.postgresql.sets import is_among
from apps.moderation.models import Case, Decision, Flag, RuleHit

SHOWN = 5
ROWS_READ = 200
COLUMNS = ("case_id", "verdict", "policy_version__title", "created_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A case like this one that was decided, how it ended, and what it has in common."""

    case_id: int
    verdict: str
    policy: str
    decided_at: datetime
    shared: str


def similar_to(case: Case, flags: Sequence[Flag]) -> list[Similar]:
    """Return decided cases with the same passage, then the same person, then the same rule."""
    hashes = {flag.hit.span_hash for flag in flags if flag.hit is not None and flag.hit.span_hash}
    rules = {flag.hit.rule_id for flag in flags if flag.hit is not None}
    of_person = Case.objects.filter(subject=case.subject_id).order_by("-id").values("pk")
    lanes: list[tuple[str, QuerySet[Any, Any] | None]] = [
        ("same passage", _of_hits(Q(span_hash__in=hashes)) if hashes else None),
        ("same person", of_person[:ROWS_READ]),
        ("same rule", _of_hits(Q(rule__in=rules)) if rules else None),
    ]
    parts = [
        _decided(found, case, place) for place, (_, found) in enumerate(lanes) if found is not None
    ]
    rows = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    similar: dict[int, Similar] = {}
    for place, _, case_id, verdict, title, at in sorted(rows, key=lambda row: (row[0], -row[1])):
        similar.setdefault(
            case_id,
            Similar(
                case_id=case_id,
                verdict=verdict,
                policy=title or "",
                decided_at=at,
                shared=lanes[place][0],
            ),
        )
    return list(similar.values())[:SHOWN]


def _decided(cases: QuerySet[Any, Any], case: Case, place: int) -> QuerySet[Any, Any]:
    """Return the newest decisions that hold in some cases, with the place of what they share."""
    later = Decision.objects.filter(supersedes=OuterRef("pk"))
    rows = Decision.objects.filter(is_among("case_id", cases), ~Exists(later), is_undo=False)
    placed = rows.exclude(case=case.pk).annotate(place=Value(place)).order_by("-id")
    return placed.values_list("place", "pk", *COLUMNS)[:SHOWN]


def _of_hits(condition: Q) -> QuerySet[Any, Any]:
    newest = RuleHit.objects.filter(condition).order_by("-id").values("pk")[:ROWS_READ]
    return Flag.objects.filter(is_among("hit_id", newest)).values("case_id")
