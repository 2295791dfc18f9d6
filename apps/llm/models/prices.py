from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.llm import constants


class Price(models.Model):
    """What a million tokens of a model cost from a moment on, in nano-dollars; never changed.

    It is for the model of that name, or where `is_prefix` for all whose names begin so. The exact
    name goes before a beginning, a longer beginning before a shorter one, and then the one that has
    come into force last. A mistake is mended by another row with the same moment.
    """

    model_name = models.CharField(max_length=120)
    is_prefix = models.BooleanField(default=False)
    input_nano = models.BigIntegerField()
    cached_input_nano = models.BigIntegerField()
    output_nano = models.BigIntegerField()
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

    class Meta:
        default_permissions = ("view", "add")
        indexes = [models.Index(fields=["model_name", "-valid_from"], name="price_by_model")]
        constraints = [
            models.CheckConstraint(
                condition=Q(input_nano__gte=0, cached_input_nano__gte=0, output_nano__gte=0),
                name="price_is_not_negative",
            )
        ]

    def __str__(self) -> str:
        return f"{self.model_name}{'*' * self.is_prefix} from {self.valid_from:%Y-%m-%d}"
