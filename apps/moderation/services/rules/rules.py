"""Staff write rules: a draft, versions that never change, limits, and modes that are earned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core import moments, rights
from apps.core.preconditions import Precondition
from apps.core.problems import clean_reason, field_problem
from apps.moderation.constants import AppliesTo, OnError, RuleAction, RuleKind, RuleMode, Stage
from apps.moderation.detection.contract import ConfigurationError, validate_configuration
from apps.moderation.errors import PolicyNotFoundError, RuleNotFoundError
from apps.moderation.models import Policy, Rule, RuleVersion
from apps.moderation.services.rules import remote_configuration, rule_sets
from apps.moderation.services.rules.rule_sets import LOCAL_KINDS
from apps.users.models import User

EDIT = "moderation.edit_rule"
ENFORCE = "moderation.enforce_rule"
VIEW = "moderation.view_rule"
MAX_DAILY_CAP = 1_000_000
TARGETS = {
    Stage.INPUT: (AppliesTo.USER,),
    Stage.STREAM: (AppliesTo.ANSWER,),
    Stage.OUTPUT: (AppliesTo.ANSWER, AppliesTo.EXCHANGE),
    Stage.LATER: tuple(AppliesTo),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a rule is: when it looks, at what, and which policy it serves."""

    name: str
    kind: RuleKind
    stage: Stage
    applies_to: AppliesTo
    policy_code: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a rule may do: its action, how often a day, until when, and when it cannot look."""

    action: RuleAction = RuleAction.BLOCK
    on_error: OnError = OnError.OPEN
    daily_cap: int | None = None
    expires_at: datetime | None = None


def require(actor: User | None, permission: str) -> None:
    """Check that somebody may do this; the product itself may.

    Raises:
        ForbiddenError: they may not, or they are suspended themselves.
    """
    rights.require(actor, permission)


def access_rule(*, viewer: User, rule_id: int) -> Rule:
    """Return one rule for somebody who may see rules.

    Raises:
        RuleNotFoundError: no such rule, or not for this viewer.
    """
    found = Rule.objects.select_related("current", "policy__current").filter(pk=rule_id).first()
    if found is None or not viewer.has_perm(VIEW):
        raise RuleNotFoundError
    return found


def validated(kind: str, configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with its defaults, ready to be stored.

    Raises:
        ValidationFailedError: it cannot be used; the problem names the key.
    """
    try:
        if kind in LOCAL_KINDS:
            return dict(validate_configuration(kind, configuration))
        return remote_configuration.validate(kind, configuration)
    except ConfigurationError as error:
        raise field_problem(error.field, error.message, "rule_configuration") from error


@transaction.atomic
def create_rule(
    *,
    actor: User | None,
    plan: Plan,
    configuration: Mapping[str, Any],
    limits: Limits | None = None,
    threshold: float = 0.5,
    note: str = "",
) -> Rule:
    """Write a rule with its first version; it is off until somebody sets its mode.

    Args:
        actor: who writes it; None for the product's own starter set.
        plan: when it looks, at what, and for which policy.
        configuration: what it looks for.
        limits: what it may do; none but the usual ones if left out.
        threshold: from which score on an answer from elsewhere is a hit.
        note: what this version is about.

    Raises:
        ForbiddenError: the actor may not write rules.
        PolicyNotFoundError: there is no such policy in use.
        ValidationFailedError: something does not fit, field by field.
    """
    require(actor, EDIT)
    name = _name(plan.name)
    _check_target(plan)
    policy = Policy.objects.in_use().of_code(plan.policy_code).first()
    if policy is None:
        raise PolicyNotFoundError
    tidy = validated(plan.kind, configuration)
    limits = _checked(limits or Limits())
    try:
        with transaction.atomic():
            rule = Rule.objects.create(
                name=name,
                description=plan.description.strip(),
                kind=plan.kind,
                stage=plan.stage,
                applies_to=plan.applies_to,
                policy=policy,
                owner=actor,
                **asdict(limits),
            )
    except IntegrityError as error:
        raise field_problem("name", "A rule has this name already.", "name_taken") from error
    rule.current = _add_version(rule, actor, tidy, threshold, note)
    rule.save(update_fields=["current", "updated_at"])
    record_change(actor, rule, AuditAction.RULE_CREATED, data={"version": 1, "kind": rule.kind})
    return rule


@transaction.atomic
def new_version(
    *,
    actor: User | None,
    rule_id: int,
    configuration: Mapping[str, Any],
    threshold: float = 0.5,
    note: str = "",
) -> RuleVersion:
    """Write another version; while the rule is live it is a draft, and the live one goes on.

    Raises:
        ForbiddenError: the actor may not write rules.
        RuleNotFoundError: there is no such rule.
        ValidationFailedError: something does not fit.
    """
    require(actor, EDIT)
    rule = locked_rule(rule_id)
    tidy = validated(rule.kind, configuration)
    version = _add_version(rule, actor, tidy, threshold, note)
    if rule.mode == RuleMode.OFF:
        rule.current = version
        rule.save(update_fields=["current", "updated_at"])
    record_change(actor, rule, AuditAction.RULE_CHANGED, data={"version": version.number})
    return version


@transaction.atomic
def set_limits(
    *,
    actor: User | None,
    rule_id: int,
    limits: Limits,
    precondition: Precondition | None = None,
) -> Rule:
    """Say what a rule may do; where it enforces, only somebody who may enforce says so.

    Raises:
        ForbiddenError: the actor may not change this rule.
        PreconditionFailedError: it is not any more what the actor has read.
        RuleNotFoundError: there is no such rule.
        ValidationFailedError: something does not fit.
    """
    require(actor, EDIT)
    rule = locked_rule(rule_id, precondition)
    if rule.mode == RuleMode.ENFORCE:
        require(actor, ENFORCE)
    for field, value in asdict(_checked(limits)).items():
        setattr(rule, field, value)
    rule.save()
    record_change(
        actor,
        rule,
        AuditAction.RULE_CHANGED,
        data={
            "action": str(rule.action),
            "on_error": str(rule.on_error),
            "daily_cap": rule.daily_cap,
            "expires_at": rule.expires_at.isoformat() if rule.expires_at else None,
        },
    )
    return rule


def locked_rule(rule_id: int, precondition: Precondition | None = None) -> Rule:
    """Return a rule with its version and policy, locked.

    Raises:
        PreconditionFailedError: it is not any more what its editor has read.
        RuleNotFoundError: there is no such rule.
    """
    rule = (
        Rule.objects.select_for_update(of=("self",))
        .select_related("current", "policy__current")
        .filter(pk=rule_id)
        .first()
    )
    if rule is None:
        raise RuleNotFoundError
    if precondition is not None:
        precondition.check(rule)
    return rule


def _add_version(
    rule: Rule, actor: User | None, configuration: dict[str, Any], threshold: float, note: str
) -> RuleVersion:
    if not 0 < threshold <= 1:
        raise field_problem("threshold", "Set it above 0 and at most to 1.", "threshold_range")
    last = rule.versions.aggregate(last=Max("number"))["last"] or 0
    version = RuleVersion.objects.create(
        rule=rule,
        number=last + 1,
        configuration=configuration,
        threshold=threshold,
        look_back=int(configuration.get("look_back") or 0),
        note=clean_reason(note, field="note", is_required=False),
        created_by=actor,
    )
    version.refresh_from_db(fields=["configuration"])  # its keys as the database orders them
    return version


def _name(text: str) -> str:
    name = " ".join(text.split())
    longest = 80
    if not name or len(name) > longest or "\x00" in name:
        raise field_problem("name", f"Give a name of at most {longest} characters.", "name_length")
    return name


def _check_target(plan: Plan) -> None:
    if plan.applies_to not in TARGETS[plan.stage]:
        words = " or ".join(target.label.lower() for target in TARGETS[plan.stage])
        raise field_problem("applies_to", f"At this stage a rule looks at: {words}.", "no_target")
    if plan.kind == RuleKind.RATE and plan.stage != Stage.INPUT:
        message = "A rate is counted before a message is sent."
        raise field_problem("stage", message, "no_target")


def _checked(limits: Limits) -> Limits:
    if limits.daily_cap is not None and not 0 <= limits.daily_cap <= MAX_DAILY_CAP:
        message = f"Use a number from 0 to {MAX_DAILY_CAP:,}."
        raise field_problem("daily_cap", message, "cap_range")
    if limits.expires_at is not None and not moments.is_known(limits.expires_at):
        raise field_problem("expires_at", "Choose a year from 1970 to 9998.", "moment_range")
    return limits


def record_change(
    actor: User | None,
    rule: Rule,
    action: AuditAction,
    *,
    reason: str = "",
    data: Mapping[str, audit.AuditValue],
) -> None:
    """Write down a change of a rule, and have this process look at the rules anew."""
    audit.record(
        actor=actor,
        action=action,
        target_type="rule",
        target_id=rule.pk,
        reason=reason,
        data=data,
    )
    transaction.on_commit(rule_sets.forget)
