"""Policies as leads write them: every wording is a version that stays."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction
from django.db.models import Max

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.errors import PreconditionFailedError, ValidationFailedError
from apps.core.preconditions import Precondition
from apps.core.problems import clean_reason, field_problem
from apps.moderation.constants import MAX_HOURS, EnforcementKind, Severity
from apps.moderation.errors import PolicyInUseError, PolicyNotFoundError, ThresholdNotFoundError
from apps.moderation.models import Policy, PolicyVersion, Threshold
from apps.moderation.services.cases import cases
from apps.users.models import User

EDIT = "moderation.edit_policy"
CHANGE_THRESHOLD = "moderation.change_threshold"
DELETE_THRESHOLD = "moderation.delete_threshold"
CODE = re.compile(r"[-a-zA-Z0-9_]{1,40}")
CODE_SENTENCE = "Give a code of 1 to 40 letters, digits, hyphens and underscores."
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
def create_policy(*, actor: User, code: str, wording: Wording, terms: Terms, reason: str) -> Policy:
    """Make a policy with its first version; it is in use at once.

    Raises:
        ForbiddenError: the actor may not write policies.
        ValidationFailedError: a part does not fit, or another policy has the code or the digit.
    """
    cases.require(actor, EDIT)
    reason = clean_reason(reason, field="reason")
    if not CODE.fullmatch(code):
        raise field_problem("code", CODE_SENTENCE, "policy_code")
    if Policy.objects.of_code(code).exists():
        message = "There is a policy of this code. Write a new version of it."
        raise field_problem("code", message, "code_taken")
    return _write(actor, Policy(code=code), wording, terms, reason)


@transaction.atomic
def new_version(
    *,
    actor: User,
    policy_id: int,
    wording: Wording,
    terms: Terms,
    reason: str,
    precondition: Precondition | None = None,
) -> Policy:
    """Give a policy a new version and other terms.

    Decisions keep the version that they were made under; cases that are open take the new terms
    when they are touched next. What is out of use stays so.

    Raises:
        ForbiddenError: the actor may not write policies.
        PolicyNotFoundError: there is no such policy.
        PreconditionFailedError: it is not any more what the caller has read.
        ValidationFailedError: a part does not fit, or another policy has the digit.
    """
    cases.require(actor, EDIT)
    reason = clean_reason(reason, field="reason")
    return _write(actor, _locked(policy_id, precondition), wording, terms, reason)


@transaction.atomic
def set_active(
    *,
    actor: User,
    policy_id: int,
    is_active: bool,
    reason: str,
    precondition: Precondition | None = None,
) -> Policy:
    """Take a policy out of use, or into use again; decisions made under it stay.

    Its rules are switched off first: nothing is found under words that nobody can confirm.

    Raises:
        ForbiddenError: the actor may not write policies.
        PolicyNotFoundError: there is no such policy, or it has no wording.
        PolicyInUseError: a rule of it is on.
        PreconditionFailedError: it is not any more what the caller has read.
        ValidationFailedError: no reason was given.
    """
    cases.require(actor, EDIT)
    reason = clean_reason(reason, field="reason")
    policy = _locked(policy_id, precondition)
    if not is_active:
        _ensure_unused(policy)
    policy.is_active = is_active
    policy.save(update_fields=["is_active", "updated_at"])
    _record(actor, policy_id, reason, is_active=is_active)
    return policy


def _ensure_unused(policy: Policy) -> None:
    on = policy.rules.live().order_by("name")
    names = list(on.values_list("name", flat=True)[: NAMED_RULES + 1])
    if names:
        more = " and others" if len(names) > NAMED_RULES else ""
        named = ", ".join(f"“{name}”" for name in names[:NAMED_RULES])
        message = f"Rules of this policy are on: {named}{more}. Switch them off first."
        raise PolicyInUseError(message)


@transaction.atomic
def write_threshold(
    *,
    actor: User,
    points: int,
    consequence: str,
    hours: int | None,
    reason: str,
    precondition: Precondition | None = None,
) -> Threshold:
    """Set what a number of points brings, in the place of what it brought.

    Raises:
        ForbiddenError: the actor may not change thresholds.
        PreconditionFailedError: what these points bring is not any more what the caller has read.
        ValidationFailedError: a part does not fit.
    """
    cases.require(actor, CHANGE_THRESHOLD)
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
    if precondition is not None:
        _check_threshold(precondition, points)
    threshold, _ = Threshold.objects.update_or_create(
        points=points, defaults={"consequence": consequence, "hours": hours}
    )
    _record_threshold(actor, threshold, reason)
    return threshold


@transaction.atomic
def remove_threshold(
    *, actor: User, threshold_id: int, reason: str, precondition: Precondition | None = None
) -> Threshold:
    """Remove what a number of points brings; what it brought stays.

    Raises:
        ForbiddenError: the actor may not remove thresholds.
        ThresholdNotFoundError: there is no such threshold.
        PreconditionFailedError: it is not any more what the caller has read.
        ValidationFailedError: no reason was given.
    """
    cases.require(actor, DELETE_THRESHOLD)
    reason = clean_reason(reason, field="reason")
    threshold = Threshold.objects.select_for_update().filter(pk=threshold_id).first()
    if threshold is None:
        raise ThresholdNotFoundError
    if precondition is not None:
        precondition.check(threshold)
    _record_threshold(actor, threshold, reason, is_removed=True)
    Threshold.objects.filter(pk=threshold.pk).delete()
    return threshold


def _check_threshold(precondition: Precondition, points: int) -> None:
    threshold = Threshold.objects.at(points).select_for_update().first()
    if threshold is None:
        raise PreconditionFailedError
    precondition.check(threshold)


def _locked(policy_id: int, precondition: Precondition | None) -> Policy:
    """Return a policy that has a wording, locked until the transaction ends."""
    rows = Policy.objects.worded().select_related("current").select_for_update(of=("self",))
    policy = rows.filter(pk=policy_id).first()
    if policy is None:
        raise PolicyNotFoundError
    if precondition is not None:
        precondition.check(policy)
    return policy


def _write(actor: User, policy: Policy, wording: Wording, terms: Terms, reason: str) -> Policy:
    """Store a policy with its terms, and another version of its wording."""
    _check(wording, terms)
    policy.severity, policy.strike_points = terms.severity, terms.strike_points
    policy.sla_minutes, policy.shortcut = terms.sla_minutes, terms.shortcut
    try:
        with transaction.atomic():
            policy.save()
    except IntegrityError as error:
        raise _taken(policy) from error
    newest = policy.versions.aggregate(newest=Max("number"))["newest"] or 0
    words = {name: text.strip() for name, text in asdict(wording).items()}
    policy.current = PolicyVersion.objects.create(
        policy=policy, number=newest + 1, created_by=actor, **words
    )
    policy.save(update_fields=["current", "updated_at"])
    _record(actor, policy.pk, reason, version=policy.current.number, severity=terms.severity)
    return policy


def _taken(policy: Policy) -> ValidationFailedError:
    """Return what another policy has already: the digit, or the code since this one was begun."""
    if Policy.objects.exclude(pk=policy.pk).on_key(policy.shortcut).exists():
        return field_problem("shortcut", "Another policy has this key.", "key_taken")
    return field_problem("code", "Another policy has this code.", "code_taken")


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
