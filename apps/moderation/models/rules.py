from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.core import moments
from apps.core.append_only import AppendOnly
from apps.moderation import constants
from apps.moderation.models.fields import actor_key, lasting_key
from apps.moderation.models.policies import Policy
from apps.moderation.querysets import (
    BackTestMatchQuerySet,
    BackTestQuerySet,
    RuleDayPersonQuerySet,
    RuleHitQuerySet,
    RuleQuerySet,
)


class Rule(models.Model):
    """A check on what is said; what it looks for is in versions, what a hit does in its mode.

    `overridden_at` is when somebody let it enforce although it was not proven: what people had
    said of it until then does not take that power away again.
    """

    name = models.CharField(max_length=80, unique=True)
    description = models.TextField(blank=True)
    kind = models.CharField(max_length=20, choices=constants.RuleKind.choices)
    stage = models.CharField(max_length=20, choices=constants.Stage.choices)
    applies_to = models.CharField(max_length=20, choices=constants.AppliesTo.choices)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="rules")
    mode = models.CharField(
        max_length=20, choices=constants.RuleMode.choices, default=constants.RuleMode.OFF
    )
    action = models.CharField(
        max_length=20, choices=constants.RuleAction.choices, default=constants.RuleAction.BLOCK
    )
    on_error = models.CharField(
        max_length=20, choices=constants.OnError.choices, default=constants.OnError.OPEN
    )
    daily_cap = models.PositiveIntegerField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    owner = actor_key(null=True)
    current = models.ForeignKey(
        "RuleVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    mode_changed_at = models.DateTimeField(auto_now_add=True)
    demoted_reason = models.TextField(blank=True)
    overridden_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[RuleQuerySet] = RuleQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("edit_rule", "Can write rules and set them to shadow or flag"),
            ("enforce_rule", "Can set rules to enforce"),
        ]
        indexes = [
            models.Index(fields=["mode"], name="rule_live", condition=~models.Q(mode="off")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(mode__in=constants.RuleMode.values), name="rule_mode_known"
            ),
            models.CheckConstraint(
                condition=models.Q(mode="off") | models.Q(current__isnull=False),
                name="rule_on_has_a_version",
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at=None)
                | models.Q(expires_at__gte=moments.EARLIEST, expires_at__lt=moments.END),
                name="rule_end_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (#{self.pk})"


class RuleVersion(AppendOnly):
    """What a rule looks for; hits point here, so that they can be judged later."""

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    configuration = models.JSONField()
    threshold = models.FloatField(default=0.5)
    look_back = models.PositiveIntegerField(default=0)
    note = models.TextField(blank=True)
    created_by = actor_key(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="rule_version_once"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of rule {self.rule_id} (#{self.pk})"


class RuleHit(AppendOnly):
    """A rule found something: where, by a hash of what, and what came of it; never the text."""

    version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="hits")
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="hits")
    mode = models.CharField(max_length=20, choices=constants.RuleMode.choices)
    outcome = models.CharField(max_length=20, choices=constants.HitOutcome.choices)
    stage = models.CharField(max_length=20, choices=constants.Stage.choices)
    message = lasting_key("conversations.Message", null=True)
    subject = actor_key(null=True)
    score = models.FloatField(default=1.0)
    label = models.CharField(max_length=80, blank=True)
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    span_hash = models.CharField(max_length=64, blank=True)
    latency_us = models.PositiveIntegerField(default=0)
    shown_chars = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[RuleHitQuerySet] = RuleHitQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["rule", "-id"], name="hit_by_rule"),
            models.Index(fields=["rule", "created_at"], name="hit_by_rule_day"),
            models.Index(
                fields=["created_at"],
                name="hit_by_time",
                include=["rule", "outcome", "latency_us", "shown_chars"],
            ),
            models.Index(fields=["message"], name="hit_by_message"),
            models.Index(
                fields=["span_hash", "-id"], name="hit_by_span", condition=~models.Q(span_hash="")
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(start=None, end=None) | models.Q(start__lte=models.F("end")),
                name="hit_span_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"hit of rule {self.rule_id} (#{self.pk})"


class RuleDay(models.Model):
    """How many people a rule acts on in one day, counted before it acts: its cap holds exactly."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    acted = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["rule", "day"], name="rule_day_once"),
        ]

    def __str__(self) -> str:
        return f"rule {self.rule_id} on {self.day} (#{self.pk})"


class RuleDayPerson(models.Model):
    """Somebody whom a rule acts on that day: counted once, however many texts of theirs it hits."""

    rule_day = models.ForeignKey(RuleDay, on_delete=models.CASCADE, related_name="people")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[RuleDayPersonQuerySet] = RuleDayPersonQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["rule_day", "person"], name="rule_day_person_once"),
        ]

    def __str__(self) -> str:
        return f"person {self.person_id} on rule day {self.rule_day_id}"


class BackTest(models.Model):
    """A rule's version tried on stored messages, in steps that can be taken up again."""

    version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="back_tests")
    compared_with = models.ForeignKey(
        RuleVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(
        max_length=20,
        choices=constants.BackTestState.choices,
        default=constants.BackTestState.QUEUED,
    )
    first_message_id = models.BigIntegerField()
    last_message_id = models.BigIntegerField()
    position = models.BigIntegerField()
    total = models.PositiveIntegerField(default=0)
    scanned = models.PositiveIntegerField(default=0)
    matched = models.PositiveIntegerField(default=0)
    matched_before = models.PositiveIntegerField(default=0)
    figures = models.JSONField(default=dict)
    created_by = actor_key(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[BackTestQuerySet] = BackTestQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["version", "-id"], name="back_test_by_version"),
        ]

    def __str__(self) -> str:
        return f"back-test of version {self.version_id} (#{self.pk})"


class BackTestMatch(models.Model):
    """A stored message that the tried version hits, or that only the other one hits."""

    back_test = models.ForeignKey(BackTest, on_delete=models.CASCADE, related_name="matches")
    message = lasting_key("conversations.Message")
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    by_tried = models.BooleanField(default=True)
    by_compared = models.BooleanField(default=False)
    is_violation = models.BooleanField(null=True)
    labelled_by = actor_key(null=True)
    labelled_at = models.DateTimeField(null=True)

    objects: ClassVar[BackTestMatchQuerySet] = BackTestMatchQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        verbose_name_plural = "back test matches"
        constraints = [
            models.UniqueConstraint(fields=["back_test", "message"], name="back_test_match_once"),
        ]

    def __str__(self) -> str:
        return f"match of back-test {self.back_test_id} (#{self.pk})"
