"""What a person is told of a decision about them: what, why, by whose rule, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from apps.moderation import constants
from apps.moderation.constants import EnforcementKind
from apps.moderation.models import Case, Decision, Enforcement, Notice

TITLES = {
    EnforcementKind.HIDE_MESSAGE: "A message of yours was hidden",
    EnforcementKind.REDACT_SPAN: "A passage in your conversation was redacted",
    EnforcementKind.RETRACT_ANSWER: "An answer was withheld",
    EnforcementKind.LOCK_CONVERSATION: "A conversation of yours was locked",
    EnforcementKind.WARN: "You were warned",
    EnforcementKind.RESTRICT: "You may read and not write",
    EnforcementKind.SUSPEND: "Your account was suspended",
}
HEAVIEST_FIRST = tuple(reversed(EnforcementKind))
DONE = {
    EnforcementKind.HIDE_MESSAGE: "Your message is hidden and the model does not read it.",
    EnforcementKind.REDACT_SPAN: "A passage was made unreadable; the rest stays.",
    EnforcementKind.RETRACT_ANSWER: "The answer is not shown and the model does not read it.",
    EnforcementKind.LOCK_CONVERSATION: "You can read this conversation and not write in it.",
    EnforcementKind.WARN: "This is a warning; nothing else changes.",
    EnforcementKind.RESTRICT: "You can read and not write",
    EnforcementKind.SUSPEND: "You cannot use your account",
}
BY_RULE = "A rule found this automatically; no person has looked at it yet."
BY_PERSON = "A person looked at this and decided."


def tell(
    *,
    decision: Decision,
    case: Case,
    enforcements: Sequence[Enforcement],
    points: int = 0,
    automatic: bool = False,
) -> Notice | None:
    """Write the notice for what a decision did to a person or their texts; None if it did nothing.

    Args:
        decision: violates.
        case: whose subject is told.
        enforcements: what was done.
        points: strike points that it gave.
        automatic: whether a rule decided.
    """
    if not enforcements and not points:
        return None
    title, body = compose(
        decision=decision,
        measures=[(EnforcementKind(one.kind), one.ends_at) for one in enforcements],
        points=points,
        automatic=automatic,
    )
    return Notice.objects.create(
        subject_id=case.subject_id,
        decision=decision,
        kind=constants.NoticeKind.DECISION,
        title=title,
        body=body,
        conversation_id=case.conversation_id,
        message_id=case.message_id,
        appeal_until=timezone.now() + timedelta(days=constants.APPEAL_DAYS),
    )


def tell_reversal(*, decision: Decision, case: Case, is_appeal: bool = False) -> Notice | None:
    """Tell a person that an earlier decision does not hold any more; None if it was never told."""
    told = Notice.objects.filter(
        decision__case=case, kind=constants.NoticeKind.DECISION, subject_id=case.subject_id
    )
    if not told.exists():
        return None
    words = decision.reason_for_user or "We looked again and decided otherwise."
    return Notice.objects.create(
        subject_id=case.subject_id,
        decision=decision,
        kind=constants.NoticeKind.APPEAL if is_appeal else constants.NoticeKind.REVERSAL,
        title="Your appeal was accepted" if is_appeal else "A decision was taken back",
        body=f"{words}\n\nWhat was done is undone: your text is back, and points do not count.",
        conversation_id=case.conversation_id,
        message_id=case.message_id,
    )


def compose(
    *,
    decision: Decision,
    measures: Sequence[tuple[EnforcementKind, object]],
    points: int,
    automatic: bool,
) -> tuple[str, str]:
    """Return title and statement of reasons, exactly as the person will read them.

    The parts follow what a statement of reasons must hold under Article 17 of the EU's Digital
    Services Act: what is restricted, the facts, whether by automated means, the rule, the redress.
    """
    kinds = [kind for kind, _ in measures]
    title = next((TITLES[kind] for kind in HEAVIEST_FIRST if kind in kinds), "You got points")
    done = [_sentence(kind, ends_at) for kind, ends_at in measures]
    if points:
        done.append(f"{points} point{'s' if points != 1 else ''} were added to your account.")
    version = decision.policy_version
    parts = [" ".join(done)]
    if version is not None:
        parts.append(f"Policy: {version.title}. {version.text_for_users}")
    if decision.reason_for_user:
        parts.append(f"Reason: {decision.reason_for_user}")
    parts.append(BY_RULE if automatic else BY_PERSON)
    parts.append(f"You can appeal within {constants.APPEAL_DAYS} days; somebody else will look.")
    return title, "\n\n".join(parts)


def _sentence(kind: EnforcementKind, ends_at: object) -> str:
    if kind not in (EnforcementKind.RESTRICT, EnforcementKind.SUSPEND):
        return DONE[kind]
    until = f" until {ends_at:%d %B %Y, %H:%M} UTC" if ends_at is not None else ""
    return f"{DONE[kind]}{until}."
