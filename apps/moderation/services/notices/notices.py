"""What a person is told of a decision about them: what, why, by whose rule, and what to do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from apps.conversations.constants import Author
from apps.core.languages import speaking
from apps.moderation import constants
from apps.moderation.constants import EnforcementKind, NoticeKind
from apps.moderation.models import Case, Decision, Enforcement, Notice
from apps.moderation.services.notices import deliveries, reasons, still_held
from apps.moderation.services.notices.reasons import LOOKED_AGAIN, Change
from apps.moderation.services.notices.still_held import Easing
from apps.users.models import User
from apps.users.services.preferences import language_of

UNCHECKED = gettext_noop("It could not be checked against our policy, so it is not shown for now.")
LOOKED_AT_SOON = gettext_noop(
    "A person will look at it. If it is fine, it is shown as it was written; you need to do "
    "nothing. Otherwise you read why, and can appeal."
)
TAKEN_BACK = gettext_noop("A decision was taken back")
STILL_HOLDS = gettext_noop("We looked again and found the same.")
UNDONE = gettext_noop(
    "What that decision did is undone: text that it took is back, its points do not count."
)
UNDONE_LINK = gettext_noop(
    "What that decision did is undone: the link works again, unless something else has ended it."
)
UNDONE_ON_PERSON = gettext_noop("What that decision did is undone, and its points do not count.")
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


def tell(*, decision: Decision, case: Case, change: Change) -> Notice | None:
    """Write the notice for what a violation did to a person or their texts; None if it did nothing.

    What a rule had done and a person confirms is told again, now with a person behind it. Nobody is
    told where the account is gone. What only takes away from what was before is not appealed.

    Args:
        decision: violates.
        case: whose subject is told.
        change: what was done, or holds already and is confirmed, with points and standing.
    """
    if not User.objects.filter(pk=case.subject_id).exists():
        return None
    with speaking(language_of(case.subject_id)):
        text = reasons.compose(decision, change)
    if not change.measures and not change.points:
        return _write(decision, case, NoticeKind.REVERSAL, text)
    return _write(decision, case, NoticeKind.DECISION, text, can_appeal=True)


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


def tell_reversal(*, decision: Decision, case: Case, eased: Easing | None = None) -> Notice | None:
    """Tell a person that an earlier decision does not hold any more; None if it was never told."""
    if not was_told(case):
        return None
    holding = still_held.held_on(case)
    text = compose_reversal(decision=decision, case=case, eased=eased, holding=holding)
    return _write(decision, case, NoticeKind.REVERSAL, text)


def compose_reversal(
    *,
    decision: Decision,
    case: Case,
    eased: Easing | None,
    holding: Sequence[tuple[EnforcementKind, datetime | None]],
) -> tuple[str, str]:
    """Return title and body of what is told where a decision does not hold any more.

    Args:
        decision: the new one; its words are for the person.
        case: whose subject reads it, in their language.
        eased: how their standing got lighter.
        holding: what is out of view or not allowed all the same.
    """
    with speaking(language_of(case.subject_id)):
        why = decision.reason_for_user or gettext(LOOKED_AGAIN)
        return gettext(TAKEN_BACK), f"{why}\n\n{_undone(case, eased, holding)}"


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
    if not was_told(case):
        return None
    with speaking(language_of(case.subject_id)):
        measures = [(EnforcementKind(one.kind), one.ends_at) for one in enforcements]
        change = Change(measures=measures, points=points)
        _, said = reasons.compose(renewed, change)
        first = decision.reason_for_user or gettext(LOOKED_AGAIN)
        body = f"{first} {gettext(RENEWED)}\n\n{said}"
        text = (gettext("An earlier decision holds again"), body)
    return _write(decision, case, NoticeKind.DECISION, text, can_appeal=True)


def tell_appeal(
    *, decision: Decision, case: Case, is_upheld: bool, eased: Easing | None = None
) -> Notice:
    """Tell a person what came of their appeal."""
    with speaking(language_of(case.subject_id)):
        title = gettext("Your appeal was accepted")
        if is_upheld:
            title = gettext("Your appeal was not accepted")
        fallback = gettext(STILL_HOLDS if is_upheld else LOOKED_AGAIN)
        holding = still_held.held_on(case)
        outcome = gettext(KEPT) if is_upheld else _undone(case, eased, holding)
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
    for person in User.objects.active().filter(pk__in=reporters):
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


def was_told(case: Case) -> bool:
    """Tell whether a person has a notice of what was decided about them in a case."""
    return Notice.objects.of_case(case).about(case.subject_id).of_measures().exists()


def _undone(
    case: Case, eased: Easing | None, holding: Sequence[tuple[EnforcementKind, datetime | None]]
) -> str:
    """Say that a decision is undone, and what holds all the same for another reason."""
    again = [] if eased is None else [reasons.said_of_easing(eased)]
    if not holding:
        return " ".join([gettext(_given_back(case)), *again])
    held = [reasons.sentence(kind, ends_at) for kind, ends_at in holding]
    return " ".join([*again, gettext(UNDONE_IN_PART), *held])


def _given_back(case: Case) -> str:
    """Return what is said of what a decision took: a text, a link, or neither."""
    if not case.is_about_person:
        return UNDONE
    return UNDONE_ON_PERSON if _shared_in(case) is None else UNDONE_LINK


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
        conversation_id=case.conversation_id or _shared_in(case),
        message_id=case.message_id,
        appeal_until=timezone.now() + days if can_appeal else None,
    )
    deliveries.deliver(notice)
    return notice


def _shared_in(case: Case) -> int | None:
    """Return the conversation whose link was revoked in a case, which has none of its own."""
    revoked = Enforcement.objects.of_case(case).of_kind(EnforcementKind.REVOKE_SHARE)
    return revoked.values_list("conversation_id", flat=True).first()
