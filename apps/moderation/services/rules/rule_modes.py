"""Modes are earned: a gate before enforcing, off in one step, and power taken back."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.audit.constants import AuditAction
from apps.core.preconditions import Precondition
from apps.core.problems import clean_reason, field_problem
from apps.moderation.constants import RuleMode
from apps.moderation.errors import PolicyNotFoundError, RuleGateError, RuleNotFoundError
from apps.moderation.models import Policy, Rule, RuleVersion
from apps.moderation.services.figures.intervals import Share
from apps.moderation.services.figures.labels import precision_of
from apps.moderation.services.rules import rules
from apps.users.models import User

LOOKED_AT = ("mode", "current_id", "mode_changed_at", "expires_at")


@transaction.atomic
def set_mode(
    *,
    actor: User | None,
    rule_id: int,
    mode: RuleMode,
    version_id: int | None = None,
    override_reason: str = "",
    precondition: Precondition | None = None,
) -> Rule:
    """Set what a hit does, with the present version or another one; off is always one step away.

    Args:
        actor, rule_id: who says so, and of which rule.
        mode: off, shadow, flag or enforce.
        version_id: which version goes live; None for the present one.
        override_reason: why it may enforce although it is not proven; kept in the record.

    Raises:
        ForbiddenError, RuleNotFoundError: not for the actor, or no such rule or version.
        PreconditionFailedError: it is not any more what the actor has read.
        RuleGateError: it has not earned to enforce by what others than the actor said of it.
        ValidationFailedError: it has expired, or its policy is not in use.
    """
    rules.require(actor, rules.EDIT)
    rule = rules.locked_rule(rule_id, precondition)
    before = rule.mode
    version = _chosen(rule, version_id)
    if mode != RuleMode.OFF:
        _check_may_live(rule, version)
    override, proof = "", None
    if mode == RuleMode.ENFORCE:
        rules.require(actor, rules.ENFORCE)
        override = clean_reason(override_reason, field="override_reason", is_required=False)
        proof = _pass_gate(version, override, actor)
    rule.mode, rule.current = mode, version
    _note_change(rule, is_overridden=proof is not None and not is_proven(proof))
    rules.record_change(
        actor,
        rule,
        AuditAction.RULE_MODE_CHANGED,
        reason=override,
        data={
            "from": str(before),
            "to": str(mode),
            "version": version.number,
            "is_override": bool(override),
            "labelled": proof.total if proof is not None else None,
        },
    )
    return rule


@transaction.atomic
def demote(*, seen: Rule, mode: RuleMode, why: str) -> Rule | None:
    """Take power from a rule because of its own figures; the reason is shown and recorded.

    Args:
        seen: the rule whose figures were looked at.
        mode: what it falls back to.
        why: why, in a sentence.

    Returns:
        The rule; None where somebody set its mode or its end meanwhile, who has the last word.
    """
    rule = rules.locked_rule(seen.pk)
    if any(getattr(rule, name) != getattr(seen, name) for name in LOOKED_AT):
        return None
    before = rule.mode
    rule.mode = mode
    _note_change(rule, why=why)
    rules.record_change(
        None,
        rule,
        AuditAction.RULE_DEMOTED,
        reason=why,
        data={"from": str(before), "to": str(mode)},
    )
    return rule


def is_proven(proof: Share) -> bool:
    """Tell whether enough hits were labelled, and enough of them rightly, to enforce."""
    needed: int = settings.RULE_GATE_LABELS
    limit: float = settings.RULE_GATE_PRECISION
    return proof.total >= needed and proof.low >= limit


def gate_words(proof: Share) -> str:
    """Say what a version still needs before it may enforce."""
    if proof.total < settings.RULE_GATE_LABELS:
        return (
            f"{proof.total} hits of this version were judged by others than you; "
            f"{settings.RULE_GATE_LABELS} are needed before it may enforce."
        )
    return (
        f"Precision is {proof}; the lower end must be at least "
        f"{settings.RULE_GATE_PRECISION:.0%} before it may enforce."
    )


def _note_change(rule: Rule, *, why: str = "", is_overridden: bool = False) -> None:
    rule.mode_changed_at, rule.demoted_reason = timezone.now(), why
    rule.overridden_at = rule.mode_changed_at if is_overridden else None
    rule.save()


def _check_may_live(rule: Rule, version: RuleVersion) -> None:
    if rule.expires_at is not None and rule.expires_at <= timezone.now():
        raise field_problem("expires_at", "It has expired. Set a later end first.", "expired")
    in_use = Policy.objects.in_use().filter(pk=rule.policy_id)
    if not in_use.select_for_update(of=("self",), no_key=True).exists():
        raise PolicyNotFoundError
    rules.validated(rule.kind, version.configuration)


def _pass_gate(version: RuleVersion, override: str, actor: User | None) -> Share:
    """Check what people said of a version's hits; whoever promotes it does not vouch for it."""
    proof = precision_of(version, without=actor)
    if not override and not is_proven(proof):
        raise RuleGateError(gate_words(proof))
    return proof


def _chosen(rule: Rule, version_id: int | None) -> RuleVersion:
    version = rule.current
    if version_id is not None:
        version = rule.versions.filter(pk=version_id).first()
    if version is None:
        raise RuleNotFoundError
    return version
