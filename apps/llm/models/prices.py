from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.llm import constants
from apps.llm.models.catalogue import ChatModel
from apps.llm.querysets import PriceLookupQuerySet, PriceQuerySet


class PriceLookup(models.Model):
    """What a published price list said of a model; at most one for each model is current.

    `question` is a hash of what was asked, so that another name, address or list asks anew.
    One that was retired still says what a call has cost that began before.
    """

    chat_model = models.ForeignKey(ChatModel, on_delete=models.PROTECT, related_name="lookups")
    question = models.CharField(max_length=64)
    list_version = models.CharField(max_length=40)
    outcome = models.CharField(max_length=20, choices=constants.LookupOutcome.choices)
    entry = models.CharField(max_length=300, blank=True)
    is_current = models.BooleanField(default=True)
    retired_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField()
    look_again_at = models.DateTimeField(null=True)

    objects: ClassVar[PriceLookupQuerySet] = PriceLookupQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["chat_model"],
                name="one_current_lookup",
                condition=models.Q(is_current=True),
            )
        ]

    def __str__(self) -> str:
        return f"model {self.chat_model_id} in {self.list_version}: {self.outcome}"


class Price(models.Model):
    """What a million tokens of a model cost from a moment on, in nano-dollars; never changed.

    It is for one model of the catalogue, else for all models of that name, or where `is_prefix` for
    all whose names begin so. The one model goes before the exact name, that before a beginning, a
    longer beginning before a shorter one, and then the one that has come into force last. A mistake
    is mended by another row with the same moment.

    A published price names the lookup that found it and holds while that is current; any price that
    staff typed goes before it. For a prompt of more than `long_above` tokens the `long_` prices
    count, for all of its tokens.
    """

    chat_model = models.ForeignKey(
        ChatModel, null=True, on_delete=models.PROTECT, related_name="prices"
    )
    lookup = models.ForeignKey(
        PriceLookup, null=True, on_delete=models.PROTECT, related_name="prices"
    )
    model_name = models.CharField(max_length=120)
    is_prefix = models.BooleanField(default=False)
    input_nano = models.BigIntegerField()
    cached_input_nano = models.BigIntegerField()
    output_nano = models.BigIntegerField()
    long_above = models.PositiveIntegerField(null=True)
    long_input_nano = models.BigIntegerField(null=True)
    long_cached_input_nano = models.BigIntegerField(null=True)
    long_output_nano = models.BigIntegerField(null=True)
    valid_from = models.DateTimeField()
    source = models.CharField(max_length=20, choices=constants.PriceSource.choices)
    reason = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[PriceQuerySet] = PriceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view", "add")
        indexes = [
            models.Index(fields=["model_name", "-valid_from"], name="price_by_model"),
            models.Index(
                fields=["model_name"], name="price_of_beginning", condition=models.Q(is_prefix=True)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(input_nano__gte=0, cached_input_nano__gte=0, output_nano__gte=0),
                name="price_is_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    long_above=None,
                    long_input_nano=None,
                    long_cached_input_nano=None,
                    long_output_nano=None,
                )
                | models.Q(
                    long_above__gte=0,
                    long_input_nano__gte=0,
                    long_cached_input_nano__gte=0,
                    long_output_nano__gte=0,
                ),
                name="price_of_long_prompts_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(lookup=None)
                | models.Q(
                    source=constants.PriceSource.PUBLISHED,
                    chat_model__isnull=False,
                    is_prefix=False,
                ),
                name="published_price_is_of_one_model",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_name}{'*' * self.is_prefix} from {self.valid_from:%Y-%m-%d}"
