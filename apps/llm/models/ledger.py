from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from apps.llm import constants
from apps.llm.models.catalogue import ChatModel
from apps.llm.models.prices import Price
from apps.llm.querysets import UsageDayQuerySet, UsageRecordQuerySet


def token_key(**options: Any) -> models.ForeignKey[Any, Any]:  # noqa: ANN401
    """Return the column of the API token that a call came by; tokens are revoked, never removed."""
    return models.ForeignKey(
        "users.ApiToken",
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        **options,
    )


def model_key() -> models.ForeignKey[Any, Any]:
    """Return the column of the catalogue's model that was asked; NULL where nobody knows which."""
    return models.ForeignKey(
        ChatModel,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )


class UsageRecord(models.Model):
    """One line of the ledger: one call to a model, for whom, what it used and how it ended.

    The organisation's own calls, by which rules judge texts, are nobody's: they have no user. Nor
    have those of a person whose account is gone.
    Cost and prices are in nano-dollars, frozen as they were when the call began; the prices are for
    a million tokens. What has no price has no cost, which is not the same as a cost of nothing.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="usage_records"
    )
    api_token = token_key()
    purpose = models.CharField(max_length=20, choices=constants.Purpose.choices)
    reference_id = models.BigIntegerField()
    model = models.CharField(max_length=120)
    chat_model = model_key()
    prompt_tokens = models.PositiveIntegerField()
    cached_tokens = models.PositiveIntegerField(default=0, db_default=0)
    completion_tokens = models.PositiveIntegerField()
    source = models.CharField(max_length=20, choices=constants.UsageSource.choices)
    price = models.ForeignKey(
        Price,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    price_source = models.CharField(
        max_length=20, choices=constants.PriceSource.choices, blank=True, default="", db_default=""
    )
    input_nano = models.BigIntegerField(null=True)
    cached_input_nano = models.BigIntegerField(null=True)
    output_nano = models.BigIntegerField(null=True)
    cost_nano = models.BigIntegerField(null=True)
    cost_source = models.CharField(
        max_length=20,
        choices=constants.CostSource.choices,
        default=constants.CostSource.UNKNOWN,
        db_default=constants.CostSource.UNKNOWN,
    )
    outcome = models.CharField(max_length=40)
    first_token_ms = models.PositiveIntegerField(null=True)
    duration_ms = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UsageRecordQuerySet] = UsageRecordQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        permissions = [("view_cost", "Can see what calls to models cost")]
        indexes = [
            models.Index(fields=["user", "created_at"], name="usage_by_user_and_time"),
            models.Index(fields=["purpose", "reference_id"], name="usage_by_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.reference_id} by {self.model} (#{self.pk})"


class UsageSum(models.Model):
    """What one person used of one model in some stretch, by one way and for one purpose.

    `api_token_id` is 0 for what came without a token. Without a user it is what the organisation
    itself used, and for the purposes of people what those used whose accounts are gone. No account
    is removed while it has sums: `usage.part_with` makes them nobody's.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    model = models.CharField(max_length=120)
    chat_model = model_key()
    api_token_id = models.BigIntegerField(default=0)
    purpose = models.CharField(max_length=20, choices=constants.Purpose.choices)
    calls = models.PositiveIntegerField()
    prompt_tokens = models.BigIntegerField()
    completion_tokens = models.BigIntegerField()
    cost_nano = models.BigIntegerField()
    estimated_calls = models.PositiveIntegerField()
    unpriced_calls = models.PositiveIntegerField()

    class Meta:
        abstract = True


class UsageDay(UsageSum):
    """What one person used on one day of USAGE_TIME_ZONE; the ledger's statement keeps it up."""

    day = models.DateField()
    purpose = models.CharField(
        max_length=20,
        choices=constants.Purpose.choices,
        default=constants.Purpose.REPLY,
        db_default=constants.Purpose.REPLY,
    )

    objects: ClassVar[UsageDayQuerySet] = UsageDayQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user", "day", "model", "api_token_id", "purpose", "chat_model"],
                name="one_usage_day_of_a_model",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(
                fields=["day"],
                name="usage_of_day_and_model",
                include=[
                    *("user", "model", "chat_model", "api_token_id", "purpose"),
                    *("calls", "prompt_tokens"),
                    *("completion_tokens", "cost_nano", "estimated_calls", "unpriced_calls"),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} by user {self.user_id} on {self.day}"


class UsageWeek(UsageSum):
    """What one person used in one whole week that is over.

    Upkeep sums it from the days once, so that long stretches are read in fewer rows; `week` is its
    Monday. It is there for weeks whose Sunday has a `UsageTotal`.
    """

    week = models.DateField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user", "week", "model", "api_token_id", "purpose", "chat_model"],
                name="one_usage_week_of_a_model",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(
                fields=["week"],
                name="usage_of_week",
                include=[
                    *("user", "model", "chat_model", "api_token_id", "purpose"),
                    *("calls", "prompt_tokens"),
                    *("completion_tokens", "cost_nano", "unpriced_calls"),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} by user {self.user_id} in the week of {self.week}"


class UsageTotal(models.Model):
    """What all people together used on one day that is over, for one purpose, or for all of them.

    Without a purpose it is all of it, and says that the day has been summed.
    """

    day = models.DateField()
    purpose = models.CharField(max_length=20, blank=True)
    calls = models.BigIntegerField()
    prompt_tokens = models.BigIntegerField()
    completion_tokens = models.BigIntegerField()
    cost_nano = models.BigIntegerField()
    unpriced_calls = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["day", "purpose"], name="one_usage_total_of_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.calls} calls on {self.day}"
