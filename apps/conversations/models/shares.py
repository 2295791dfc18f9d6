from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext

from apps.conversations import constants
from apps.conversations.models.conversations import Conversation
from apps.conversations.querysets import ShareQuerySet
from apps.users.models import User


class Share(models.Model):
    """A conversation as it was at one moment, for whoever has the link.

    The snapshot names its messages. Their text never changes but by moderation, so that what staff
    hide, redact or withhold is gone from every link at once, and comes back with it. So does the
    title, `dropped_title` meanwhile, with the question that it was made of, `titled_from`.
    """

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="shares", db_index=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="shares")
    token_hash = models.CharField(max_length=64, unique=True)
    title = models.CharField(max_length=constants.MAX_TITLE_CHARS, blank=True)
    is_title_own = models.BooleanField(default=False)
    titled_from = models.BigIntegerField(null=True)
    dropped_title = models.CharField(
        max_length=constants.MAX_TITLE_CHARS, blank=True, default="", db_default=""
    )
    message_ids = ArrayField(models.BigIntegerField())
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    is_revoked_by_staff = models.BooleanField(default=False)
    was_revoked_by_owner = models.BooleanField(default=False, db_default=False)
    reason_for_user = models.TextField(blank=True, default="", db_default="")
    view_count = models.PositiveIntegerField(default=0)

    objects: ClassVar[ShareQuerySet] = ShareQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        permissions = [("revoke_share", "Can revoke shared links")]
        indexes = [models.Index(fields=["owner", "-id"], name="share_by_owner")]

    def __str__(self) -> str:
        return f"{self.display_title} (link {self.pk})"

    @property
    def display_title(self) -> str:
        """The title at that moment, or the words where it may not be shown any more."""
        return self.title or gettext(constants.UNTITLED_SHARE)
