from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.conversations import constants
from apps.conversations.querysets import ConversationQuerySet, MessageQuerySet, ReplyQuerySet
from apps.users.models import User


class Conversation(models.Model):
    """A person's talk with a model."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="conversations")
    title = models.CharField(max_length=constants.MAX_TITLE_CHARS, blank=True)
    title_source = models.CharField(
        max_length=20,
        choices=constants.TitleSource.choices,
        default=constants.TitleSource.NONE,
    )
    message_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    last_message_at = models.DateTimeField(auto_now_add=True)
    origin = models.CharField(
        max_length=20,
        choices=constants.Origin.choices,
        default=constants.Origin.CHAT,
        db_default=constants.Origin.CHAT,
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
                name="conversation_list",
                condition=Q(deleted_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title or constants.UNTITLED} (#{self.pk})"

    @property
    def display_title(self) -> str:
        """The title, or the words for a conversation that has none yet."""
        return self.title or constants.UNTITLED


class Message(models.Model):
    """One message of a conversation; answers to one question are siblings.

    `is_current` marks the branch that is shown, so that reading a conversation is one indexed range
    and never a walk over parents. `content` is the source text; `html` is its rendering by the
    renderer of `html_version`, filled when the text is final. `prompt` is set where a program named
    the whole prompt and its parameters; `content` is then all text of it that is not the model's.
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
    context = models.JSONField(null=True)
    metadata = models.JSONField(null=True)
    prompt = models.JSONField(null=True)
    is_current = models.BooleanField(default=True)
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_reason = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[MessageQuerySet] = MessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        permissions = [("hide_message", "Can hide and restore messages")]
        indexes = [
            models.Index(
                fields=["conversation", "id"], name="message_path", condition=Q(is_current=True)
            ),
            models.Index(
                fields=["-id"], name="message_hidden", condition=Q(hidden_at__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["author", "client_id"],
                name="message_once_per_client_id",
                condition=Q(client_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} message (#{self.pk})"

    @property
    def is_hidden(self) -> bool:
        """Whether staff took the message from view."""
        return self.hidden_at is not None


class Reply(models.Model):
    """One attempt of a model to answer; its text is the assistant message that it belongs to.

    A worker writes to it under a lease: `lease_owner` names the worker, `fence` counts the leases,
    and every write is conditional on both the owner and the state `running`.
    """

    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, primary_key=True, related_name="reply"
    )
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="replies")
    state = models.CharField(
        max_length=20,
        choices=constants.ReplyState.choices,
        default=constants.ReplyState.QUEUED,
    )
    error_code = models.CharField(max_length=60, blank=True)
    notice = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    model = models.CharField(max_length=120)
    temperature = models.FloatField()
    prompt_tokens = models.PositiveIntegerField(null=True)
    completion_tokens = models.PositiveIntegerField(null=True)
    usage_source = models.CharField(max_length=20, blank=True)
    reserved_tokens = models.PositiveIntegerField(default=0)
    correlation_id = models.CharField(max_length=64, blank=True)
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_expires_at = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    stop_requested_at = models.DateTimeField(null=True)
    stop_state = models.CharField(max_length=20, blank=True)
    queued_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    first_token_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[ReplyQuerySet] = ReplyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "replies"
        default_permissions = ("view",)
        permissions = [("halt_reply", "Can halt answers that are being written")]
        indexes = [
            models.Index(fields=["queued_at"], name="reply_by_time", include=["model", "state"]),
            models.Index(
                fields=["state", "lease_expires_at"],
                name="reply_live",
                condition=Q(state__in=("queued", "running")),
            ),
            models.Index(
                fields=["state", "-message"],
                name="reply_unhappy",
                condition=Q(state__in=constants.UNHAPPY_STATES),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                name="one_live_reply_per_conversation",
                condition=Q(state__in=("queued", "running")),
            ),
            models.CheckConstraint(
                condition=Q(state__in=constants.ReplyState.values), name="reply_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("queued", "running"), finished_at=None)
                | (~Q(state__in=("queued", "running")) & Q(finished_at__isnull=False)),
                name="reply_finished_at_when_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"reply {self.pk} ({self.state})"

    @property
    def is_live(self) -> bool:
        """Whether the answer has not ended yet."""
        return self.state in constants.LIVE_STATES
