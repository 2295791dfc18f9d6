from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.core.append_only import AppendOnly
from apps.moderation import constants
from apps.moderation.models.fields import actor_key
from apps.moderation.querysets import PolicyQuerySet


class Policy(models.Model):
    """What may not be said, as the organisation understands it; its wording is in versions."""

    code = models.SlugField(max_length=40, unique=True)
    severity = models.PositiveSmallIntegerField(choices=constants.Severity.choices)
    strike_points = models.PositiveSmallIntegerField(default=1)
    sla_minutes = models.PositiveIntegerField()
    shortcut = models.PositiveSmallIntegerField(null=True, blank=True, unique=True)
    is_active = models.BooleanField(default=True)
    current = models.ForeignKey(
        "PolicyVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[PolicyQuerySet] = PolicyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "policies"
        default_permissions = ("view",)
        permissions = [("edit_policy", "Can write policies")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(severity__in=constants.Severity.values),
                name="policy_severity_known",
            ),
            models.CheckConstraint(
                condition=models.Q(shortcut=None) | models.Q(shortcut__range=(1, 9)),
                name="policy_shortcut_digit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} (#{self.pk})"


class PolicyVersion(AppendOnly):
    """One wording of a policy: what users read, what staff go by, and the words of a reason."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    text_for_users = models.TextField()
    guidance = models.TextField(blank=True)
    good_example = models.TextField(blank=True)
    bad_example = models.TextField(blank=True)
    reason_template = models.TextField(blank=True)
    created_by = actor_key(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="policy_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.number} (#{self.pk})"
