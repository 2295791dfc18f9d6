from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.conversations import constants
from apps.conversations.models.messages import Message
from apps.conversations.querysets import FeedbackQuerySet


class Feedback(models.Model):
    """What the person who asked thinks of an answer, and why if they say so; staff read it."""

    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, primary_key=True, related_name="feedback"
    )
    rating = models.CharField(max_length=20, choices=constants.Rating.choices)
    reason = models.CharField(max_length=constants.MAX_FEEDBACK_CHARS, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[FeedbackQuerySet] = FeedbackQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "feedback"
        default_permissions = ("view",)
        indexes = [models.Index(fields=["rating", "-message"], name="feedback_by_rating")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rating__in=constants.Rating.values), name="feedback_rating_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rating} feedback (#{self.pk})"
