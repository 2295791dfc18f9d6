"""What people said of messages: the measure of every rule."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from apps.moderation.constants import ActorKind, HitOutcome, Verdict
from apps.moderation.models import BackTestMatch, Decision, RuleHit, RuleVersion
from apps.moderation.services.intervals import Share, wilson

RECENT_HITS = 2_000
"""How many hits a figure looks back at: enough for a narrow interval, and a bounded read."""


def precision_of(version: RuleVersion) -> Share:
    """Return how many of a version's judged hits people called violations of its policy.

    A message counts once, with what a person decided about it, or else with the label that it got
    in a back-test. What violates another policy says nothing of this rule.
    """
    hits = RuleHit.objects.filter(version=version).exclude(outcome=HitOutcome.ERROR)
    recent = list(hits.order_by("-id").values_list("message_id", flat=True)[:RECENT_HITS])
    judged = human_verdicts(recent, policy_id=version.rule.policy_id)
    labelled = BackTestMatch.objects.filter(
        back_test__version=version, by_tried=True, is_violation__isnull=False
    )
    for message_id, is_violation in labelled.values_list("message_id", "is_violation"):
        judged.setdefault(message_id, bool(is_violation))
    return wilson(sum(judged.values()), len(judged))


def human_verdicts(message_ids: Iterable[int | None], *, policy_id: int) -> dict[int, bool]:
    """Return which of some messages people judged, and whether they violate a policy."""
    wanted = [pk for pk in message_ids if pk is not None]
    return _read(_standing().filter(case__message_id__in=wanted), policy_id)


def human_verdicts_between(first: int, last: int, *, policy_id: int) -> dict[int, bool]:
    """Return what people decided of the messages with these numbers, both ends included."""
    rows = _standing().filter(case__message_id__gte=first, case__message_id__lte=last)
    return _read(rows, policy_id)


def _standing() -> QuerySet[Decision]:
    rows: QuerySet[Decision] = Decision.objects.filter(
        actor_kind=ActorKind.PERSON,
        superseded_by=None,
        is_undo=False,
        verdict__in=(Verdict.VIOLATES, Verdict.NO_VIOLATION),
    )
    return rows


def _read(rows: QuerySet[Decision], policy_id: int) -> dict[int, bool]:
    found = rows.order_by("id").values_list(
        "case__message_id", "verdict", "policy_version__policy_id"
    )
    return {
        message_id: verdict == Verdict.VIOLATES
        for message_id, verdict, policy in found
        if verdict == Verdict.NO_VIOLATION or policy == policy_id
    }
