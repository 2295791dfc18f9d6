"""What a person is told of a decision about them: what, why, by whose rule, and what to do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from apps.conversations.constants import Author
from apps.moderation import constants
from apps.moderation.constants import ActorKind, EnforcementKind, NoticeKind
from apps.moderation.models import Case, Decision, Enforcement, Notice
from apps.moderation.services import deliveries
from apps.users.models import User

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
UNCHECKED = "It could not be checked against our policy, so it is not shown for now."
LOOKED_AT_SOON = (
    "A person will look at it. If it is fine, it is shown as it was written; you need to do "
    "nothing. Otherwise you read why, and can appeal."
)
BY_PERSON = "A person looked at this and decided."
APPEAL = f"You can appeal within {constants.APPEAL_DAYS} days; somebody else will look."
LOOKED_AGAIN = "We looked again and decided otherwise."
STILL_HOLDS = "We looked again and found the same."
UNDONE = "What that decision did is undone: text that it took is back, its points do not count."
RENEWED = "What had been taken back holds again."
KEPT = "What the first decision did stays as it is."
OTHER_PERSON = "Somebody who had no part in the first decision looked at this."
REPORT_AGREED = "A person looked at it and found that it goes against our policy. We acted on it."
REPORT_DISAGREED = "A person looked at it and found nothing against our policy, so it stays."


def tell(
    *,
    decision: Decision,
    case: Case,
    enforcements: Sequence[Enforcement],
    points: int = 0,
    automatic: bool = False,
) -> Notice | None:
    """Write the notice for what a decision did to a person or their texts; None if it did nothing.

    Nobody is told either where the account is gone.

    Args:
        decision: violates.
        case: whose subject is told.
        enforcements: what was done.
        points: strike points that it gave.
        automatic: whether a rule decided.
    """
    if not enforcements and not points:
        return None
    if not User.objects.filter(pk=case.subject_id).exists():
        return None
    title, body = compose(
        decision=decision,
        measures=[(EnforcementKind(one.kind), one.ends_at) for one in enforcements],
        points=points,
        automatic=automatic,
    )
    return _write(decision, case, NoticeKind.DECISION, (title, body), can_appeal=True)


def tell_held(*, decision: Decision, case: Case) -> Notice | None:
    """Tell a person that a text is kept back because it could not be checked; None if they left."""
    if not User.objects.filter(pk=case.subject_id).exists():
        return None
    is_answer = case.target_role == Author.ASSISTANT
    title = "An answer is kept back" if is_answer else "A message of yours is kept back"
    parts = [UNCHECKED, decision.reason_for_user, LOOKED_AT_SOON]
    text = (title, "\n\n".join(part for part in parts if part))
    return _write(decision, case, NoticeKind.DECISION, text)


def tell_reversal(*, decision: Decision, case: Case) -> Notice | None:
    """Tell a person that an earlier decision does not hold any more; None if it was never told."""
    if not _was_told(case):
        return None
    body = f"{decision.reason_for_user or LOOKED_AGAIN}\n\n{UNDONE}"
    return _write(decision, case, NoticeKind.REVERSAL, ("A decision was taken back", body))


def tell_renewal(*, decision: Decision, case: Case) -> Notice | None:
    """Tell a person that what had been taken back holds again; None if it was never told."""
    if not _was_told(case):
        return None
    body = f"{decision.reason_for_user or LOOKED_AGAIN}\n\n{RENEWED}\n\n{APPEAL}"
    text = ("An earlier decision holds again", body)
    return _write(decision, case, NoticeKind.DECISION, text, can_appeal=True)


def tell_appeal(*, decision: Decision, case: Case, is_upheld: bool) -> Notice:
    """Tell a person what came of their appeal."""
    title = "Your appeal was not accepted" if is_upheld else "Your appeal was accepted"
    fallback = STILL_HOLDS if is_upheld else LOOKED_AGAIN
    parts = [decision.reason_for_user or fallback, KEPT if is_upheld else UNDONE, OTHER_PERSON]
    return _write(decision, case, NoticeKind.APPEAL, (title, "\n\n".join(parts)))


def tell_reporters(*, decision: Decision, case: Case, reporters: Collection[int]) -> None:
    """Tell whoever reported a message what came of it, without naming anybody."""
    is_agreed = decision.verdict == constants.Verdict.VIOLATES
    what = "an answer" if case.target_role == Author.ASSISTANT else "a message"
    body = f"Thank you for reporting {what}. {REPORT_AGREED if is_agreed else REPORT_DISAGREED}"
    for person in User.objects.filter(pk__in=reporters, is_active=True):
        notice = Notice.objects.create(
            subject=person,
            decision=decision,
            kind=NoticeKind.DECISION,
            title="We looked at your report",
            body=body,
            conversation_id=case.conversation_id,
            message_id=case.message_id,
        )
        deliveries.deliver(notice)


def _was_told(case: Case) -> bool:
    told = Notice.objects.filter(decision__case=case, subject_id=case.subject_id)
    is_about_them = Q(appeal_until__isnull=False) | Q(decision__actor_kind=ActorKind.SYSTEM)
    return told.filter(is_about_them).exists()


def _write(
    decision: Decision,
    case: Case,
    kind: NoticeKind,
    text: tuple[str, str],
    *,
    can_appeal: bool = False,
) -> Notice:
    days = timedelta(days=constants.APPEAL_DAYS)
    notice = Notice.objects.create(
        subject_id=case.subject_id,
        decision=decision,
        kind=kind,
        title=text[0],
        body=text[1],
        conversation_id=case.conversation_id,
        message_id=case.message_id,
        appeal_until=timezone.now() + days if can_appeal else None,
    )
    deliveries.deliver(notice)
    return notice


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
    parts.append(APPEAL)
    return title, "\n\n".join(parts)


def _sentence(kind: EnforcementKind, ends_at: object) -> str:
    if kind not in (EnforcementKind.RESTRICT, EnforcementKind.SUSPEND):
        return DONE[kind]
    until = f" until {ends_at:%d %B %Y, %H:%M} UTC" if ends_at is not None else ""
    return f"{DONE[kind]}{until}."
