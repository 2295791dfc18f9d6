"""Staff act on a person outside the queue: a decision like any other, told and open to appeal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.conversations.constants import Author
from apps.conversations.errors import MessageNotFoundError
from apps.conversations.models import Message
from apps.conversations.services import visibility
from apps.core.problems import field_problem
from apps.moderation.constants import EnforcementKind, FlagSource, Verdict
from apps.moderation.models import Case, Decision
from apps.moderation.services.cases import cases, flags, grants
from apps.moderation.services.decisions import by_hand
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.effects import Measure
from apps.users.models import User
from apps.users.services import standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why somebody is warned, restricted or suspended.

    Attributes:
        policy: code of what it goes against.
        reason: for staff and record.
        reason_for_user: in the words of the notice, and of the page that refuses a sign-in.
        message_id: in which message of theirs; None where it is none.
    """

    policy: str
    reason: str
    reason_for_user: str
    message_id: int | None = None


@transaction.atomic
def act_on_person(
    *, actor: User, user_id: int, kind: EnforcementKind, why: Why, until: datetime | None = None
) -> Decision:
    """Warn, restrict or suspend a person because they go against a policy; it brings no points.

    With a message it is a decision on that message's case, which opens or is taken; otherwise on a
    case about the person that opens for it. Notice, appeal and undo follow as from every other.

    Args:
        actor: a member of staff who may decide, and about this person; who may read the message.
        user_id: which person.
        kind: what is done.
        why: the policy, the reasons, and the message.
        until: when a restriction or suspension ends by itself; None for no end.

    Raises:
        ForbiddenError: the actor may not decide.
        OwnRightsError, RoleRequiredError, UserNotFoundError: nor about this person.
        GrantRequiredError: the actor may not read that message without a reason.
        CaseClaimedError, AppealPendingError, OwnCaseError: its case is not for the actor to take.
        PolicyNotFoundError: there is no such policy in use.
        ValidationFailedError: a reason is missing, the message not theirs, or the end has passed.
    """
    cases.require(actor, cases.DECIDE)
    standing.ensure_may_decide(actor=actor, user_id=user_id)
    if not why.reason_for_user.strip():
        raise field_problem("reason_for_user", "Say what the person is told.", "reason_required")
    if until is not None and kind == EnforcementKind.WARN:
        raise field_problem("until", "A warning has no end.", "warning_without_end")
    case = _case_of(actor, user_id, why.message_id)
    ruling = Ruling(
        verdict=Verdict.VIOLATES,
        policy_code=why.policy,
        reason=why.reason,
        reason_for_user=why.reason_for_user,
        measures=[Measure(kind=kind, ends_at=until)],
        gives_points=None,
    )
    return by_hand.decide_at_once(actor=actor, case_id=case.pk, ruling=ruling)


def _case_of(actor: User, user_id: int, message_id: int | None) -> Case:
    if message_id is None:
        return flags.open_about_person(subject_id=user_id, source=FlagSource.STAFF)
    message = _message_of(user_id, message_id)
    grants.ensure_may_read(viewer=actor, conversation=message.conversation)
    return flags.raise_flag(message=message, source=FlagSource.STAFF)


def _message_of(user_id: int, message_id: int) -> Message:
    """Return a message that a person wrote, locked; what is not theirs is as if it were not there.

    Raises:
        ValidationFailedError: they wrote no message of that number.
    """
    words = "This person wrote no message of that number."
    try:
        message = visibility.locked_message(message_id)
    except MessageNotFoundError as error:
        raise field_problem("message_id", words, "message_not_theirs") from error
    if message.role != Author.USER or message.conversation.owner_id != user_id:
        raise field_problem("message_id", words, "message_not_theirs")
    return message
