"""Ending an answer before its time: by its reader, or by staff."""

from __future__ import annotations

from django.db import transaction

from apps.audit import services as audit
from apps.conversations import constants
from apps.conversations.errors import MessageNotFoundError, ReplyEndedError
from apps.conversations.models import Reply
from apps.conversations.services import announcements
from apps.conversations.services.messages import access_message
from apps.core import rights
from apps.core.problems import clean_reason
from apps.users.models import User


@transaction.atomic
def stop_reply(*, actor: User, reply_id: int) -> Reply:
    """Stop an answer of the actor, who keeps what they saw; an ended one stays as it is.

    Raises:
        MessageNotFoundError: no such answer, or not the actor's.
    """
    message = access_message(viewer=actor, message_id=reply_id)
    reply = Reply.objects.filter(pk=message.pk).first()
    if reply is None:
        raise MessageNotFoundError
    return _end_early(reply, constants.ReplyState.STOPPED)


@transaction.atomic
def halt_reply(*, actor: User, reply_id: int, reason: str) -> Reply:
    """Stop anybody's answer as a member of staff, with a reason that is kept.

    Raises:
        ForbiddenError: the actor may not halt answers.
        ValidationFailedError: no reason was given, or too long a one.
        MessageNotFoundError: no such answer.
        ReplyEndedError: it has ended already.
    """
    rights.require(actor, "conversations.halt_reply")
    reason = clean_reason(reason, field="reason")
    reply = Reply.objects.filter(pk=reply_id).select_for_update().first()
    if reply is None:
        raise MessageNotFoundError
    if not reply.is_live:
        raise ReplyEndedError
    audit.record(
        actor=actor,
        action="reply.halted",
        target_type="reply",
        target_id=reply.pk,
        reason=reason,
        data={"conversation_id": reply.conversation_id},
    )
    return _end_early(reply, constants.ReplyState.HALTED)


@transaction.atomic
def stop_all_of(*, actor: User) -> None:
    """Stop whatever is being answered for the actor, in any conversation."""
    live = Reply.objects.live().owned_by(actor)
    announcements.request_stops(live, state=constants.ReplyState.STOPPED)


def _end_early(reply: Reply, state: constants.ReplyState) -> Reply:
    announcements.request_stop(reply, state=state)
    reply.refresh_from_db()
    return reply
