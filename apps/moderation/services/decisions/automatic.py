"""What is decided without a person: by a rule, or because a text could not be checked."""

from __future__ import annotations

from django.db import transaction

from apps.conversations.endings import Ended
from apps.moderation.constants import ActorKind, Verdict
from apps.moderation.models import Case, CaseSnapshot, Decision, RuleVersion
from apps.moderation.services.decisions import decisions, effects, enforcements, strikes
from apps.moderation.services.notices import notices

CHECK_FAILED = (
    "The check of the rule “{}” failed, and that rule keeps back what it could not check. "
    "Nobody has judged the text yet: if it is fine, decide “no violation” and it is shown."
)
GUARD_FAILED = (
    "A policy check could not be made, or kept the text back without a rule of ours. "
    "Nobody has judged the text yet: if it is fine, decide “no violation” and it is shown."
)


@transaction.atomic
def decide_by_rule(
    *,
    case: Case,
    rule_version: RuleVersion,
    snapshot: CaseSnapshot,
    gives_points: bool,
    ended: Ended | None = None,
) -> Decision:
    """Write down that an enforcing rule withheld a text; the case stays open for a person.

    Args:
        case: locked, in the transaction that stores the text's end.
        rule_version: what found it.
        snapshot: holds the original.
        gives_points: whether the policy's points count against the author.
        ended: how the answer had ended, if it was there as a whole.
    """
    policy = rule_version.rule.policy
    decision = Decision.objects.create(
        case=case,
        verdict=Verdict.VIOLATES,
        policy_version=policy.current,
        reason=f"Found by rule “{rule_version.rule.name}”, version {rule_version.number}.",
        actor_kind=ActorKind.RULE,
        actor_label=rule_version.rule.name,
        rule_version=rule_version,
        supersedes=decisions.latest_decision(case),
    )
    strikes.lock_account(case)
    brings = effects.effects_of(case=case, policy=policy, gives_points=gives_points)
    done = [
        enforcements.record_withheld(decision=decision, case=case, snapshot=snapshot, ended=ended)
    ]
    decisions.strike_and_tell(decision, case, done, brings, automatic=True)
    decisions.record(decision, case)
    return decision


@transaction.atomic
def hold_for_a_person(
    *,
    case: Case,
    snapshot: CaseSnapshot,
    failed_rule: str,
    reason_for_user: str,
    ended: Ended | None = None,
) -> Decision:
    """Write down that a text was kept back because it could not be checked; a person decides.

    Args:
        case: locked, in the transaction that stores the text's end.
        snapshot: holds the original.
        failed_rule: the name of the rule whose check failed; empty where another guard kept it.
        reason_for_user: what the person was told at once.
        ended: how the answer had ended, if it was there as a whole.
    """
    decision = Decision.objects.create(
        case=case,
        verdict=Verdict.UNSURE,
        reason=CHECK_FAILED.format(failed_rule) if failed_rule else GUARD_FAILED,
        reason_for_user=reason_for_user,
        actor_kind=ActorKind.SYSTEM,
        actor_label="Policy check",
        supersedes=decisions.latest_decision(case),
    )
    enforcements.record_withheld(decision=decision, case=case, snapshot=snapshot, ended=ended)
    notices.tell_held(decision=decision, case=case)
    decisions.record(decision, case)
    return decision
