"""What a decision would do, in words, before it is made; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apps.core.languages import speaking
from apps.moderation.constants import EnforcementKind, Verdict
from apps.moderation.models import Case, Decision, Enforcement, Policy
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import strikes
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.effects import Effects, effects_of
from apps.moderation.services.decisions.reversal_effects import effects_of_no_violation
from apps.moderation.services.notices import notices, reasons
from apps.moderation.services.notices.reasons import Change
from apps.users.models import User
from apps.users.services.preferences import language_of

EFFECTS = {
    EnforcementKind.HIDE_MESSAGE: "hides 1 message",
    EnforcementKind.REDACT_SPAN: "redacts a passage",
    EnforcementKind.RETRACT_ANSWER: "withholds 1 answer",
    EnforcementKind.LOCK_CONVERSATION: "locks the conversation",
    EnforcementKind.REVOKE_SHARE: "revokes the shared link",
    EnforcementKind.WARN: "warns the person",
    EnforcementKind.RESTRICT: "restricts the person",
    EnforcementKind.SUSPEND: "suspends the person",
}
REVERSALS = {
    EnforcementKind.HIDE_MESSAGE: "gives back the message",
    EnforcementKind.REDACT_SPAN: "gives back the passage",
    EnforcementKind.RETRACT_ANSWER: "gives back the answer",
    EnforcementKind.LOCK_CONVERSATION: "opens the conversation",
    EnforcementKind.REVOKE_SHARE: "gives back the shared link",
    EnforcementKind.WARN: "takes back the warning",
    EnforcementKind.RESTRICT: "lifts the restriction",
    EnforcementKind.SUSPEND: "lifts the suspension",
}
BROUGHT = {
    EnforcementKind.WARN: "warning",
    EnforcementKind.RESTRICT: "restriction",
    EnforcementKind.SUSPEND: "suspension",
}
"""What points can bring."""


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
    draft = Decision(
        case=case, verdict=ruling.verdict, reason_for_user=ruling.reason_for_user.strip()
    )
    if ruling.verdict == Verdict.NO_VIOLATION:
        return _of_no_violation(draft, case)
    policy = Policy.objects.of_code(ruling.policy_code).select_related("current").first()
    draft.policy_version = policy.current if policy else None
    brings = effects_of(
        case=case, policy=policy, measures=ruling.measures, gives_points=ruling.gives_points
    )
    if not brings.is_felt:
        return Preview("Records the violation; the person sees no change.", "", "")
    change = Change(
        measures=brings.told(),
        points=brings.points,
        former_points=brings.former_points,
        eased=brings.eased,
    )
    with speaking(language_of(case.subject_id)):
        title, body = reasons.compose(draft, change)
    return Preview(_effect_of_violation(brings), title, body)


def _of_no_violation(draft: Decision, case: Case) -> Preview:
    takes = effects_of_no_violation(case)
    title, body = "", ""
    if takes.is_told:
        title, body = notices.compose_reversal(
            decision=draft, case=case, eased=takes.eased, holding=takes.holding
        )
    parts = [REVERSALS[kind] for kind in _kinds(takes.ending)]
    if takes.points:
        parts.append(f"takes back {_counted(takes.points)}, total {takes.total}")
    parts += _lifted(takes.unreached)
    if not parts:
        return Preview("Closes the case; nothing else changes.", title, body)
    if takes.holding:
        parts.append("and leaves what holds for another reason")
    return Preview(_sentence(["closes the case", *parts]), title, body)


def _effect_of_violation(brings: Effects) -> str:
    parts = [EFFECTS[one.kind] for one in brings.planned]
    points, former = brings.points, brings.former_points
    if points and points < former:
        parts.append(f"leaves {points} of {_counted(former)}, total {brings.total}")
    elif points:
        parts.append(f"adds {_counted(points)}, total {brings.total}")
    elif former:
        parts.append(f"takes back {_counted(former)}, total {brings.total}")
    parts += _lifted(brings.lifted)
    if brings.threshold is not None:
        consequence = EFFECTS[EnforcementKind(brings.threshold.consequence)]
        parts.append(f"reaches {brings.threshold.points} points and {consequence}")
    following = strikes.next_threshold(brings.total) if points else None
    if following is not None:
        parts.append(f"next threshold {following.points}")
    return _sentence(parts or ["tells the person why"])


def _lifted(unreached: Iterable[Enforcement]) -> list[str]:
    names = [f"the {BROUGHT[kind]}" for kind in _kinds(unreached)]
    return [f"ends {' and '.join(names)} that points brought"] if names else []


def _kinds(enforcements: Iterable[Enforcement]) -> list[EnforcementKind]:
    found = {one.kind for one in enforcements}
    return [kind for kind in EnforcementKind if kind in found]


def _counted(points: int) -> str:
    return f"{points} point{'s' if points != 1 else ''}"


def _sentence(parts: list[str]) -> str:
    text = ", ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."
