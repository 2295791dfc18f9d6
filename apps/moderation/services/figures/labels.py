"""What people said of messages: the measure of every rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.moderation.constants import ActorKind, HitOutcome, Verdict
from apps.moderation.models import BackTestMatch, Decision, RuleHit, RuleVersion
from apps.moderation.services.figures.intervals import Share, wilson
from apps.moderation.services.figures.metrics import grouped
from apps.users.models import User

RECENT_HITS = 2_000
"""How many hits a figure looks back at: enough for a narrow interval, and a bounded read."""


FOUND = ~Q(outcome=HitOutcome.ERROR)
TEXT = Coalesce(F("message_id"), -F("id"))
"""What a hit was found in: its message, or one text of its own where none was stored."""

BY = {
    "rule": ("rule_id", "back_test__version__rule_id"),
    "version": ("version__number", "back_test__version__number"),
}
"""What judged texts are counted by: the column of hits, and the one of labelled matches."""


@dataclass(slots=True)
class Judged:
    """Texts that people judged, as they sum up."""

    agreed: int = 0
    total: int = 0

    def add(self, agreed: int, total: int) -> None:
        """Take in more of them."""
        self.agreed += agreed
        self.total += total

    @property
    def share(self) -> Share:
        """How many were violations."""
        return wilson(self.agreed, self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What counts of what people said.

    Attributes:
        since: only what they said after this moment; None for all.
        without: whose own word does not count; None to count everybody's.
    """

    since: datetime | None = None
    without: User | None = None


@dataclass(frozen=True, slots=True)
class RecentHits:
    """The last hits of a version, and how long the checks took, in microseconds."""

    hit_ids: Sequence[int]
    latencies: Sequence[int]


def recent_hits(version: RuleVersion) -> RecentHits:
    """Read the last hits of a version, failures left out."""
    hits = RuleHit.objects.filter(FOUND, rule=version.rule_id, version=version).order_by("-id")
    recent = list(hits.values_list("pk", "latency_us")[:RECENT_HITS])
    return RecentHits([pk for pk, _ in recent], [took for _, took in recent if took])


def precision_of(
    version: RuleVersion,
    recent: RecentHits | None = None,
    *,
    since: datetime | None = None,
    without: User | None = None,
) -> Share:
    """Return how many of the texts that a version hit are violations of its policy.

    Args:
        version: the version.
        recent: its last hits, if they were read already.
        since: count only what people said after this moment; None for all.
        without: whose own word does not count; None to count everybody's.
    """
    recent = recent or recent_hits(version)
    judged = judged_texts(
        RuleHit.objects.filter(pk__in=recent.hit_ids),
        BackTestMatch.objects.filter(back_test__version=version),
        by="rule",
        words=Words(since=since, without=without),
    )
    return judged.get(version.rule_id, Judged()).share


def judged_texts(
    hits: QuerySet[RuleHit],
    matches: QuerySet[BackTestMatch],
    *,
    by: str,
    words: Words | None = None,
) -> dict[Any, Judged]:
    """Return how many of the texts that rules hit people judged, and called violations.

    This is the one measure of precision. A text counts once: with what a person decided about it
    last and still holds, or else with the label that it got in a back-test. What violates another
    policy than the rule's says nothing of the rule.

    Args:
        hits: of which rules.
        matches: of back-tests of these rules.
        by: one of `BY`.
        words: what counts of what people said; None for all.
    """
    of_hit, of_match = BY[by]
    words = words or Words()
    judged: dict[Any, Judged] = defaultdict(Judged)
    for key, agreed, total in judgements(hits, of_hit, words=words):
        judged[key].add(agreed, total)
    labelled = matches.filter(by_tried=True, is_violation__isnull=False)
    if words.since is not None:
        labelled = labelled.filter(labelled_at__gt=words.since)
    if words.without is not None:
        labelled = labelled.exclude(labelled_by=words.without)
    policy = OuterRef("back_test__version__rule__policy")
    undecided = labelled.annotate(said=_said(policy, words)).filter(said=None)
    agreed_label = Count("message", distinct=True, filter=Q(is_violation=True))
    for row in grouped(
        undecided, of_match, agreed=agreed_label, total=Count("message", distinct=True)
    ):
        judged[row[of_match]].add(row["agreed"], row["total"])
    return dict(judged)


def judgements(
    hits: QuerySet[RuleHit], by: str, *, words: Words | None = None
) -> list[tuple[Any, int, int]]:
    """Return for each group of hits how many of their texts violate, and how many are judged."""
    rows = grouped(
        hits.filter(FOUND, message__isnull=False)
        .annotate(said=_said(OuterRef("rule__policy"), words or Words()))
        .exclude(said=None),
        by,
        agreed=Count("message", distinct=True, filter=Q(said=Verdict.VIOLATES)),
        total=Count("message", distinct=True),
    )
    return [(row[by], row["agreed"], row["total"]) for row in rows]


def _said(policy: OuterRef, words: Words) -> Subquery:
    """Return what a person decided last about a row's message, as far as it is about a policy."""
    rows = _standing().filter(
        Q(verdict=Verdict.NO_VIOLATION) | Q(policy_version__policy=policy),
        case__message=OuterRef("message"),
    )
    if words.since is not None:
        rows = rows.filter(created_at__gt=words.since)
    if words.without is not None:
        rows = rows.exclude(actor=words.without)
    return Subquery(rows.order_by("-id").values("verdict")[:1])


def human_verdicts_between(first: int, last: int, *, policy_id: int) -> dict[int, bool]:
    """Return what people decided of the messages with these numbers, both ends included."""
    rows = _standing().filter(case__message_id__gte=first, case__message_id__lte=last)
    return _read(rows, policy_id)


def _standing() -> QuerySet[Decision]:
    """Return the verdicts of people that hold, also where what they did to somebody was lifted."""
    holds = Q(superseded_by=None) | Q(
        superseded_by__is_lift=True, superseded_by__superseded_by=None
    )
    rows: QuerySet[Decision] = Decision.objects.filter(
        holds,
        actor_kind=ActorKind.PERSON,
        is_undo=False,
        is_lift=False,
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
