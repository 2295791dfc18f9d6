"""What a person is told of a decision about them: what, why, by whose rule, and what to do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, ngettext

from apps.conversations.constants import Author, ReplyState
from apps.conversations.models import Message
from apps.core.languages import moment, speaking
from apps.moderation import constants
from apps.moderation.constants import ActorKind, EnforcementKind, NoticeKind
from apps.moderation.models import Case, Decision, Enforcement, Notice
from apps.moderation.services import deliveries
from apps.users.constants import Standing
from apps.users.models import User
from apps.users.services import access
from apps.users.services.preferences import language_of

TITLES = {
    EnforcementKind.HIDE_MESSAGE: gettext_noop("A message of yours was hidden"),
    EnforcementKind.REDACT_SPAN: gettext_noop("A passage in your conversation was redacted"),
    EnforcementKind.RETRACT_ANSWER: gettext_noop("An answer was withheld"),
    EnforcementKind.LOCK_CONVERSATION: gettext_noop("A conversation of yours was locked"),
    EnforcementKind.WARN: gettext_noop("You were warned"),
    EnforcementKind.RESTRICT: gettext_noop("You may read and not write"),
    EnforcementKind.SUSPEND: gettext_noop("Your account was suspended"),
}
HEAVIEST_FIRST = tuple(reversed(EnforcementKind))
DONE = {
    EnforcementKind.HIDE_MESSAGE: gettext_noop(
        "Your message is hidden and the model does not read it."
    ),
    EnforcementKind.REDACT_SPAN: gettext_noop("A passage was made unreadable; the rest stays."),
    EnforcementKind.RETRACT_ANSWER: gettext_noop(
        "The answer is not shown and the model does not read it."
    ),
    EnforcementKind.LOCK_CONVERSATION: gettext_noop(
        "You can read this conversation and not write in it."
    ),
    EnforcementKind.WARN: gettext_noop("This is a warning; nothing else changes."),
    EnforcementKind.RESTRICT: gettext_noop("You can read and not write."),
    EnforcementKind.SUSPEND: gettext_noop("You cannot use your account."),
}
DONE_UNTIL = {
    EnforcementKind.RESTRICT: gettext_noop("You can read and not write until %(end)s UTC."),
    EnforcementKind.SUSPEND: gettext_noop("You cannot use your account until %(end)s UTC."),
}
BY_STANDING = {
    Standing.RESTRICTED: EnforcementKind.RESTRICT,
    Standing.SUSPENDED: EnforcementKind.SUSPEND,
}
POINTS_ONLY = gettext_noop("You got points")
BY_RULE = gettext_noop("A rule found this automatically; no person has looked at it yet.")
UNCHECKED = gettext_noop("It could not be checked against our policy, so it is not shown for now.")
LOOKED_AT_SOON = gettext_noop(
    "A person will look at it. If it is fine, it is shown as it was written; you need to do "
    "nothing. Otherwise you read why, and can appeal."
)
BY_PERSON = gettext_noop("A person looked at this and decided.")
BY_BOTH = gettext_noop(
    "A rule found this automatically; a person has looked at it since and decided."
)
APPEAL = gettext_noop("You can appeal within %(days)d days; somebody else will look.")
LOOKED_AGAIN = gettext_noop("We looked again and decided otherwise.")
STILL_HOLDS = gettext_noop("We looked again and found the same.")
UNDONE = gettext_noop(
    "What that decision did is undone: text that it took is back, its points do not count."
)
UNDONE_IN_PART = gettext_noop(
    "That decision and its points do not count any more. This still holds for another reason:"
)
RENEWED = gettext_noop("What had been taken back holds again.")
KEPT = gettext_noop("What the first decision did stays as it is.")
OTHER_PERSON = gettext_noop("Somebody who had no part in the first decision looked at this.")
REPORT_AGREED = gettext_noop(
    "A person looked at it and found that it goes against our policy. We acted on it."
)
REPORT_DISAGREED = gettext_noop(
    "A person looked at it and found nothing against our policy, so it stays."
)


def tell(
    *,
    decision: Decision,
    case: Case,
    enforcements: Sequence[Enforcement],
    points: int = 0,
    automatic: bool = False,
) -> Notice | None:
    """Write the notice for what a decision did to a person or their texts; None if it did nothing.

    What a rule had done and a person confirms is told again, now with a person behind it. Nobody is
    told where the account is gone.

    Args:
        decision: violates.
        case: whose subject is told.
        enforcements: what was done, or holds already and is confirmed.
        points: strike points that it gave.
        automatic: whether a rule decided.
    """
    if not enforcements and not points:
        return None
    if not User.objects.filter(pk=case.subject_id).exists():
        return None
    with speaking(language_of(case.subject_id)):
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
    with speaking(language_of(case.subject_id)):
        title = gettext("A message of yours is kept back")
        if is_answer:
            title = gettext("An answer is kept back")
        parts = [gettext(UNCHECKED), decision.reason_for_user, gettext(LOOKED_AT_SOON)]
    text = (title, "\n\n".join(part for part in parts if part))
    return _write(decision, case, NoticeKind.DECISION, text)


def tell_reversal(*, decision: Decision, case: Case) -> Notice | None:
    """Tell a person that an earlier decision does not hold any more; None if it was never told."""
    if not _was_told(case):
        return None
    with speaking(language_of(case.subject_id)):
        body = f"{decision.reason_for_user or gettext(LOOKED_AGAIN)}\n\n{_undone(case)}"
        text = (gettext("A decision was taken back"), body)
    return _write(decision, case, NoticeKind.REVERSAL, text)


def tell_renewal(*, decision: Decision, case: Case) -> Notice | None:
    """Tell a person that what had been taken back holds again; None if it was never told."""
    if not _was_told(case):
        return None
    with speaking(language_of(case.subject_id)):
        first = decision.reason_for_user or gettext(LOOKED_AGAIN)
        body = f"{first}\n\n{gettext(RENEWED)}\n\n{_redress()}"
        text = (gettext("An earlier decision holds again"), body)
    return _write(decision, case, NoticeKind.DECISION, text, can_appeal=True)


def tell_appeal(*, decision: Decision, case: Case, is_upheld: bool) -> Notice:
    """Tell a person what came of their appeal."""
    with speaking(language_of(case.subject_id)):
        title = gettext("Your appeal was accepted")
        if is_upheld:
            title = gettext("Your appeal was not accepted")
        fallback = gettext(STILL_HOLDS if is_upheld else LOOKED_AGAIN)
        outcome = gettext(KEPT) if is_upheld else _undone(case)
        parts = [decision.reason_for_user or fallback, outcome, gettext(OTHER_PERSON)]
    return _write(decision, case, NoticeKind.APPEAL, (title, "\n\n".join(parts)))


def tell_reporters(*, decision: Decision, case: Case, reporters: Collection[int]) -> None:
    """Tell whoever reported a message what came of it, without naming anybody."""
    is_agreed = decision.verdict == constants.Verdict.VIOLATES
    is_answer = case.target_role == Author.ASSISTANT
    for person in User.objects.filter(pk__in=reporters, is_active=True):
        with speaking(person.language):
            title = gettext("We looked at your report")
            thanks = gettext("Thank you for reporting a message.")
            if is_answer:
                thanks = gettext("Thank you for reporting an answer.")
            body = f"{thanks} {gettext(REPORT_AGREED if is_agreed else REPORT_DISAGREED)}"
        notice = Notice.objects.create(
            subject=person,
            decision=decision,
            kind=NoticeKind.DECISION,
            title=title,
            body=body,
            conversation_id=case.conversation_id,
            message_id=case.message_id,
        )
        deliveries.deliver(notice)


def _was_told(case: Case) -> bool:
    told = Notice.objects.filter(decision__case=case, subject_id=case.subject_id)
    is_about_them = Q(appeal_until__isnull=False) | Q(decision__actor_kind=ActorKind.SYSTEM)
    return told.filter(is_about_them).exists()


def _undone(case: Case) -> str:
    """Say that a decision is undone, and what holds all the same for another reason."""
    holding = [_sentence(kind, ends_at) for kind, ends_at in _still_held(case)]
    return " ".join([gettext(UNDONE_IN_PART), *holding]) if holding else gettext(UNDONE)


def _still_held(case: Case) -> list[tuple[EnforcementKind, datetime | None]]:
    """Return what is out of view or not allowed at the moment, whoever decided that."""
    seen = Message.objects.filter(pk=case.message_id).values_list(
        "hidden_at", "reply__state", "redacted_at", "conversation__locked_at"
    )
    held: list[tuple[EnforcementKind, datetime | None]] = []
    for hidden_at, state, redacted_at, locked_at in seen:
        found = {
            EnforcementKind.HIDE_MESSAGE: hidden_at is not None,
            EnforcementKind.RETRACT_ANSWER: state == ReplyState.WITHHELD,
            EnforcementKind.REDACT_SPAN: redacted_at is not None,
            EnforcementKind.LOCK_CONVERSATION: locked_at is not None,
        }
        held += [(kind, None) for kind, is_held in found.items() if is_held]
    for person in User.objects.filter(pk=case.subject_id):
        standing, ends_at = access.standing_of(person)
        if standing in BY_STANDING:
            held.append((BY_STANDING[standing], ends_at))
    return held


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
    measures: Sequence[tuple[EnforcementKind, datetime | None]],
    points: int,
    automatic: bool,
) -> tuple[str, str]:
    """Return title and statement of reasons, exactly as the person will read them.

    The parts follow what a statement of reasons must hold under Article 17 of the EU's Digital
    Services Act: what is restricted, the facts, whether by automated means, the rule, the redress.
    """
    kinds = [kind for kind, _ in measures]
    heaviest = next((TITLES[kind] for kind in HEAVIEST_FIRST if kind in kinds), POINTS_ONLY)
    done = [_sentence(kind, ends_at) for kind, ends_at in measures]
    if points:
        added = ngettext(
            "%(points)d point was added to your account.",
            "%(points)d points were added to your account.",
            points,
        )
        done.append(added % {"points": points})
    version = decision.policy_version
    parts = [" ".join(done)]
    if version is not None:
        words = {"title": version.title, "text": version.text_for_users}
        parts.append(gettext("Policy: %(title)s. %(text)s") % words)
    if decision.reason_for_user:
        parts.append(gettext("Reason: %(reason)s") % {"reason": decision.reason_for_user})
    is_found = decision.case.source == constants.FlagSource.RULE
    parts.append(gettext(BY_RULE if automatic else BY_BOTH if is_found else BY_PERSON))
    parts.append(_redress())
    return gettext(heaviest), "\n\n".join(parts)


def _redress() -> str:
    return gettext(APPEAL) % {"days": constants.APPEAL_DAYS}


def _sentence(kind: EnforcementKind, ends_at: datetime | None) -> str:
    if ends_at is None or kind not in DONE_UNTIL:
        return gettext(DONE[kind])
    return gettext(DONE_UNTIL[kind]) % {"end": moment(ends_at)}
