from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth import get_user_model
from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast, NullIf

from apps.llm.constants import QuotaKind

if TYPE_CHECKING:
    from apps.llm.models import Quota, QuotaCounter, Reservation  # noqa: F401

_SUBJECT = ("kind", "user_id", "group_id", "api_token_id", "model_name", "chat_model_id")


class QuotaQuerySet(QuerySet["Quota"]):
    """Named queries over quotas."""

    def open(self) -> Self:
        """Return those that hold."""
        return self.filter(ended_at=None)

    def set_by_hand(self) -> Self:
        """Leave out that of the settings."""
        return self.filter(from_settings=False)

    def of_token(self, api_token_id: int) -> Self:
        """Return those of one API token."""
        return self.filter(api_token_id=api_token_id)

    def limiting(self, person_id: int) -> Self:
        """Return those of a person, and of their API tokens."""
        return self.filter(Q(user=person_id) | Q(api_token__user=person_id))

    def beside(self, quota: Quota) -> Self:
        """Return those of the same subject, unit and period that warn where this one refuses.

        Or refuse where it warns.
        """
        same = {name: getattr(quota, name) for name in (*_SUBJECT, "unit", "period")}
        return self.filter(**same, is_hard=not quota.is_hard)

    def same_as(self, quota: Quota) -> Self:
        """Return those that say the same as this one, set by the same; one of them is open at most.

        What they allow may be another amount.
        """
        same = {name: getattr(quota, name) for name in (*_SUBJECT, "unit", "period", "is_hard")}
        return self.set_by_hand().filter(**same, by_staff=quota.by_staff)

    def alike(self) -> Self:
        """Return, for each counter of another query, those that count and do as its own does."""
        return self.filter(
            unit=OuterRef("quota__unit"),
            period=OuterRef("quota__period"),
            is_hard=OuterRef("quota__is_hard"),
        )


class QuotaCounterQuerySet(QuerySet["QuotaCounter"]):
    """Named queries over what was used of quotas."""

    def of_quota(self, quota: Quota) -> Self:
        """Return the counters of one quota."""
        return self.filter(quota=quota)

    def of_open_quotas(self) -> Self:
        """Return the counters of quotas that hold."""
        return self.filter(quota__ended_at=None)

    def running(self, moment: datetime) -> Self:
        """Return those whose period has not ended at a moment."""
        return self.filter(ends_at__gt=moment)

    def ended_before(self, moment: datetime) -> Self:
        """Return those whose period ended before a moment, the longest ago first."""
        return self.filter(ends_at__lt=moment).order_by("ends_at")

    def without(self, reservations: ReservationQuerySet) -> Self:
        """Leave out those of which something is reserved.

        Args:
            reservations: all reservations.
        """
        return self.filter(~Exists(reservations.of_counter(OuterRef("pk"))))

    def used_from(self, share: int, *, of_settings: int) -> Self:
        """Return those used to so many per cent, the most used first, each with its `part`.

        What is reserved is included. A quota of nothing is left out.

        Args:
            share: from so many per cent on.
            of_settings: the amount of the quota of the settings.
        """
        allowed = Case(
            When(quota__from_settings=True, then=Value(of_settings)),
            default=F("quota__amount"),
            output_field=BigIntegerField(),
        )
        taken = Cast(F("used") + F("reserved"), FloatField())
        parts = self.annotate(part=taken / NullIf(Cast(allowed, FloatField()), Value(0.0)))
        return parts.filter(part__gte=share / 100).order_by("-part", "pk")

    def counting(self, quotas: QuotaQuerySet) -> Self:
        """Leave out what counts for its holder no more, as the statement that reserves does.

        That is a quota of everyone where a group's or the person's own counts instead, one of a
        group's members where a larger one or the person's own does, and one of a group that the
        person left.

        Args:
            quotas: all quotas.
        """
        others = quotas.open().alike()
        membership: Any = get_user_model()._meta.get_field("groups").remote_field.through  # noqa: SLF001
        in_group = membership.objects.filter(group_id=OuterRef("group_id"))
        own = Exists(others.filter(kind=QuotaKind.PERSON, user_id=OuterRef("holder_id")))
        of_groups = others.filter(
            Exists(in_group.filter(user_id=OuterRef(OuterRef("holder_id")))), kind=QuotaKind.MEMBER
        )
        set_by_staff = Exists(others.set_by_hand().filter(kind=QuotaKind.EVERYONE))
        amount = OuterRef("quota__amount")
        larger = of_groups.filter(
            Q(amount__gt=amount) | Q(amount=amount, pk__lt=OuterRef("quota_id"))
        )
        has_left = ~Exists(
            membership.objects.filter(
                group_id=OuterRef("quota__group_id"), user_id=OuterRef("holder_id")
            )
        )
        return self.exclude(
            Q(quota__kind=QuotaKind.EVERYONE) & (own | Exists(of_groups))
            | Q(quota__kind=QuotaKind.EVERYONE, quota__from_settings=True) & set_by_staff
            | Q(quota__kind=QuotaKind.MEMBER) & (own | Exists(larger) | has_left)
        )


class ReservationQuerySet(QuerySet["Reservation"]):
    """Named queries over what calls have reserved and not settled."""

    def of_calls(self, purpose: str, reference_ids: Collection[int]) -> Self:
        """Return what some calls for one purpose have reserved."""
        return self.filter(purpose=purpose, reference_id__in=reference_ids)

    def of_counter(self, counter: int | OuterRef) -> Self:
        """Return what is reserved of one counter."""
        return self.filter(counter=counter)

    def made_before(self, moment: datetime, *, purpose: str) -> Self:
        """Return what calls for one purpose reserved before a moment, the oldest first."""
        return self.filter(created_at__lt=moment, purpose=purpose).order_by("created_at")

    def bounding_answers(self) -> Self:
        """Return those of hard quotas, which hold something for the answer itself."""
        return self.filter(answer_tokens__isnull=False)
