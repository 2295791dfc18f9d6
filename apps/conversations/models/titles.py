from __future__ import annotations

from django.db import models

from apps.conversations import constants
from apps.conversations.models.messages import Message


class DroppedTitle(models.Model):
    """The title that a conversation had until the question that it was made of was taken from view.

    It comes back with the question.
    """

    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, primary_key=True, related_name="dropped_title"
    )
    title = models.CharField(max_length=constants.MAX_TITLE_CHARS)
    title_source = models.CharField(max_length=20, choices=constants.TitleSource.choices)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"title made of message {self.message_id}"
