"""What a decision would do, in words, before it is made; nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass

from apps.moderation.constants import EnforcementKind, Verdict
from apps.moderation.models import Case, Decision, Enforcement, Policy
from apps.moderation.services import cases, reasons, strikes
from apps.moderation.services.decisions import Ruling
from apps.moderation.services.effects import Effects, effects_of
from apps.users.models import User

EFFECTS = {
    EnforcementKind.HIDE_MESSAGE: "hides 1 message",
    EnforcementKind.REDACT_SPAN: "redacts a passage",
    EnforcementKind.RETRACT_ANSWER: "withholds 1 answer",
    EnforcementKind.LOCK_CONVERSATION: "locks the conversation",
    EnforcementKind.WARN: "warns the person",
    EnforcementKind.RESTRICT: "restricts the person",
    EnforcementKind.SUSPEND: "suspends the person",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """The effect in one sentence, and the notice exactly as the person would read it."""

    effect: str
    title: str
    body: str


def preview(*, actor: User, case_id: int, ruling: Ruling) -> Preview:
    """Say what a decision would do.

    Raises:
        ForbiddenError: the actor may not decide.
        CaseNotFoundError: there is no such case.
        OwnCaseError: it is about the actor.
    """
    case = cases.access_case(viewer=actor, case_id=case_id, permission=cases.DECIDE)
    if ruling.verdict == Verdict.UNSURE:
        return Preview("Hands the case to a lead; nothing else changes.", "", "")
    if ruling.verdict == Verdict.NO_VIOLATION:
        return Preview(_effect_of_no_violation(case), "", "")
    policy = Policy.objects.select_related("current").filter(code=ruling.policy_code).first()
    brings = effects_of(
        case=case, policy=policy, measures=ruling.measures, gives_points=ruling.gives_points
    )
    told = brings.told()
    if not told and not brings.points:
        return Preview("Records the violation; the person sees no change.", "", "")
    draft = Decision(
        case=case,
        verdict=ruling.verdict,
        policy_version=policy.current if policy else None,
        reason_for_user=ruling.reason_for_user.strip(),
    )
    title, body = reasons.compose(
        decision=draft, measures=told, points=brings.points, automatic=False
    )
    return Preview(_effect_of_violation(brings), title, body)


def _effect_of_no_violation(case: Case) -> str:
    active = Enforcement.objects.active().filter(decision__case=case).count()
    if not active:
        return "Closes the case; nothing else changes."
    return f"Closes the case and takes back {active} enforcement{'s' if active > 1 else ''}."


def _effect_of_violation(brings: Effects) -> str:
    parts = [EFFECTS[one.kind] for one in brings.planned]
    points = brings.points
    if points:
        parts.append(f"adds {points} point{'s' if points != 1 else ''}, total {brings.total}")
    if brings.threshold is not None:
        consequence = EFFECTS[EnforcementKind(brings.threshold.consequence)]
        parts.append(f"reaches {brings.threshold.points} points and {consequence}")
    following = strikes.next_threshold(brings.total) if points else None
    if following is not None:
        parts.append(f"next threshold {following.points}")
    return _sentence(parts or ["tells the person why"])


def _sentence(parts: list[str]) -> str:
    text = ", ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."
