from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.conversations import constants
from apps.conversations.models.conversations import Conversation
from apps.conversations.models.messages import Message
from apps.conversations.querysets import ReplyQuerySet


class Reply(models.Model):
    """One attempt of a model to answer; its text is the assistant message that it belongs to.

    A worker writes to it under a lease: `lease_owner` names the worker, `fence` counts the leases,
    and every write is conditional on both the owner and the state `running`.

    `is_asked` is for the live board, and whoever finds its worker lost: whether a model was asked
    that may have used something, as the last checkpoint knew, with about how many `sent_tokens`,
    and how many `thought_tokens` beside the text. What one that ended has used stands in its
    tokens.

    `named_model` is the one that a program named, whichever answered in its place.

    `retry_at` is the moment before which the model server asked not to be asked again, where it
    failed so.
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
    retry_at = models.DateTimeField(null=True)
    notice = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    model = models.CharField(max_length=120)
    temperature = models.FloatField(null=True)
    chat_model = models.ForeignKey(
        "llm.ChatModel", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    named_model = models.ForeignKey(
        "llm.ChatModel",
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    assistant_version = models.ForeignKey(
        "llm.AssistantVersion",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    prompt_tokens = models.PositiveIntegerField(null=True)
    completion_tokens = models.PositiveIntegerField(null=True)
    usage_source = models.CharField(max_length=20, blank=True)
    cost_nano = models.BigIntegerField(null=True)
    api_token = models.ForeignKey(
        "users.ApiToken",
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    correlation_id = models.CharField(max_length=64, blank=True)
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_expires_at = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    is_asked = models.BooleanField(default=False, db_default=False)
    sent_tokens = models.PositiveIntegerField(default=0, db_default=0)
    thought_tokens = models.PositiveIntegerField(default=0, db_default=0)
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
                condition=models.Q(state__in=("queued", "running")),
            ),
            models.Index(
                fields=["state", "-message"],
                name="reply_unhappy",
                condition=models.Q(state__in=constants.UNHAPPY_STATES),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                name=constants.ONE_LIVE_REPLY,
                condition=models.Q(state__in=("queued", "running")),
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=constants.ReplyState.values), name="reply_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("queued", "running"), finished_at=None)
                | (
                    ~models.Q(state__in=("queued", "running")) & models.Q(finished_at__isnull=False)
                ),
                name="reply_finished_at_when_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"reply {self.pk} ({self.state})"

    @property
    def is_live(self) -> bool:
        """Whether the answer has not ended yet."""
        return self.state in constants.LIVE_STATES
