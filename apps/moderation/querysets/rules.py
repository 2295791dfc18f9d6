"""Named queries over rules, what they hit, and what they are tried on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db.models import (
    Count,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from apps.core.append_only import AppendOnlyQuerySet
from apps.core.postgresql.percentiles import Percentile
from apps.moderation import constants
from apps.moderation.querysets.base import SubjectQuerySet, whether

if TYPE_CHECKING:
    from datetime import date, datetime

    from apps.moderation.models import (  # noqa: F401
        BackTest,
        BackTestMatch,
        Rule,
        RuleDayPerson,
        RuleHit,
        RuleVersion,
    )
    from apps.moderation.querysets.decisions import DecisionQuerySet
    from apps.users.models import User


_TEXT = Coalesce(F("message_id"), -F("id"))
"""What a hit was found in: its message, or one text of its own where none was stored."""


class RuleQuerySet(QuerySet["Rule"]):
    """Named queries over rules."""

    def live(self) -> Self:
        """Leave out those that are off."""
        return self.exclude(mode=constants.RuleMode.OFF)

    def written(self) -> Self:
        """Leave out those without a version: they look for nothing."""
        return self.filter(current__isnull=False)

    def in_mode(self, mode: constants.RuleMode) -> Self:
        """Return those whose hits do this."""
        return self.filter(mode=mode)

    def of_kind(self, *kinds: constants.RuleKind) -> Self:
        """Return those that look in one of these ways."""
        return self.filter(kind__in=kinds)


class RuleHitQuerySet(AppendOnlyQuerySet["RuleHit"], SubjectQuerySet["RuleHit"]):  # type: ignore[override]
    """Named queries over hits; rows can be added and read, nothing else."""

    def found(self) -> Self:
        """Leave out the checks that failed."""
        return self.exclude(outcome=constants.HitOutcome.ERROR)

    def failed(self) -> Self:
        """Return the checks that failed."""
        return self.filter(outcome=constants.HitOutcome.ERROR)

    def enforced(self) -> Self:
        """Return those for which a text was kept back."""
        return self.filter(outcome=constants.HitOutcome.ENFORCED)

    def of_rule(self, rule_id: int) -> Self:
        """Return those of one rule, in whichever version."""
        return self.filter(rule=rule_id)

    def on_message(self, message_id: int) -> Self:
        """Return those in one stored message."""
        return self.filter(message=message_id)

    def with_hash_from(self, beginning: str) -> Self:
        """Return those in passages whose hash begins so."""
        return self.filter(span_hash__startswith=beginning)

    def at_stage(self, stage: constants.Stage) -> Self:
        """Return what was found at one time of looking."""
        return self.filter(stage=stage)

    def of_version(self, version: RuleVersion) -> Self:
        """Return those of one version, by its rule, whose newest hits are quick to find."""
        return self.filter(rule=version.rule_id, version=version)

    def texts(self) -> QuerySet[RuleHit, dict[str, Any]]:
        """Return what was hit, as `text`: a text counts once, however often it was hit."""
        return self.annotate(text=_TEXT).order_by().values("text")  # type: ignore[return-value]

    def judged(self, *, since: datetime | None = None, without: User | None = None) -> Self:
        """Return what was found in messages that people judged under the policy of the rule.

        Each says, as `is_violation`, what was decided last.

        Args:
            since: only what they decided after this moment; None for all.
            without: whose own word does not count; None to count everybody's.
        """
        said = _said(OuterRef("rule__policy"), since=since, without=without)
        rows = self.found().filter(message__isnull=False).annotate(said=said).exclude(said=None)
        return rows.annotate(is_violation=whether(Q(said=constants.Verdict.VIOLATES)))

    def with_timeouts(self, longest_us: int) -> Self:
        """Say of each, as `is_timeout`, whether it took at least so many microseconds."""
        return self.annotate(is_timeout=whether(Q(latency_us__gte=longest_us)))

    def summed_up(self, *, day: datetime) -> dict[str, int]:
        """Return what rules did, in texts that count once: `hits`, `acted`, `hits_of_day`.

        The checks that failed are there too, as `errors`.

        Args:
            day: when the last day began.
        """
        found = ~Q(outcome=constants.HitOutcome.ERROR)
        acted = (constants.HitOutcome.FLAGGED, constants.HitOutcome.ENFORCED)
        return self.annotate(text=_TEXT).aggregate(
            hits=_texts(found),
            hits_of_day=_texts(found & Q(created_at__gte=day)),
            acted=_texts(Q(outcome__in=acted)),
            errors=Count("pk", filter=~found),
        )

    def shown_in_bands(self, highest: Sequence[int | None]) -> dict[str, Any]:
        """Return how much people had seen of the texts: `number` of texts, `p50`, `p95`, `most`.

        Args:
            highest: the most characters of each band, and None for the last one without an end;
                how many texts are in each is there as `band0` and so on.
        """
        texts = self.annotate(text=_TEXT).order_by().values("text")
        lowest = [-1, *highest]
        bands = {
            f"band{number}": Count("text", filter=_between(lowest[number], high))
            for number, high in enumerate(highest)
        }
        return texts.annotate(seen=Max("shown_chars")).aggregate(
            number=Count("text"),
            p50=Percentile("seen", share=0.5),
            p95=Percentile("seen", share=0.95),
            most=Max("seen"),
            **bands,
        )


class RuleDayPersonQuerySet(QuerySet["RuleDayPerson"]):
    """Named queries over people on whom rules acted on a day."""

    def of_days_before(self, day: date) -> Self:
        """Return those of days that were over before this one."""
        return self.filter(rule_day__day__lt=day)


class BackTestQuerySet(QuerySet["BackTest"]):
    """Named queries over back-tests."""

    def open(self) -> Self:
        """Return those that have messages to look at yet."""
        return self.filter(state__in=constants.OPEN_BACK_TESTS)

    def lost(self, before: datetime) -> Self:
        """Return the open ones that nothing has been heard of since a moment."""
        return self.open().filter(updated_at__lt=before)

    def of_rule(self, rule: Rule) -> Self:
        """Return those of all versions of a rule."""
        return self.filter(version__rule=rule)


class BackTestMatchQuerySet(QuerySet["BackTestMatch"]):
    """Named queries over the messages that back-tests matched."""

    def of_version(self, version: RuleVersion) -> Self:
        """Return what one version was tried on."""
        return self.filter(back_test__version=version)

    def of_rule(self, rule: Rule) -> Self:
        """Return what all versions of a rule were tried on."""
        return self.filter(back_test__version__rule=rule)

    def tried(self) -> Self:
        """Return what the tried version hits, and leave out what only the other one does."""
        return self.filter(by_tried=True)

    def not_of(self, person: User) -> Self:
        """Leave out what is in a conversation of this person."""
        return self.exclude(message__conversation__owner=person)

    def labelled_since(self, moment: datetime) -> Self:
        """Return what got its label at a moment or later."""
        return self.filter(labelled_at__gte=moment)

    def judged(self, *, since: datetime | None = None, without: User | None = None) -> Self:
        """Return the hits that people labelled, and of which nobody decided anything that counts.

        Args:
            since: only what they said after this moment; None for all.
            without: whose own word does not count; None to count everybody's.
        """
        rows = self.tried().filter(is_violation__isnull=False)
        if since is not None:
            rows = rows.filter(labelled_at__gt=since)
        if without is not None:
            rows = rows.exclude(labelled_by=without)
        policy = OuterRef("back_test__version__rule__policy")
        said = _said(policy, since=since, without=without)
        return rows.annotate(said=said).filter(said=None)


def _said(policy: OuterRef, *, since: datetime | None, without: User | None) -> Subquery:
    """Return what a person decided last about a row's message, as far as it is about a policy."""
    decisions: DecisionQuerySet = apps.get_model("moderation", "Decision")._default_manager.all()  # noqa: SLF001
    rows = decisions.human_verdicts().holding().under(policy).on_message(OuterRef("message"))
    if since is not None:
        rows = rows.after(since)
    if without is not None:
        rows = rows.exclude(actor=without)
    return Subquery(rows.order_by("-id").values("verdict")[:1])


def _texts(condition: Q) -> Count:
    return Count("text", distinct=True, filter=condition)


def _between(low: int | None, high: int | None) -> Q:
    above = Q(seen__gt=low)
    return above if high is None else above & Q(seen__lte=high)
