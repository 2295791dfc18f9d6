from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models

from apps.llm import constants
from apps.llm.models.catalogue import ChatModel
from apps.llm.querysets import QuotaCounterQuerySet, QuotaQuerySet, ReservationQuerySet


class Quota(models.Model):
    """How much may be used in one period of the calendar: by whom, of what, and what happens then.

    That of a model counts the catalogue's model where it names one, else all models of that name.
    One row at most is `from_settings`: its amount is USER_DAILY_TOKENS; where that is 0, it does
    not count. An owner's limit of a token stands beside that of staff, which the owner cannot lift.
    """

    kind = models.CharField(max_length=20, choices=constants.QuotaKind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="+")
    api_token = models.ForeignKey(
        "users.ApiToken", null=True, on_delete=models.CASCADE, related_name="+"
    )
    chat_model = models.ForeignKey(ChatModel, null=True, on_delete=models.PROTECT, related_name="+")
    model_name = models.CharField(max_length=120, blank=True)
    unit = models.CharField(max_length=20, choices=constants.QuotaUnit.choices)
    period = models.CharField(max_length=20, choices=constants.Period.choices)
    amount = models.BigIntegerField()
    is_hard = models.BooleanField(default=True)
    from_settings = models.BooleanField(default=False)
    by_staff = models.BooleanField(default=True, db_default=True)
    reason = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[QuotaQuerySet] = QuotaQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view", "change")
        indexes = [
            models.Index(
                fields=["kind"], name="quota_open_kind", condition=models.Q(ended_at=None)
            ),
            models.Index(
                fields=["model_name"], name="quota_open_model", condition=models.Q(ended_at=None)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("kind", "user", "group", "api_token", "model_name", "chat_model"),
                    *("unit", "period", "is_hard", "from_settings", "by_staff"),
                ],
                name="one_open_quota_of_a_setter",
                condition=models.Q(ended_at=None),
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="quota_is_not_negative"),
            models.CheckConstraint(
                condition=(
                    models.Q(kind="everyone", user=None, group=None, api_token=None, model_name="")
                    | models.Q(kind="person", user__isnull=False, group=None, api_token=None)
                    | models.Q(kind__in=["group", "member"], group__isnull=False, user=None)
                    | models.Q(kind="token", api_token__isnull=False, user=None, group=None)
                    | (
                        models.Q(kind="model", user=None, group=None, api_token=None)
                        & ~models.Q(model_name="")
                    )
                ),
                name="quota_has_its_subject",
            ),
            models.CheckConstraint(
                condition=models.Q(chat_model=None) | models.Q(kind="model"),
                name="quota_of_a_model_names_it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} quota of {self.unit} a {self.period} (#{self.pk})"


class QuotaCounter(models.Model):
    """What was used and is reserved of a quota in one of its periods.

    `holder_id` is the person where each has a share of their own, and 0 where all share one.
    """

    quota = models.ForeignKey(Quota, on_delete=models.CASCADE, related_name="counters")
    holder_id = models.BigIntegerField(default=0)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    used = models.BigIntegerField(default=0, db_default=0)
    reserved = models.BigIntegerField(default=0, db_default=0)

    objects: ClassVar[QuotaCounterQuerySet] = QuotaCounterQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["ends_at"], name="counter_by_end")]
        constraints = [
            models.UniqueConstraint(
                fields=["quota", "holder_id", "starts_at"], name="one_counter_for_a_period"
            )
        ]

    def __str__(self) -> str:
        return f"{self.used} used of quota {self.quota_id} since {self.starts_at}"


class Reservation(models.Model):
    """What one call that has not ended may still use of one counter; removed when it is settled.

    `answer_tokens` are those of the answer, where the quota is hard: the answer may have no more.
    """

    purpose = models.CharField(max_length=20, choices=constants.Purpose.choices)
    reference_id = models.BigIntegerField()
    counter = models.ForeignKey(QuotaCounter, on_delete=models.CASCADE, related_name="+")
    amount = models.BigIntegerField()
    answer_tokens = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[ReservationQuerySet] = ReservationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["created_at"], name="reservation_by_age")]
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "reference_id", "counter"], name="one_reservation_of_a_counter"
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount} for {self.purpose} {self.reference_id}"
