from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.utils import timezone

from apps.moderation import constants
from apps.moderation.models.fields import actor_key, lasting_key
from apps.moderation.models.policies import Policy
from apps.moderation.models.rules import RuleHit
from apps.moderation.querysets import CaseQuerySet, CaseSnapshotQuerySet, FlagQuerySet, NoteQuerySet


class Case(models.Model):
    """Something about one message, or about a person alone, that a person should decide.

    `version` is raised by every change, so that a decision about an older state is refused. A
    claim holds until `claim_expires_at`, by the clock alone. `subject` is whose conversation it
    is: the author of a user's message, the reader of an answer, or who it is about where there is
    no message. Its time counts from `reopened_at` where it was opened again. One `is_sealed` is
    open because of staff alone, who flagged it or opened it again long after it was decided: it
    lets nobody into the conversation until a person or a rule points at its message, or somebody
    appeals. `given_at` is when a lead gave it to whoever holds it and has not opened it yet.
    `has_part` is there on rows of `CaseQuerySet.with_part_of` only.
    """

    has_part: bool

    message = lasting_key("conversations.Message", null=True)
    conversation = lasting_key("conversations.Conversation", null=True)
    subject = actor_key()
    target_role = models.CharField(max_length=20)
    policy = models.ForeignKey(Policy, null=True, on_delete=models.PROTECT, related_name="cases")
    severity = models.PositiveSmallIntegerField(
        choices=constants.Severity.choices, default=constants.Severity.LOW
    )
    priority = models.IntegerField(default=0)
    priority_reasons = models.JSONField(default=list)
    source = models.CharField(max_length=20, choices=constants.FlagSource.choices)
    model = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=8, blank=True, db_default="")
    state = models.CharField(
        max_length=20, choices=constants.CaseState.choices, default=constants.CaseState.OPEN
    )
    flag_count = models.PositiveIntegerField(default=0)
    has_appeal = models.BooleanField(default=False)
    due_at = models.DateTimeField()
    claimed_by = actor_key(null=True)
    claimed_at = models.DateTimeField(null=True)
    claim_expires_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    closed_at = models.DateTimeField(null=True)
    reopened_at = models.DateTimeField(null=True)
    is_sealed = models.BooleanField(default=False, db_default=False)
    given_at = models.DateTimeField(null=True)

    objects: ClassVar[CaseQuerySet] = CaseQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("decide_case", "Can claim and decide cases and write notes"),
            ("override_case", "Can take over, reassign, decide in bulk and reverse others"),
            ("export_case", "Can export cases"),
            ("view_metrics", "Can see the moderation dashboard"),
        ]
        indexes = [
            models.Index(
                fields=["-priority", "due_at", "id"],
                name="case_queue",
                condition=models.Q(state="open"),
            ),
            models.Index(
                fields=["claim_expires_at"], name="case_claims", condition=models.Q(state="claimed")
            ),
            models.Index(
                fields=["-priority", "due_at", "id"],
                name="case_urgent",
                condition=~models.Q(state="closed"),
            ),
            models.Index(fields=["due_at"], name="case_due", condition=~models.Q(state="closed")),
            models.Index(fields=["state", "-id"], name="case_by_state"),
            models.Index(fields=["subject", "-id"], name="case_by_subject"),
            models.Index(fields=["policy", "-id"], name="case_by_policy"),
            models.Index(
                fields=["language", "model"],
                name="case_by_language",
                condition=~models.Q(state="closed"),
            ),
            models.Index(fields=["message"], name="case_by_message"),
            models.Index(fields=["conversation"], name="case_by_conversation"),
            models.Index(fields=["created_at"], name="case_by_opening", include=["source"]),
            models.Index(
                fields=["closed_at"],
                name="case_by_closing",
                condition=models.Q(state="closed"),
                include=["due_at"],
            ),
            models.Index(
                fields=["severity", "created_at"],
                name="case_backlog",
                condition=~models.Q(state="closed"),
                include=["due_at"],
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["message"],
                name="one_open_case_per_message",
                condition=~models.Q(state="closed"),
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=constants.CaseState.values), name="case_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state="claimed", claimed_by__isnull=False, claim_expires_at__isnull=False
                )
                | (~models.Q(state="claimed") & models.Q(claimed_by=None, claim_expires_at=None)),
                name="case_claim_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(state="closed", closed_at__isnull=False)
                | (~models.Q(state="closed") & models.Q(closed_at=None)),
                name="case_closed_at_when_closed",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    target_role=constants.ABOUT_PERSON,
                    message__isnull=True,
                    conversation__isnull=True,
                )
                | (
                    ~models.Q(target_role=constants.ABOUT_PERSON)
                    & models.Q(message__isnull=False, conversation__isnull=False)
                ),
                name="case_about_a_person_has_no_text",
            ),
        ]

    def __str__(self) -> str:
        return f"case {self.pk} ({self.state})"

    @property
    def is_closed(self) -> bool:
        """Whether it is decided."""
        return self.state == constants.CaseState.CLOSED

    @property
    def is_about_person(self) -> bool:
        """Whether it is about a person alone, without a text."""
        return self.target_role == constants.ABOUT_PERSON

    @property
    def text_number(self) -> int:
        """The number of its message; where there is none 0, which no message has."""
        return self.message_id or 0

    @property
    def talk_number(self) -> int:
        """The number of its conversation; where there is none 0, which no conversation has."""
        return self.conversation_id or 0

    @property
    def has_live_claim(self) -> bool:
        """Whether somebody holds it at the moment, by the clock."""
        return self.claim_expires_at is not None and self.claim_expires_at > timezone.now()


class CaseSnapshot(models.Model):
    """The text as it was judged, what was around it, and what the model had been told.

    It goes with the account of the person it is about.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="snapshots")
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    text = models.TextField()
    shown_chars = models.PositiveIntegerField(null=True)
    exchange = models.JSONField(default=list)
    model = models.CharField(max_length=120, blank=True)
    parameters = models.JSONField(default=dict)
    system_prompt_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[CaseSnapshotQuerySet] = CaseSnapshotQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["case", "-id"], name="snapshot_by_case"),
            GinIndex(SearchVector("text", config=constants.SEARCH_CONFIG), name="snapshot_words"),
        ]

    def __str__(self) -> str:
        return f"snapshot of case {self.case_id} (#{self.pk})"


class Flag(models.Model):
    """Somebody or something pointed at a message, with an outcome of its own.

    `policy` is what it was thought to go against; null where nobody said, and on older flags.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="flags")
    message = lasting_key("conversations.Message")
    source = models.CharField(max_length=20, choices=constants.FlagSource.choices)
    hit = models.ForeignKey(RuleHit, null=True, on_delete=models.PROTECT, related_name="flags")
    policy = models.ForeignKey(
        Policy, null=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    reporter = actor_key(null=True)
    reason = models.CharField(max_length=20, choices=constants.FlagReason.choices, blank=True)
    comment = models.TextField(blank=True)
    outcome = models.CharField(
        max_length=20, choices=constants.FlagOutcome.choices, default=constants.FlagOutcome.PENDING
    )
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)

    objects: ClassVar[FlagQuerySet] = FlagQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["reporter", "-id"], name="flag_by_reporter"),
            models.Index(fields=["hit"], name="flag_by_hit"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reporter", "message"],
                name="one_pending_flag_per_person_and_message",
                condition=models.Q(outcome="pending", reporter__isnull=False),
            ),
            models.CheckConstraint(
                condition=(models.Q(source="rule") & models.Q(hit__isnull=False))
                | ~models.Q(source="rule"),
                name="flag_of_a_rule_has_its_hit",
            ),
        ]

    def __str__(self) -> str:
        return f"flag on case {self.case_id} (#{self.pk})"


class Note(models.Model):
    """What a member of staff tells the others about a case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    author = actor_key()
    author_label = models.CharField(max_length=120)
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[NoteQuerySet] = NoteQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"note on case {self.case_id} (#{self.pk})"
