"""What a person is told of a decision about them: what, why, by whose rule, and what to do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from apps.conversations.constants import Author, ReplyState
from apps.conversations.models import Message
from apps.core.languages import speaking
from apps.moderation import constants
from apps.moderation.constants import ActorKind, EnforcementKind, NoticeKind
from apps.moderation.models import Case, Decision, Enforcement, Notice
from apps.moderation.services import deliveries, reasons
from apps.users.constants import Standing
from apps.users.models import User
from apps.users.services import access
from apps.users.services.preferences import language_of

BY_STANDING = {
    Standing.RESTRICTED: EnforcementKind.RESTRICT,
    Standing.SUSPENDED: EnforcementKind.SUSPEND,
}
UNCHECKED = gettext_noop("It could not be checked against our policy, so it is not shown for now.")
LOOKED_AT_SOON = gettext_noop(
    "A person will look at it. If it is fine, it is shown as it was written; you need to do "
    "nothing. Otherwise you read why, and can appeal."
)
LOOKED_AGAIN = gettext_noop("We looked again and decided otherwise.")
STILL_HOLDS = gettext_noop("We looked again and found the same.")
UNDONE = gettext_noop(
    "What that decision did is undone: text that it took is back, its points do not count."
)
UNDONE_IN_PART = gettext_noop(
    "That decision and its points do not count any more. This still holds for another reason:"
)
LIFTED = gettext_noop("You can sign in, read and write again; it ended before its time.")
REST_STAYS = gettext_noop("Anything else that was decided stays as it is.")
RENEWED = gettext_noop("What had been taken back holds again.")
KEPT = gettext_noop("What the first decision did stays as it is.")
OTHER_PERSON = gettext_noop("Somebody who had no part in the first decision looked at this.")
REPORT_AGREED = gettext_noop(
    "A person looked at it and found that it goes against our policy. We acted on it."
)
REPORT_NOTED = gettext_noop(
    "A person looked at it and found that it goes against our policy. It is on record, and nothing "
    "else had to be done."
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
        title, body = reasons.compose(
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


def tell_lifted(*, decision: Decision, case: Case) -> Notice:
    """Tell a person that what kept them out has ended early, and that the rest stays."""
    with speaking(language_of(case.subject_id)):
        parts = [decision.reason_for_user, gettext(LIFTED), gettext(REST_STAYS)]
        text = (gettext("Your account is open again"), "\n\n".join(filter(None, parts)))
    return _write(decision, case, NoticeKind.REVERSAL, text)


def tell_renewal(
    *,
    decision: Decision,
    case: Case,
    renewed: Decision,
    enforcements: Sequence[Enforcement],
    points: int,
) -> Notice | None:
    """Tell a person that what had been taken back holds again, and why; None if it was never told.

    Args:
        decision: the undo.
        case: whose subject is told.
        renewed: the decision that holds again.
        enforcements: of it, which hold.
        points: of it, which count.
    """
    if not _was_told(case):
        return None
    with speaking(language_of(case.subject_id)):
        _, said = reasons.compose(
            decision=renewed,
            measures=[(EnforcementKind(one.kind), one.ends_at) for one in enforcements],
            points=points,
            automatic=False,
        )
        first = decision.reason_for_user or gettext(LOOKED_AGAIN)
        body = f"{first} {gettext(RENEWED)}\n\n{said}"
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


def tell_reporters(
    *, decision: Decision, case: Case, reporters: Collection[int], is_acted_on: bool = True
) -> None:
    """Tell whoever reported a message what came of it, without naming anybody.

    Args:
        decision: what was found.
        case: of the message.
        reporters: numbers of people.
        is_acted_on: whether a violation had any effect on a text or a person.
    """
    found = REPORT_AGREED if is_acted_on else REPORT_NOTED
    outcome = found if decision.verdict == constants.Verdict.VIOLATES else REPORT_DISAGREED
    is_answer = case.target_role == Author.ASSISTANT
    for person in User.objects.filter(pk__in=reporters, is_active=True):
        with speaking(person.language):
            title = gettext("We looked at your report")
            thanks = gettext("Thank you for reporting a message.")
            if is_answer:
                thanks = gettext("Thank you for reporting an answer.")
            body = f"{thanks} {gettext(outcome)}"
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
    holding = [reasons.sentence(kind, ends_at) for kind, ends_at in _still_held(case)]
    return " ".join([gettext(UNDONE_IN_PART), *holding]) if holding else gettext(UNDONE)


def _still_held(case: Case) -> list[tuple[EnforcementKind, datetime | None]]:
    """Return what is out of view or not allowed at the moment, whoever decided that."""
    seen = Message.objects.filter(pk=case.text_number).values_list(
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
