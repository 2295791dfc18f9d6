"""Policies as leads write them: every wording is a version that stays."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Max

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.moderation.constants import MAX_HOURS, EnforcementKind, RuleMode, Severity
from apps.moderation.errors import PolicyInUseError, PolicyNotFoundError
from apps.moderation.models import Policy, PolicyVersion, Rule, Threshold
from apps.moderation.services import cases
from apps.users.models import User
from apps.users.services.problems import clean_reason, field_problem

EDIT = "moderation.edit_policy"
MAX_SLA_MINUTES = 60 * 24 * 365
MAX_POINTS = 100
NAMED_RULES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a version says: to users, to staff, and at the beginning of a reason."""

    title: str
    text_for_users: str
    guidance: str = ""
    good_example: str = ""
    bad_example: str = ""
    reason_template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How heavy a policy weighs, and how fast a case of it is decided."""

    severity: int
    strike_points: int
    sla_minutes: int
    shortcut: int | None = None


@transaction.atomic
def write_policy(
    *, actor: User, code: str, wording: Wording, terms: Terms, reason: str
) -> PolicyVersion:
    """Make a policy, or give one a new version and other terms.

    Decisions keep the version that they were made under; cases that are open take the new terms
    when they are touched next. What is out of use stays so.

    Raises:
        ForbiddenError: the actor may not write policies.
        ValidationFailedError: a part does not fit, or another policy has the digit.
    """
    cases.require(actor, EDIT)
    reason = clean_reason(reason, field="reason")
    _check(wording, terms)
    policy = Policy.objects.select_for_update(of=("self",)).filter(code=code).first()
    values = {
        "severity": terms.severity,
        "strike_points": terms.strike_points,
        "sla_minutes": terms.sla_minutes,
        "shortcut": terms.shortcut,
    }
    try:
        with transaction.atomic():
            if policy is None:
                policy = Policy.objects.create(code=code, **values)
            else:
                Policy.objects.filter(pk=policy.pk).update(**values)
    except IntegrityError as error:
        raise field_problem("shortcut", "Another policy has this key.", "key_taken") from error
    newest = policy.versions.aggregate(newest=Max("number"))["newest"] or 0
    version = PolicyVersion.objects.create(
        policy=policy,
        number=newest + 1,
        created_by=actor,
        title=wording.title.strip(),
        text_for_users=wording.text_for_users.strip(),
        guidance=wording.guidance.strip(),
        good_example=wording.good_example.strip(),
        bad_example=wording.bad_example.strip(),
        reason_template=wording.reason_template.strip(),
    )
    Policy.objects.filter(pk=policy.pk).update(current=version)
    _record(actor, policy.pk, reason, version=version.number, severity=terms.severity)
    return version


@transaction.atomic
def set_active(*, actor: User, policy_id: int, is_active: bool, reason: str) -> None:
    """Take a policy out of use, or into use again; decisions made under it stay.

    Its rules are switched off first: nothing is found under words that nobody can confirm.

    Raises:
        ForbiddenError: the actor may not write policies.
        PolicyNotFoundError: there is no such policy, or it has no wording.
        PolicyInUseError: a rule of it is on.
        ValidationFailedError: no reason was given.
    """
    cases.require(actor, EDIT)
    reason = clean_reason(reason, field="reason")
    rows = Policy.objects.select_for_update(of=("self",))
    policy = rows.filter(pk=policy_id, current__isnull=False).first()
    if policy is None:
        raise PolicyNotFoundError
    if not is_active:
        _ensure_unused(policy)
    Policy.objects.filter(pk=policy_id).update(is_active=is_active)
    _record(actor, policy_id, reason, is_active=is_active)


def _ensure_unused(policy: Policy) -> None:
    on = Rule.objects.filter(policy=policy).exclude(mode=RuleMode.OFF).order_by("name")
    names = list(on.values_list("name", flat=True)[: NAMED_RULES + 1])
    if names:
        more = " and others" if len(names) > NAMED_RULES else ""
        named = ", ".join(f"“{name}”" for name in names[:NAMED_RULES])
        message = f"Rules of this policy are on: {named}{more}. Switch them off first."
        raise PolicyInUseError(message)


@transaction.atomic
def write_threshold(
    *, actor: User, points: int, consequence: str, hours: int | None, reason: str
) -> Threshold:
    """Set what a number of points brings.

    Raises:
        ForbiddenError: the actor may not change thresholds.
        ValidationFailedError: a part does not fit.
    """
    cases.require(actor, "moderation.change_threshold")
    reason = clean_reason(reason, field="reason")
    if not 1 <= points <= MAX_POINTS:
        raise field_problem("points", f"Give 1 to {MAX_POINTS} points.", "points_range")
    if consequence not in dict(Threshold._meta.get_field("consequence").choices or ()):  # noqa: SLF001
        raise field_problem("consequence", "Choose a consequence.", "unknown_consequence")
    if consequence == EnforcementKind.WARN and hours is not None:
        raise field_problem("hours", "A warning has no end.", "warning_without_end")
    if hours is not None and not 1 <= hours <= MAX_HOURS:
        message = f"Give 1 to {MAX_HOURS:,} hours, or none for no end."
        raise field_problem("hours", message, "hours_range")
    threshold, _ = Threshold.objects.update_or_create(
        points=points, defaults={"consequence": consequence, "hours": hours}
    )
    _record_threshold(actor, threshold, reason)
    return threshold


@transaction.atomic
def remove_threshold(*, actor: User, threshold_id: int, reason: str) -> None:
    """Remove what a number of points brings; what it brought stays.

    Raises:
        ForbiddenError: the actor may not remove thresholds.
        PolicyNotFoundError: there is no such threshold.
    """
    cases.require(actor, "moderation.delete_threshold")
    reason = clean_reason(reason, field="reason")
    threshold = Threshold.objects.select_for_update().filter(pk=threshold_id).first()
    if threshold is None:
        raise PolicyNotFoundError
    _record_threshold(actor, threshold, reason, is_removed=True)
    threshold.delete()


def _check(wording: Wording, terms: Terms) -> None:
    if not wording.title.strip() or not wording.text_for_users.strip():
        raise field_problem("title", "Give a title and the text for users.", "wording_required")
    if terms.severity not in Severity.values:
        raise field_problem("severity", "Choose a severity.", "unknown_severity")
    if not 0 <= terms.strike_points <= MAX_POINTS:
        raise field_problem("strike_points", f"Give 0 to {MAX_POINTS} points.", "points_range")
    if not 1 <= terms.sla_minutes <= MAX_SLA_MINUTES:
        raise field_problem("sla_minutes", "Give a time of 1 minute to a year.", "sla_range")
    if terms.shortcut is not None and not 1 <= terms.shortcut <= 9:
        raise field_problem("shortcut", "Choose a key from 1 to 9.", "key_range")


def _record(actor: User, policy_id: int, reason: str, **data: int | bool) -> None:
    audit.record(
        actor=actor,
        action=AuditAction.POLICY_CHANGED,
        target_type="policy",
        target_id=policy_id,
        reason=reason,
        data=data,
    )


def _record_threshold(
    actor: User, threshold: Threshold, reason: str, *, is_removed: bool = False
) -> None:
    audit.record(
        actor=actor,
        action=AuditAction.POLICY_CHANGED,
        target_type="threshold",
        target_id=threshold.pk,
        reason=reason,
        data={
            "points": threshold.points,
            "consequence": threshold.consequence,
            "hours": threshold.hours,
            "is_removed": is_removed,
        },
    )
