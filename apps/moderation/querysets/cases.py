"""Named queries over cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import (
    Exists,
    OuterRef,
    Q,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce, Now

from apps.moderation import constants
from apps.moderation.querysets import blind_reviews
from apps.moderation.querysets.appeals import AppealQuerySet
from apps.moderation.querysets.base import all_rows, whether
from apps.moderation.querysets.decisions import (
    DecisionQuerySet,
    StrikeQuerySet,
    ThresholdQuerySet,
)
from apps.moderation.querysets.figures import CaseFigureQuerySet, opened_at_once
from apps.moderation.querysets.flags import FlagQuerySet
from apps.moderation.querysets.queue import QueueQuerySet

if TYPE_CHECKING:
    from apps.conversations.models import Conversation, Message
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
        unsure = _last_decisions().of_verdict(constants.Verdict.UNSURE).made_by_people()
        return self.filter(Exists(unsure.without_undos()))

    def handed_on_to(self, actor: User) -> Self:
        """Return those that others could not decide, most urgent first."""
        own = _last_decisions().made_by(actor)
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
        last = _last_decisions().order_by("-id")
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
        strikes = all_rows(StrikeQuerySet, "Strike").active().about(person_id)
        counting = strikes.order_by().values("subject_id")
        thresholds = all_rows(ThresholdQuerySet, "Threshold")
        following = thresholds.above(OuterRef("points")).order_by("points")
        return self.annotate(
            points=Coalesce(Subquery(counting.annotate(sum=Sum("points")).values("sum")), 0),
            next_points=Subquery(following.values("points")[:1]),
            next_consequence=Subquery(following.values("consequence")[:1]),
        )


def _last_decisions() -> DecisionQuerySet:
    """Return the decisions of each case in whose place no other stands."""
    return all_rows(DecisionQuerySet, "Decision").of_case(OuterRef("pk")).not_superseded()


def _has_part(person: User) -> Q:
    """Return the condition of cases about somebody, reported by them, or with an appeal against.

    An appeal is against everybody who decided anything about what is appealed: first, again, or
    in the case in which the appeal waits.
    """
    here = OuterRef("pk")
    reported = all_rows(FlagQuerySet, "Flag").of_case(here).raised_by(person)
    decided = all_rows(DecisionQuerySet, "Decision").made_by(person).behind_appeals()
    pending = all_rows(AppealQuerySet, "Appeal").of_case(here).pending()
    against = pending.filter(Exists(decided))
    return Q(subject=person) | Q(Exists(reported)) | Q(Exists(against))
