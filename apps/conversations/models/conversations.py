from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext

from apps.conversations import constants
from apps.conversations.querysets import ConversationQuerySet
from apps.users.models import User


class Conversation(models.Model):
    """A person's talk with a model.

    `titled_from` is the number of the question that the title was made of, where the product made
    it; nothing where a person did, and where that was before it was kept.
    """

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="conversations")
    title = models.CharField(max_length=constants.MAX_TITLE_CHARS, blank=True)
    title_source = models.CharField(
        max_length=20,
        choices=constants.TitleSource.choices,
        default=constants.TitleSource.NONE,
    )
    titled_from = models.BigIntegerField(null=True)
    message_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    last_message_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(db_default=Now())
    origin = models.CharField(
        max_length=20,
        choices=constants.Origin.choices,
        default=constants.Origin.CHAT,
        db_default=constants.Origin.CHAT,
    )
    assistant = models.ForeignKey(
        "llm.Assistant", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    locked_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ConversationQuerySet] = ConversationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(
                fields=["owner", "-last_message_at", "-id"],
                name="conversation_listed",
                condition=models.Q(deleted_at=None, archived_at=None, origin="chat"),
            ),
            models.Index(
                fields=["owner", "-archived_at", "-id"],
                name="conversation_archived",
                condition=models.Q(deleted_at=None, archived_at__isnull=False),
            ),
            models.Index(
                fields=["owner", "-deleted_at", "-id"],
                name="conversation_deleted",
                condition=models.Q(deleted_at__isnull=False),
            ),
            models.Index(
                fields=["deleted_at"],
                name="conversation_to_purge",
                condition=models.Q(deleted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title or constants.UNTITLED} (#{self.pk})"

    @property
    def is_unread(self) -> bool:
        """Whether something was written since its owner last looked."""
        return self.last_message_at > self.read_at

    @property
    def display_title(self) -> str:
        """The title, or the words for a conversation that has none yet."""
        return self.title or gettext(constants.UNTITLED)
