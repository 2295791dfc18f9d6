"""What people said of messages: the measure of every rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from apps.moderation.constants import Verdict
from apps.moderation.models import BackTestMatch, Decision, RuleHit, RuleVersion
from apps.moderation.querysets import BackTestMatchQuerySet, RuleHitQuerySet
from apps.moderation.services.figures.intervals import Share, wilson
from apps.moderation.services.figures.metrics import counted, grouped
from apps.users.models import User

RECENT_HITS = 2_000
"""How many hits a figure looks back at: enough for a narrow interval, and a bounded read."""


BY = {
    "rule": ("rule_id", "back_test__version__rule_id"),
    "version": ("version__number", "back_test__version__number"),
}
"""What judged texts are counted by: the column of hits, and the one of labelled matches."""

JUDGED = {
    "agreed": counted("is_violation", of="message", distinct=True),
    "total": Count("message", distinct=True),
}
"""How many texts people judged, and how many of them they called violations."""


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


@dataclass(frozen=True, slots=True)
class RecentHits:
    """The last hits of a version, and how long the checks took, in microseconds."""

    hit_ids: Sequence[int]
    latencies: Sequence[int]


def recent_hits(version: RuleVersion) -> RecentHits:
    """Read the last hits of a version, failures left out."""
    hits = RuleHit.objects.of_version(version).found().order_by("-id")
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
        BackTestMatch.objects.of_version(version),
        by="rule",
        since=since,
        without=without,
    )
    return judged.get(version.rule_id, Judged()).share


def judged_texts(
    hits: RuleHitQuerySet,
    matches: BackTestMatchQuerySet,
    *,
    by: str,
    since: datetime | None = None,
    without: User | None = None,
) -> dict[Any, Judged]:
    """Return how many of the texts that rules hit people judged, and called violations.

    This is the one measure of precision. A text counts once: with what a person decided about it
    last and still holds, or else with the label that it got in a back-test. What violates another
    policy than the rule's says nothing of the rule.

    Args:
        hits: of which rules.
        matches: of back-tests of these rules.
        by: one of `BY`.
        since: count only what people said after this moment; None for all.
        without: whose own word does not count; None to count everybody's.
    """
    of_hit, of_match = BY[by]
    decided = grouped(hits.judged(since=since, without=without), of_hit, **JUDGED)
    labelled = grouped(matches.judged(since=since, without=without), of_match, **JUDGED)
    judged: dict[Any, Judged] = defaultdict(Judged)
    for rows, column in ((decided, of_hit), (labelled, of_match)):
        for row in rows:
            judged[row[column]].add(row["agreed"], row["total"])
    return dict(judged)


def human_verdicts_between(first: int, last: int, *, policy_id: int) -> dict[int, bool]:
    """Return whether people called the messages with these numbers violations of a policy.

    Both ends are included; what goes against another policy is left out.
    """
    holding = Decision.objects.human_verdicts().holding().under(policy_id)
    rows = holding.on_messages_between(first, last).order_by("id")
    said = rows.values_list("case__message_id", "verdict")
    return {message_id: verdict == Verdict.VIOLATES for message_id, verdict in said}
