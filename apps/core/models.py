from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from apps.core.querysets import IdempotentRequestQuerySet


class IdempotentRequest(models.Model):
    """A request that came with a key, and what it was answered; kept for a day.

    `key_hash` and `fingerprint` are keyed hashes. `answer` is encrypted with a key that is made
    from the caller's own, which is not stored: who reads this table reads no token and no text.
    """

    caller = models.CharField(max_length=80)
    operation = models.CharField(max_length=80)
    key_hash = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField(null=True)
    answer = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[IdempotentRequestQuerySet] = IdempotentRequestQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["created_at"], name="idempotent_by_age")]
        constraints = [
            models.UniqueConstraint(
                fields=["caller", "operation", "key_hash"], name="one_request_per_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} (#{self.pk})"
