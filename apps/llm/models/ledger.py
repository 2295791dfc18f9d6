from django.conf import settings
from django.db import models

from apps.llm import constants


class UsageRecord(models.Model):
    """One line of the ledger: one call to a model, for whom, what it used and how it ended."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="usage_records"
    )
    purpose = models.CharField(max_length=20, choices=constants.Purpose.choices)
    reference_id = models.BigIntegerField()
    model = models.CharField(max_length=120)
    prompt_tokens = models.PositiveIntegerField()
    completion_tokens = models.PositiveIntegerField()
    source = models.CharField(max_length=20, choices=constants.UsageSource.choices)
    outcome = models.CharField(max_length=40)
    first_token_ms = models.PositiveIntegerField(null=True)
    duration_ms = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "created_at"], name="usage_by_user_and_time"),
            models.Index(fields=["purpose", "reference_id"], name="usage_by_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.reference_id} by {self.model} (#{self.pk})"
