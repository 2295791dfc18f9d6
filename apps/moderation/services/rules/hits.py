"""Stores what rules found and what follows from it, in the transaction of the text itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apps.conversations.guardrails import Judged
from apps.conversations.models import Message
from apps.moderation.constants import (
    FlagSource,
    HitOutcome,
    RuleAction,
    Verdict,
)
from apps.moderation.models import Decision, Policy, RuleHit, RuleVersion
from apps.moderation.services.cases import flags, snapshots
from apps.moderation.services.decisions import automatic
from apps.moderation.services.rules.findings import ACTING, Finding


def record(judged: Judged, findings: Sequence[Finding]) -> list[RuleHit]:
    """Store hits, and open the case, decide it and tell the person where a rule acted.

    An answer that its model's provider cut by a filter opens a case, too, for a person to look at.
    The caller has opened the transaction. In an answer that ended early, what was found behind the
    text that is stored was seen by nobody and is left out.

    Args:
        judged: the text, stored or withheld.
        findings: what rules found in it.
    """
    kept = [one for one in findings if judged.is_withheld or _is_stored(one, judged)]
    if kept and not judged.is_answer and not judged.is_withheld:
        kept = _new_among(kept, judged.message_id)
    hits = RuleHit.objects.bulk_create([_hit(one, judged) for one in kept])
    found = list(zip(kept, hits, strict=True))
    acting = first_of_each_rule(pair for pair in found if pair[0].outcome in ACTING)
    if acting:
        _act(judged, acting)
    if judged.is_withheld and not any(one.outcome == HitOutcome.ENFORCED for one in kept):
        _hold_for_a_person(judged, found)
    if judged.is_filtered:
        _point_for_the_provider(judged)
    return hits


def without_settled(message_id: int, findings: Sequence[Finding]) -> list[Finding]:
    """Leave out what a person has looked at already and called no violation.

    Args:
        message_id: a stored message that is judged once more.
        findings: what the rules find in it now.
    """
    judged = Decision.objects.on_message(message_id).made_by_people().not_superseded()
    latest = judged.order_by("-id").first()
    if latest is None or latest.verdict != Verdict.NO_VIOLATION:
        return list(findings)
    known = RuleHit.objects.on_message(message_id).until(latest.created_at)
    settled = set(known.values_list("version_id", flat=True))
    return [one for one in findings if one.rule.version_id not in settled]


def _new_among(findings: Sequence[Finding], message_id: int) -> list[Finding]:
    """Leave out the rules that have hit this message before, when it is asked once more."""
    known = set(RuleHit.objects.on_message(message_id).values_list("version_id", flat=True))
    return [one for one in findings if one.rule.version_id not in known]


def first_of_each_rule(
    pairs: Iterable[tuple[Finding, RuleHit]],
) -> list[tuple[Finding, RuleHit]]:
    """Return one hit of each rule, those that enforce first and the heaviest policy first."""
    first: dict[int, tuple[Finding, RuleHit]] = {}
    for finding, hit in pairs:
        first.setdefault(finding.rule.rule_id, (finding, hit))
    return sorted(
        first.values(),
        key=lambda pair: (pair[0].outcome != HitOutcome.ENFORCED, -pair[0].rule.severity),
    )


def _act(judged: Judged, acting: Sequence[tuple[Finding, RuleHit]]) -> None:
    message = Message.objects.select_related("conversation").get(pk=judged.message_id)
    policies = Policy.objects.in_bulk([finding.rule.policy_id for finding, _ in acting])
    is_elsewhere = judged.is_withheld if judged.is_answer else judged.text != message.content
    original = flags.Original(judged.text, judged.shown_chars) if is_elsewhere else None
    strongest = acting[0][0]
    for finding, hit in acting:
        case = flags.raise_flag(
            message=message,
            source=FlagSource.RULE,
            hit=hit,
            policy=policies[finding.rule.policy_id],
            original=original,
        )
        original = None
        if finding is strongest and finding.outcome == HitOutcome.ENFORCED and judged.is_withheld:
            version = RuleVersion.objects.select_related("rule__policy__current").get(
                pk=finding.rule.version_id
            )
            automatic.decide_by_rule(
                case=case,
                rule_version=version,
                snapshot=snapshots.newest_snapshot(case=case, message=message),
                gives_points=finding.rule.action == RuleAction.BLOCK_STRIKE,
                ended=judged.ended,
            )


def _hold_for_a_person(judged: Judged, found: Sequence[tuple[Finding, RuleHit]]) -> None:
    """Open the case of a text that was kept back although no rule found anything in it."""
    message = Message.objects.select_related("conversation").get(pk=judged.message_id)
    failed = next((pair for pair in found if _is_closed_failure(pair[0])), None)
    policy = Policy.objects.get(pk=failed[0].rule.policy_id) if failed is not None else None
    is_elsewhere = judged.is_answer or judged.text != message.content
    case = flags.raise_flag(
        message=message,
        source=FlagSource.GUARD,
        hit=failed[1] if failed is not None else None,
        policy=policy,
        original=flags.Original(judged.text, judged.shown_chars) if is_elsewhere else None,
    )
    automatic.hold_for_a_person(
        case=case,
        snapshot=snapshots.newest_snapshot(case=case, message=message),
        failed_rule=failed[0].rule.name if failed is not None else "",
        reason_for_user=judged.reason_for_user,
        ended=judged.ended,
    )


def _point_for_the_provider(judged: Judged) -> None:
    """Have a person look at what the provider's filter cut: it says something of the exchange."""
    message = Message.objects.select_related("conversation").get(pk=judged.message_id)
    flags.raise_flag(message=message, source=FlagSource.PROVIDER)


def _is_closed_failure(finding: Finding) -> bool:
    return finding.outcome == HitOutcome.ERROR and finding.rule.is_closed


def _is_stored(finding: Finding, judged: Judged) -> bool:
    return finding.is_question or finding.end is None or finding.end <= len(judged.text)


def _hit(finding: Finding, judged: Judged) -> RuleHit:
    return RuleHit(
        version_id=finding.rule.version_id,
        rule_id=finding.rule.rule_id,
        mode=finding.rule.mode,
        outcome=finding.outcome,
        stage=finding.stage,
        message_id=judged.message_id,
        subject_id=judged.user_id,
        score=finding.score,
        label=finding.label,
        start=finding.start,
        end=finding.end,
        span_hash=finding.span_hash,
        latency_us=finding.latency_us,
        shown_chars=finding.shown_chars,
    )
