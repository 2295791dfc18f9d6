"""Staff act outside the queue: a case opens, or is taken, and is decided at once or left."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations.errors import MessageAlreadyHiddenError
from apps.conversations.models import Conversation, Message
from apps.conversations.services import visibility, withdrawing
from apps.core.problems import clean_reason
from apps.moderation.constants import EnforcementKind, FlagSource, Verdict
from apps.moderation.errors import PolicyNotFoundError, ReportNotPossibleError
from apps.moderation.models import Decision, Flag, Policy
from apps.moderation.services.cases import cases, flags, grants
from apps.moderation.services.decisions import decisions
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.effects import Measure
from apps.users.models import User


@transaction.atomic
def hide_message(
    *,
    actor: User,
    message_id: int,
    policy_code: str,
    reason: str,
    reason_for_user: str = "",
    batch_id: UUID | None = None,
) -> Decision:
    """Hide a message because it goes against a policy; it costs its author no points.

    It is a decision on the message's case: notice, appeal and undo follow as from every other.

    Args:
        actor: a member of staff who may hide messages and decide, and may read this one.
        message_id: which message.
        policy_code: which policy it goes against.
        reason: why, for staff and record.
        reason_for_user: why, in the words of the notice and in the message's place; may be empty.
        batch_id: shared by messages that one gesture hides.

    Raises:
        ForbiddenError: the actor may not hide messages, or not decide.
        MessageNotFoundError: there is no such message.
        OwnConversationError: it is in the actor's own conversation.
        GrantRequiredError: the actor may not read it without a reason.
        MessageAlreadyHiddenError: it is hidden already.
        CaseClaimedError, AppealPendingError, OwnCaseError: its case is not for the actor to take.
        PolicyNotFoundError: there is no such policy in use.
        ValidationFailedError: no reason was given, or too long a one.
    """
    visibility.require_right(actor)
    cases.require(actor, cases.DECIDE)
    message = _message_to_hide(actor, message_id, batch_id)
    flagged = flags.raise_flag(message=message, source=FlagSource.STAFF)
    ruling = Ruling(
        verdict=Verdict.VIOLATES,
        policy_code=policy_code,
        reason=reason,
        reason_for_user=reason_for_user,
        measures=[Measure(kind=EnforcementKind.HIDE_MESSAGE)],
        gives_points=None,
    )
    return decide_at_once(actor=actor, case_id=flagged.pk, ruling=ruling, batch_id=batch_id)


@transaction.atomic
def revoke_share(
    *, actor: User, share_id: int, policy_code: str, reason: str, reason_for_user: str
) -> Decision:
    """Revoke a shared link because it goes against a policy; it costs its owner no points.

    It is a decision on a case about the owner, which opens for it: what a link shows is no single
    message. Notice, appeal and undo follow as from every other.

    Args:
        actor: a member of staff who may revoke links and decide.
        share_id: which link.
        policy_code: which policy it goes against.
        reason: why, for staff and record.
        reason_for_user: why, in the words of the notice and of the owner's list of links.

    Raises:
        ForbiddenError: the actor may not revoke links, or not decide.
        ShareNotFoundError: there is no such link.
        OwnConversationError: it is the actor's own.
        ShareAlreadyRevokedError: it leads nowhere already.
        PolicyNotFoundError: there is no such policy in use.
        ValidationFailedError: a reason is missing, or too long.
    """
    cases.require(actor, cases.DECIDE)
    told = clean_reason(reason_for_user, field="reason_for_user")
    share = withdrawing.share_to_revoke(actor=actor, share_id=share_id)
    case = flags.open_about_person(subject_id=share.owner_id, source=FlagSource.STAFF)
    ruling = Ruling(
        verdict=Verdict.VIOLATES,
        policy_code=policy_code,
        reason=reason,
        reason_for_user=told,
        measures=[Measure(kind=EnforcementKind.REVOKE_SHARE, share_id=share.pk)],
        gives_points=None,
    )
    return decide_at_once(actor=actor, case_id=case.pk, ruling=ruling)


@transaction.atomic
def flag_message(*, actor: User, message_id: int, reason: str, policy_code: str = "") -> Flag:
    """Put a message into the queue, for somebody else to decide; nothing is hidden.

    Its case opens, or the flag joins it. Whoever flags has a part in the case: they give it back
    if they held it, and do not decide it.

    Args:
        actor: a member of staff who may decide, and may read this one.
        message_id: which message.
        reason: why somebody should look, for staff and record.
        policy_code: what it may go against, which sets how urgent the case is; may be empty.

    Raises:
        ForbiddenError: the actor may not decide.
        MessageNotFoundError: there is no such message.
        OwnConversationError: it is in the actor's own conversation.
        GrantRequiredError: the actor may not read it without a reason.
        ReportNotPossibleError: it shows no text.
        AlreadyReportedError: they have a flag on it that nobody has answered.
        PolicyNotFoundError: there is no such policy in use.
        ValidationFailedError: no reason was given, or too long a one.
    """
    cases.require(actor, cases.DECIDE)
    reason = clean_reason(reason, field="reason")
    policy = _policy(policy_code)
    message = visibility.locked_message(message_id)
    visibility.ensure_not_own(actor, message.conversation)
    grants.ensure_may_read(viewer=actor, conversation=message.conversation)
    if message.is_hidden or not message.content:
        raise ReportNotPossibleError
    case = flags.raise_flag(
        message=message,
        source=FlagSource.STAFF,
        reporter=actor,
        policy=policy,
        report=flags.Report(comment=reason),
    )
    cases.release(actor=actor, case_id=case.pk)
    flag = Flag.objects.pending().raised_by(actor).on_message(message).get()
    audit.record(
        actor=actor,
        action=AuditAction.MESSAGE_FLAGGED,
        target_type="message",
        target_id=message.pk,
        reason=reason,
        data={"case_id": case.pk, "flag_id": flag.pk},
    )
    return flag


def decide_at_once(
    *, actor: User, case_id: int, ruling: Ruling, batch_id: UUID | None = None
) -> Decision:
    """Take a case and decide it, in the transaction that opened it or put a flag on it.

    Raises: as `cases.claim` and `decisions.decide`.
    """
    case = cases.claim(actor=actor, case_id=case_id)
    return decisions.decide(
        actor=actor, case_id=case.pk, version=case.version, ruling=ruling, batch_id=batch_id
    )


def _policy(code: str) -> Policy | None:
    if not code:
        return None
    policy = Policy.objects.in_use().of_code(code).first()
    if policy is None:
        raise PolicyNotFoundError
    return policy


def _message_to_hide(actor: User, message_id: int, batch_id: UUID | None) -> Message:
    message = visibility.locked_message(message_id)
    visibility.ensure_not_own(actor, message.conversation)
    _ensure_may_read(actor, message.conversation, batch_id)
    if message.is_hidden:
        raise MessageAlreadyHiddenError
    return message


def _ensure_may_read(actor: User, conversation: Conversation, batch_id: UUID | None) -> None:
    """Check that the actor may read a text, or could before the same gesture closed its case."""
    if batch_id is not None:
        earlier = Decision.objects.of_batch(batch_id).made_by(actor)
        if earlier.on_conversation(conversation.pk).exists():
            return
    grants.ensure_may_read(viewer=actor, conversation=conversation)
