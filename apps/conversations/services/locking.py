"""Staff close a conversation for writing and open it again; reading stays."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations import constants
from apps.conversations.enforcement_hold import enforcement_hold
from apps.conversations.errors import ConversationNotFoundError, HeldByDecisionError
from apps.conversations.models import Conversation
from apps.conversations.services import announcements
from apps.conversations.services.visibility import ensure_not_own, require_right
from apps.core.problems import clean_reason
from apps.users.models import User


@transaction.atomic
def lock_conversation(*, actor: User | None, conversation_id: int, reason: str) -> bool:
    """Let nobody write in a conversation; an answer that is being written is halted.

    Args:
        actor: a member of staff who may hide messages; None for the product itself.
        conversation_id: which conversation.
        reason: why, for the record.

    Returns:
        False if it was locked already.

    Raises:
        ForbiddenError: the actor may not take text from view.
        ConversationNotFoundError: no such conversation.
        OwnConversationError: it is the actor's own.
        ValidationFailedError: no reason was given, or too long a one.
    """
    conversation = _locked_row(actor, conversation_id)
    reason = clean_reason(reason, field="reason")
    if conversation.locked_at is not None:
        return False
    conversation.locked_at = timezone.now()
    conversation.save(update_fields=["locked_at", "updated_at"])
    announcements.stop_live_replies(conversation, state=constants.ReplyState.HALTED)
    announcements.conversation_updated(conversation)
    _record(actor, AuditAction.CONVERSATION_LOCKED, conversation, reason)
    return True


@transaction.atomic
def unlock_conversation(*, actor: User | None, conversation_id: int, reason: str) -> bool:
    """Let its owner write again; false if it was not locked.

    Raises:
        HeldByDecisionError: a decision of moderation locks it, and is taken back on its case.
        Exception: otherwise as `lock_conversation`.
    """
    conversation = _locked_row(actor, conversation_id)
    reason = clean_reason(reason, field="reason")
    if conversation.locked_at is None:
        return False
    if actor is not None and enforcement_hold().locks(conversation_id=conversation.pk):
        raise HeldByDecisionError
    conversation.locked_at = None
    conversation.save(update_fields=["locked_at", "updated_at"])
    announcements.conversation_updated(conversation)
    _record(actor, AuditAction.CONVERSATION_UNLOCKED, conversation, reason)
    return True


def _locked_row(actor: User | None, conversation_id: int) -> Conversation:
    require_right(actor)
    conversation = Conversation.objects.select_for_update().filter(pk=conversation_id).first()
    if conversation is None:
        raise ConversationNotFoundError
    ensure_not_own(actor, conversation)
    return conversation


def _record(
    actor: User | None, action: AuditAction, conversation: Conversation, reason: str
) -> None:
    audit.record(
        actor=actor,
        action=action,
        target_type="conversation",
        target_id=conversation.pk,
        reason=reason,
    )
