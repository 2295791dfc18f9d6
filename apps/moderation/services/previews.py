"""What a decision would do, in words, before it is made; nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from apps.conversations.constants import Author
from apps.moderation.constants import EnforcementKind, Verdict
from apps.moderation.models import Case, Decision, Enforcement, Policy
from apps.moderation.services import cases, notices, strikes
from apps.moderation.services.decisions import Ruling
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
    """
    cases.require(actor, cases.DECIDE)
    case = cases.access_case(viewer=actor, case_id=case_id)
    if ruling.verdict == Verdict.UNSURE:
        return Preview("Hands the case to a lead; nothing else changes.", "", "")
    if ruling.verdict == Verdict.NO_VIOLATION:
        return Preview(_effect_of_no_violation(case), "", "")
    policy = Policy.objects.select_related("current").filter(code=ruling.policy_code).first()
    points = policy.strike_points if policy and ruling.gives_points else 0
    if case.target_role != Author.USER:
        points = 0
    now = timezone.now()
    measures = [
        (EnforcementKind(one.kind), now + timedelta(hours=one.hours) if one.hours else None)
        for one in ruling.measures
    ]
    draft = Decision(
        case=case,
        verdict=ruling.verdict,
        policy_version=policy.current if policy else None,
        reason_for_user=ruling.reason_for_user.strip(),
    )
    if not measures and not points:
        return Preview("Records the violation; the person sees no change.", "", "")
    title, body = notices.compose(decision=draft, measures=measures, points=points, automatic=False)
    kinds = [kind for kind, _ in measures]
    return Preview(_effect_of_violation(case, kinds, points), title, body)


def _effect_of_no_violation(case: Case) -> str:
    active = Enforcement.objects.active().filter(decision__case=case).count()
    if not active:
        return "Closes the case; nothing else changes."
    return f"Closes the case and takes back {active} enforcement{'s' if active > 1 else ''}."


def _effect_of_violation(case: Case, kinds: list[EnforcementKind], points: int) -> str:
    parts = [EFFECTS[kind] for kind in kinds]
    if not points:
        return _sentence(parts)
    before = strikes.active_points(case.subject_id)
    total = before - strikes.points_in_case(case) + points
    parts.append(f"adds {points} point{'s' if points != 1 else ''}, total {total}")
    crossed = strikes.crossed_threshold(before, total)
    following = strikes.next_threshold(total)
    if crossed is not None:
        parts.append(f"reaches {crossed.points} points and {EFFECTS[_kind(crossed.consequence)]}")
    if following is not None:
        parts.append(f"next threshold {following.points}")
    return _sentence(parts)


def _kind(consequence: str) -> EnforcementKind:
    return EnforcementKind(consequence)


def _sentence(parts: list[str]) -> str:
    text = ", ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."
