"""Named queries over cases and the flags on them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar, Self

from django.apps import apps
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    Subquery,
)
from django.db.models.functions import Now

from apps.moderation import constants
from apps.moderation.querysets.base import CaseRowQuerySet, SubjectQuerySet

if TYPE_CHECKING:
    from apps.conversations.models import Conversation, Message
    from apps.moderation.models import Case, CaseSnapshot, Flag  # noqa: F401
    from apps.users.models import User


class CaseQuerySet(SubjectQuerySet["Case"]):
    """Named queries over cases."""

    def not_closed(self) -> Self:
        """Return those that wait for a decision."""
        return self.exclude(state=constants.CaseState.CLOSED)

    def letting_in(self) -> Self:
        """Return those because of which staff may read their conversation."""
        return self.not_closed().filter(is_sealed=False)

    def waiting(self) -> Self:
        """Return those that nobody holds, most urgent first: the queue."""
        return self.filter(state=constants.CaseState.OPEN).order_by("-priority", "due_at", "id")

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
        rows = self.filter(state=constants.CaseState.ESCALATED).exclude(Exists(own))
        return rows.order_by("-priority", "due_at", "id")

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
        rows = self.held_by(actor).filter(given_at__isnull=False)
        return rows.order_by("-priority", "due_at", "id")

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

    def fit_for(self, actor: User) -> Self:
        """Leave out those in which this person has a part."""
        return self.exclude(_has_part(actor))

    def with_part_of(self, viewer: User) -> Self:
        """Say of each, as `has_part`, whether this person has a part in it."""
        is_part = ExpressionWrapper(_has_part(viewer), output_field=BooleanField())
        return self.annotate(has_part=is_part)


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


def opened_at_once(case: str = "pk") -> Q:
    """Return the condition of rows whose case opened only as somebody of staff decided it.

    What staff flag waits for others, with the name of whoever flagged it.

    Args:
        case: path from the row to the case's number.
    """
    flags = apps.get_model("moderation", "Flag")._default_manager  # noqa: SLF001
    waits = flags.filter(
        case=OuterRef(case), source=constants.FlagSource.STAFF, reporter__isnull=False
    )
    path = "" if case == "pk" else f"{case}__"
    return Q(**{f"{path}source": constants.FlagSource.STAFF}) & ~Q(Exists(waits))


class CaseSnapshotQuerySet(CaseRowQuerySet["CaseSnapshot"]):
    """Named queries over texts as they were judged."""

    def of_messages(self, numbers: Collection[int]) -> Self:
        """Return those of some messages."""
        return self.filter(case__message_id__in=numbers)


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
