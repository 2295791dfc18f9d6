from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.conversations import constants
from apps.conversations.models.conversations import Conversation
from apps.conversations.querysets import MessageQuerySet
from apps.users.models import User


class Message(models.Model):
    """One message of a conversation; answers to one question are siblings.

    `is_current` marks the branch that is shown, so that reading a conversation is one indexed range
    and never a walk over parents. `content` is the source text; `html` is its rendering by the
    renderer of `html_version`, filled when the text is final. `prompt` is set where a program named
    the whole prompt and its parameters; `content` is then all text of it that is not the model's.
    `fingerprint` is what a program's request with the `client_id` is known again by.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages"
    )
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    role = models.CharField(max_length=20, choices=constants.Author.choices)
    author = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="messages")
    content = models.TextField(blank=True)
    html = models.TextField(blank=True)
    html_version = models.PositiveSmallIntegerField(default=0)
    client_id = models.CharField(max_length=constants.MAX_CLIENT_ID_CHARS, null=True)  # noqa: DJ001
    fingerprint = models.CharField(max_length=64, blank=True, default="", db_default="")
    context = models.JSONField(null=True)
    metadata = models.JSONField(null=True)
    prompt = models.JSONField(null=True)
    is_current = models.BooleanField(default=True)
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_reason = models.TextField(blank=True)
    redacted_at = models.DateTimeField(null=True, blank=True)
    redacted_reason = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[MessageQuerySet] = MessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        permissions = [("hide_message", "Can hide and restore messages")]
        indexes = [
            models.Index(
                fields=["conversation", "id"],
                name="message_path",
                condition=models.Q(is_current=True),
            ),
            models.Index(
                fields=["-id"], name="message_hidden", condition=models.Q(hidden_at__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["author", "client_id"],
                name="message_once_per_client_id",
                condition=models.Q(client_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} message (#{self.pk})"

    @property
    def is_hidden(self) -> bool:
        """Whether staff took the message from view."""
        return self.hidden_at is not None

    @property
    def is_redacted(self) -> bool:
        """Whether staff took passages out of the text."""
        return self.redacted_at is not None
