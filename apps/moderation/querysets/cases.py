"""Named queries over cases, and over the flags, texts and notes that belong to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.apps import apps
from django.db.models import (
    Count,
    Exists,
    OuterRef,
    Q,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce, Now

from apps.moderation import constants
from apps.moderation.querysets import blind_reviews
from apps.moderation.querysets.base import CaseRowQuerySet, whether
from apps.moderation.querysets.figures import CaseFigureQuerySet, opened_at_once
from apps.moderation.querysets.queue import QueueQuerySet

if TYPE_CHECKING:
    from apps.conversations.models import Conversation, Message
    from apps.moderation.models import Flag  # noqa: F401
    from apps.users.models import User


class CaseQuerySet(QueueQuerySet, CaseFigureQuerySet):  # type: ignore[override]
    """Named queries over cases."""

    def not_closed(self) -> Self:
        """Return those that wait for a decision."""
        return self.exclude(state=constants.CaseState.CLOSED)

    def letting_in(self) -> Self:
        """Return those because of which staff may read their conversation."""
        return self.not_closed().filter(is_sealed=False)

    def waiting(self) -> Self:
        """Return those that nobody holds, most urgent first: the queue."""
        return self.in_state(constants.CaseState.OPEN).most_urgent_first()

    def languages_and_models(self, *, most: int) -> list[tuple[str, str]]:
        """Return the different languages with the models that answered, as many as asked for."""
        pairs = self.order_by("language", "model").values_list("language", "model").distinct()
        return [(language, model) for language, model in pairs[:most]]

    def handed_on(self) -> Self:
        """Return those whose last decision handed them on."""
        decisions = apps.get_model("moderation", "Decision")
        unsure = decisions._default_manager.filter(  # noqa: SLF001
            case=OuterRef("pk"),
            superseded_by=None,
            verdict=constants.Verdict.UNSURE,
            actor_kind=constants.ActorKind.PERSON,
            is_undo=False,
        )
        return self.filter(Exists(unsure))

    def handed_on_to(self, actor: User) -> Self:
        """Return those that others could not decide, most urgent first."""
        decisions = apps.get_model("moderation", "Decision")
        own = decisions._default_manager.filter(  # noqa: SLF001
            case=OuterRef("pk"), superseded_by=None, actor=actor
        )
        rows = self.in_state(constants.CaseState.ESCALATED).exclude(Exists(own))
        return rows.most_urgent_first()

    def with_lapsed_claim(self) -> Self:
        """Return those whose claim has passed, by the database's clock."""
        return self.filter(state=constants.CaseState.CLAIMED, claim_expires_at__lt=Now())

    def held_by(self, actor: User) -> Self:
        """Return those that this person holds at the moment."""
        return self.filter(
            state=constants.CaseState.CLAIMED, claimed_by=actor, claim_expires_at__gte=Now()
        )

    def given_to(self, actor: User) -> Self:
        """Return those that a lead gave this person and that they have not opened yet."""
        return self.held_by(actor).filter(given_at__isnull=False).most_urgent_first()

    def with_appeal(self) -> Self:
        """Return those on which an appeal waits."""
        return self.filter(has_appeal=True)

    def without_appeal(self) -> Self:
        """Leave out those on which an appeal waits."""
        return self.filter(has_appeal=False)

    def on_message(self, message: Message | int | OuterRef | None) -> Self:
        """Return those about a message."""
        return self.filter(message=message)

    def on_conversation(self, conversation: Conversation | int | OuterRef) -> Self:
        """Return those about messages of a conversation."""
        return self.filter(conversation=conversation)

    def opened_at_once(self) -> Self:
        """Return those that opened only as somebody of staff decided them."""
        return self.filter(opened_at_once())

    def with_reasons_kept_from(self, reviewer: User) -> Self:
        """Return those whose earlier reasons wait for this reviewer's own opinion."""
        return self.filter(blind_reviews.kept_from(reviewer, case="pk"))

    def fit_for(self, actor: User) -> Self:
        """Leave out those in which this person has a part."""
        return self.exclude(_has_part(actor))

    def with_part_of(self, viewer: User) -> Self:
        """Say of each, as `has_part`, whether this person has a part in it."""
        return self.annotate(has_part=whether(_has_part(viewer)))

    def with_last_decision(self) -> Self:
        """Say of each what the decision that stands says: `verdict`, `decided_by` and `reason`."""
        decisions = apps.get_model("moderation", "Decision")._default_manager  # noqa: SLF001
        last = decisions.of_case(OuterRef("pk")).not_superseded().order_by("-id")
        return self.annotate(
            verdict=Subquery(last.values("verdict")[:1]),
            decided_by=Subquery(last.values("actor_label")[:1]),
            reason=Subquery(last.values("reason")[:1]),
        )

    def with_points_of(self, person_id: int) -> Self:
        """Say of each how many `points` a person has, and what more of them would bring.

        `next_points` and `next_consequence` are of the threshold that comes next, null where they
        have reached all.
        """
        strikes = apps.get_model("moderation", "Strike")._default_manager  # noqa: SLF001
        thresholds = apps.get_model("moderation", "Threshold")._default_manager  # noqa: SLF001
        counting = strikes.active().about(person_id).order_by().values("subject_id")
        following = thresholds.above(OuterRef("points")).order_by("points")
        return self.annotate(
            points=Coalesce(Subquery(counting.annotate(sum=Sum("points")).values("sum")), 0),
            next_points=Subquery(following.values("points")[:1]),
            next_consequence=Subquery(following.values("consequence")[:1]),
        )


def _has_part(person: User) -> Q:
    """Return the condition of cases about somebody, reported by them, or with an appeal against.

    An appeal is against everybody who decided anything about what is appealed: first, again, or
    in the case in which the appeal waits.
    """
    flags = apps.get_model("moderation", "Flag")
    appeals = apps.get_model("moderation", "Appeal")
    decisions = apps.get_model("moderation", "Decision")
    reported = flags._default_manager.filter(reporter=person, case=OuterRef("pk"))  # noqa: SLF001
    decided = decisions._default_manager.filter(  # noqa: SLF001
        Q(case=OuterRef("case")) | Q(case=OuterRef("decision__case")), actor=person
    )
    against = appeals._default_manager.filter(  # noqa: SLF001
        Exists(decided), case=OuterRef("pk"), state__in=constants.PENDING_APPEALS
    )
    return Q(subject=person) | Q(Exists(reported)) | Q(Exists(against))


class FlagQuerySet(CaseRowQuerySet["Flag"]):
    """Named queries over flags."""

    person_path: ClassVar[str] = "case__subject"

    def pending(self) -> Self:
        """Return those that no decision has answered."""
        return self.filter(outcome=constants.FlagOutcome.PENDING)

    def answered(self) -> Self:
        """Return those that a decision has answered."""
        return self.exclude(outcome=constants.FlagOutcome.PENDING)

    def on_message(self, message: Message | int) -> Self:
        """Return those that point at a message."""
        return self.filter(message=message)

    def raised_by(self, reporter: User | int | OuterRef) -> Self:
        """Return those of one person."""
        return self.filter(reporter=reporter)

    def with_reporter(self) -> Self:
        """Return those that say who raised them."""
        return self.filter(reporter__isnull=False)

    def reports(self) -> Self:
        """Return what people reported of their own conversations."""
        return self.with_reporter().filter(source=constants.FlagSource.USER)

    def naming_a_policy(self) -> Self:
        """Return those that say what it was thought to go against."""
        return self.filter(policy__isnull=False)

    def of_rules(self, *, rule: int | None, mode: str) -> Self:
        """Return those that rules raised.

        Args:
            rule: the number of one; None for any.
            mode: the mode that it was in; empty for any.
        """
        rows = self.filter(hit__isnull=False)
        rows = rows if rule is None else rows.filter(hit__rule=rule)
        return rows.filter(hit__mode=mode) if mode else rows

    def of_hit(self, hit_id: int) -> Self:
        """Return those that a hit raised."""
        return self.filter(hit=hit_id)

    def with_records_of_reporters(self) -> Self:
        """Say of each how many flags of its reporter were `decided`, and how many of them `agreed`.

        One that was answered with neither counts in neither.
        """
        flags = FlagQuerySet(self.model).raised_by(OuterRef("reporter")).order_by()
        outcomes = constants.FlagOutcome
        return self.annotate(
            agreed=_number_of(flags.filter(outcome=outcomes.AGREED)),
            decided=_number_of(flags.filter(outcome__in=(outcomes.AGREED, outcomes.DISAGREED))),
        )


def _number_of(flags: FlagQuerySet) -> Subquery:
    return Subquery(flags.values("reporter").annotate(number=Count("pk")).values("number"))
