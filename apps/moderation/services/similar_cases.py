"""Decided cases like one that waits: found by an index each, among the newest only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from apps.moderation.models import Case, Decision, Flag, RuleHit

SHOWN = 5
HITS_READ = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A case like this one that was decided, and what it has in common."""

    case: Case
    decision: Decision
    shared: str


def similar_to(case: Case, flags: Sequence[Flag]) -> list[Similar]:
    """Return decided cases with the same passage, then the same person, then the same rule."""
    hashes = {flag.hit.span_hash for flag in flags if flag.hit is not None and flag.hit.span_hash}
    rules = {flag.hit.rule_id for flag in flags if flag.hit is not None}
    found: dict[int, Similar] = {}
    for shared, condition in (
        ("same passage", _of_hits(Q(span_hash__in=hashes)) if hashes else None),
        ("same person", Q(case__subject=case.subject_id)),
        ("same rule", _of_hits(Q(rule__in=rules)) if rules else None),
    ):
        if condition is None or len(found) >= SHOWN:
            continue
        rows = (
            Decision.objects.filter(condition, superseded_by=None, is_undo=False)
            .exclude(case=case.pk)
            .select_related("case", "policy_version")
            .order_by("-id")[:SHOWN]
        )
        for row in rows:
            found.setdefault(row.case_id, Similar(case=row.case, decision=row, shared=shared))
    return list(found.values())[:SHOWN]


def _of_hits(condition: Q) -> Q:
    newest = RuleHit.objects.filter(condition).order_by("-id").values_list("pk", flat=True)
    hits = list(newest[:HITS_READ])
    return Q(case__in=list(Flag.objects.filter(hit__in=hits).values_list("case_id", flat=True)))
