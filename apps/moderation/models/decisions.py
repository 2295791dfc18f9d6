from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.core.append_only import AppendOnly
from apps.moderation import constants
from apps.moderation.models.cases import Case
from apps.moderation.models.fields import actor_key, lasting_key
from apps.moderation.models.policies import Policy, PolicyVersion
from apps.moderation.models.rules import RuleVersion
from apps.moderation.querysets import (
    AppealQuerySet,
    DecisionQuerySet,
    EnforcementQuerySet,
    NoticeQuerySet,
    StrikeQuerySet,
    ThresholdQuerySet,
)


class Decision(AppendOnly):
    """What was decided about a case, by whom and why; a changed mind is a new one.

    `is_lift` marks one that only ended early what an earlier one did to the person, and leaves the
    rest of that standing. `takes_back` is which decision an undo took back: the one in whose place
    it stands, or one under a lift. `is_kept` is there on rows of `blind_reviews.with_kept_reasons`
    only. `policy_before` and `severity_before` are the case's, which an undo restores; null where
    nothing could change them.
    """

    is_kept: bool

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=20, choices=constants.Verdict.choices)
    policy_version = models.ForeignKey(
        PolicyVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.TextField(blank=True)
    reason_for_user = models.TextField(blank=True)
    actor_kind = models.CharField(max_length=20, choices=constants.ActorKind.choices)
    actor = actor_key(null=True)
    actor_label = models.CharField(max_length=120)
    rule_version = models.ForeignKey(
        RuleVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    is_undo = models.BooleanField(default=False)
    takes_back = models.ForeignKey(
        "self", null=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    is_lift = models.BooleanField(default=False, db_default=False)
    batch_id = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    policy_before = models.ForeignKey(
        Policy, null=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    severity_before = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[DecisionQuerySet] = DecisionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["actor", "-id"], name="decision_by_actor"),
            models.Index(fields=["created_at"], name="decision_by_time"),
            models.Index(
                fields=["batch_id"],
                name="decision_by_batch",
                condition=models.Q(batch_id__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(verdict="violates")
                | (models.Q(policy_version__isnull=False) & ~models.Q(reason="")),
                name="violation_has_policy_and_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(actor_kind="person", actor__isnull=False, rule_version=None)
                | models.Q(actor_kind="rule", actor=None, rule_version__isnull=False)
                | models.Q(actor_kind="system", actor=None, rule_version=None),
                name="decision_has_an_actor",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} on case {self.case_id} (#{self.pk})"

    @property
    def told(self) -> str:
        """Why, for whoever reads what it changed; the policy's title where no reason was given."""
        policy = self.policy_version.title if self.policy_version is not None else ""
        return self.reason_for_user or policy


class Enforcement(models.Model):
    """One thing that a decision did, which can be taken back.

    `data` holds what the inverse needs: the number of the restriction or link, the redacted spans.
    """

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="enforcements")
    kind = models.CharField(max_length=20, choices=constants.EnforcementKind.choices)
    message = lasting_key("conversations.Message", null=True)
    conversation = lasting_key("conversations.Conversation", null=True)
    subject = actor_key(null=True)
    state = models.CharField(
        max_length=20,
        choices=constants.EnforcementState.choices,
        default=constants.EnforcementState.ACTIVE,
    )
    data = models.JSONField(default=dict)
    ends_at = models.DateTimeField(null=True)
    reversed_by = models.ForeignKey(
        Decision, null=True, on_delete=models.PROTECT, related_name="reversals"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[EnforcementQuerySet] = EnforcementQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["subject", "-id"], name="enforcement_by_subject"),
            models.Index(fields=["message"], name="enforcement_by_message"),
            models.Index(fields=["created_at"], name="enforcement_by_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="reversed", reversed_by__isnull=False)
                | (~models.Q(state="reversed") & models.Q(reversed_by=None)),
                name="reversal_has_its_decision",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(kind__in=constants.ENDED_BY_TIME),
                name="only_standing_ends_by_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of decision {self.decision_id} (#{self.pk})"

    @property
    def what(self) -> str:
        """What was done, in words for staff; a link with its number."""
        label = str(constants.EnforcementKind(self.kind).label)
        return f"{label} #{self.data['share_id']}" if "share_id" in self.data else label

    def state_at(self, moment: datetime) -> constants.EnforcementState:
        """Return whether it holds at a moment: what has an end is over by itself then."""
        states = constants.EnforcementState
        is_over = self.ends_at is not None and self.ends_at <= moment
        return states.EXPIRED if is_over and self.state == states.ACTIVE else states(self.state)


class Threshold(models.Model):
    """How many points bring which consequence, and for how long."""

    points = models.PositiveSmallIntegerField(unique=True)
    consequence = models.CharField(
        max_length=20,
        choices=[
            (kind, kind.label)
            for kind in constants.EnforcementKind
            if kind in constants.ENFORCED_BY_PERSONS
        ],
    )
    hours = models.PositiveIntegerField(null=True, blank=True)

    objects: ClassVar[ThresholdQuerySet] = ThresholdQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view", "change", "add", "delete")

    def __str__(self) -> str:
        return f"{self.consequence} at {self.points} points"


class Strike(models.Model):
    """Points that a decision gave a person; they expire, and a reversal overrules them."""

    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="strikes"
    )
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="strike")
    points = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    overruled_by = models.ForeignKey(
        Decision, null=True, on_delete=models.PROTECT, related_name="overruled_strikes"
    )

    objects: ClassVar[StrikeQuerySet] = StrikeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["subject", "expires_at"], name="strike_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.points} points for user {self.subject_id} (#{self.pk})"


class Notice(models.Model):
    """What a person is told of a decision: what, why, under which policy, and what they can do.

    `is_kept` is there on rows of `blind_reviews.with_kept_reasons` only.
    """

    is_kept: bool

    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=20, choices=constants.NoticeKind.choices)
    title = models.CharField(max_length=160)
    body = models.TextField()
    conversation = lasting_key("conversations.Conversation", null=True)
    message = lasting_key("conversations.Message", null=True)
    appeal_until = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[NoticeQuerySet] = NoticeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["subject", "-id"], name="notice_by_subject"),
        ]

    def __str__(self) -> str:
        return f"notice to user {self.subject_id} (#{self.pk})"


class Appeal(models.Model):
    """A person asks for a second look at a decision about them."""

    notice = models.OneToOneField(Notice, on_delete=models.CASCADE, related_name="appeal")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="appeals")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="appeals")
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="appeals"
    )
    text = models.TextField()
    state = models.CharField(
        max_length=20,
        choices=constants.AppealState.choices,
        default=constants.AppealState.SUBMITTED,
    )
    first_opinion = models.CharField(max_length=20, choices=constants.Verdict.choices, blank=True)
    reviewer = actor_key(null=True)
    outcome = models.OneToOneField(
        Decision, null=True, on_delete=models.PROTECT, related_name="decided_appeal"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)

    objects: ClassVar[AppealQuerySet] = AppealQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        permissions = [("decide_appeal", "Can decide appeals")]
        indexes = [
            models.Index(fields=["state", "id"], name="appeal_by_state"),
        ]

    def __str__(self) -> str:
        return f"appeal against decision {self.decision_id} (#{self.pk})"
