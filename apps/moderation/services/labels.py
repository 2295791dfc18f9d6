"""What people said of messages: the measure of every rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from apps.moderation.constants import ActorKind, HitOutcome, Verdict
from apps.moderation.models import BackTestMatch, Decision, RuleHit, RuleVersion
from apps.moderation.services.intervals import Share, wilson
from apps.users.models import User

RECENT_HITS = 2_000
"""How many hits a figure looks back at: enough for a narrow interval, and a bounded read."""


@dataclass(frozen=True, slots=True)
class RecentHits:
    """The last hits of a version: the messages, and how long the checks took, in microseconds."""

    message_ids: Sequence[int | None]
    latencies: Sequence[int]


def recent_hits(version: RuleVersion) -> RecentHits:
    """Read the last hits of a version, failures left out."""
    hits = RuleHit.objects.filter(rule=version.rule_id, version=version)
    rows = hits.exclude(outcome=HitOutcome.ERROR).order_by("-id")
    recent = list(rows.values_list("message_id", "latency_us")[:RECENT_HITS])
    return RecentHits([pk for pk, _ in recent], [took for _, took in recent if took])


def precision_of(
    version: RuleVersion,
    recent: RecentHits | None = None,
    *,
    since: datetime | None = None,
    without: User | None = None,
) -> Share:
    """Return how many of a version's judged hits people called violations of its policy.

    A message counts once, with what a person decided about it, or else with the label that it got
    in a back-test. What violates another policy says nothing of this rule.

    Args:
        version: the version.
        recent: its last hits, if they were read already.
        since: count only what people said after this moment; None for all.
        without: whose own word does not count; None to count everybody's.
    """
    recent = recent or recent_hits(version)
    judged = human_verdicts(
        recent.message_ids, policy_id=version.rule.policy_id, since=since, without=without
    )
    labelled = BackTestMatch.objects.filter(
        back_test__version=version, by_tried=True, is_violation__isnull=False
    )
    if since is not None:
        labelled = labelled.filter(labelled_at__gt=since)
    if without is not None:
        labelled = labelled.exclude(labelled_by=without)
    for message_id, is_violation in labelled.values_list("message_id", "is_violation"):
        judged.setdefault(message_id, bool(is_violation))
    return wilson(sum(judged.values()), len(judged))


def human_verdicts(
    message_ids: Iterable[int | None],
    *,
    policy_id: int,
    since: datetime | None = None,
    without: User | None = None,
) -> dict[int, bool]:
    """Return which of some messages people judged, and whether they violate a policy."""
    wanted = [pk for pk in message_ids if pk is not None]
    rows = _standing().filter(case__message_id__in=wanted)
    if without is not None:
        rows = rows.exclude(actor=without)
    return _read(rows if since is None else rows.filter(created_at__gt=since), policy_id)


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
