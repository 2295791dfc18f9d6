"""Staff take a message from view and give it back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.conversations.enforcement_hold import enforcement_hold
from apps.conversations.errors import (
    HeldByDecisionError,
    MessageAlreadyHiddenError,
    MessageNotFoundError,
    MessageNotHiddenError,
    OwnConversationError,
)
from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.services import announcements, kept_titles
from apps.core import rights
from apps.core.problems import clean_reason
from apps.users.models import User


@transaction.atomic
def hide_message(
    *, actor: User | None, message_id: int, reason: str, reason_for_user: str = ""
) -> Message:
    """Take a message from view in every open tab and from the model's memory; its text is kept.

    Args:
        actor: a member of staff who may hide messages; None for the product itself.
        message_id: which message.
        reason: why, for the record.
        reason_for_user: what its readers are told; may be empty.

    Raises:
        ForbiddenError: the actor may not hide messages.
        MessageNotFoundError: no such message.
        OwnConversationError: it is in the actor's own conversation.
        MessageAlreadyHiddenError: it is hidden already.
        ValidationFailedError: no reason was given, or too long a one.
    """
    require_right(actor)
    reason = clean_reason(reason, field="reason")
    shown_reason = clean_reason(reason_for_user, field="reason_for_user", is_required=False)
    message = locked_message(message_id)
    ensure_not_own(actor, message.conversation)
    if message.is_hidden:
        raise MessageAlreadyHiddenError
    message.hidden_at = timezone.now()
    message.hidden_reason = shown_reason
    message.save(update_fields=["hidden_at", "hidden_reason"])
    announcements.halt_replies_around(message)
    kept_titles.drop_title(message)
    audit.record(
        actor=actor,
        action="message.hidden",
        target_type="message",
        target_id=message.pk,
        reason=reason,
        data={"conversation_id": message.conversation_id, "reason_for_user": message.hidden_reason},
    )
    announcements.message_updated(message)
    return message


@transaction.atomic
def restore_message(*, actor: User | None, message_id: int, reason: str) -> Message:
    """Give a hidden message back, byte for byte.

    Raises:
        ForbiddenError: the actor may not restore messages.
        MessageNotFoundError: no such message.
        OwnConversationError: it is in the actor's own conversation.
        MessageNotHiddenError: it is not hidden.
        HeldByDecisionError: a decision of moderation hides it, and is taken back on its case.
        ValidationFailedError: no reason was given, or too long a one.
    """
    require_right(actor)
    reason = clean_reason(reason, field="reason")
    message = locked_message(message_id)
    ensure_not_own(actor, message.conversation)
    if not message.is_hidden:
        raise MessageNotHiddenError
    if actor is not None and is_held(message.pk):
        raise HeldByDecisionError
    message.hidden_at = None
    message.hidden_reason = ""
    message.save(update_fields=["hidden_at", "hidden_reason"])
    kept_titles.return_title(message)
    audit.record(
        actor=actor,
        action="message.restored",
        target_type="message",
        target_id=message.pk,
        reason=reason,
        data={"conversation_id": message.conversation_id},
    )
    announcements.message_updated(message)
    return message


def is_held(message_id: int) -> bool:
    """Tell whether a decision of moderation hides a message, so that it is given back there."""
    held = enforcement_hold().hides(message="pk", since="hidden_at")
    hidden = Message.objects.hidden().filter(pk=message_id).annotate(is_held=held)
    return bool(hidden.values_list("is_held", flat=True).first())


def require_right(actor: User | None) -> None:
    """Check that somebody may take text from view; the product itself may.

    Raises:
        ForbiddenError: the actor may not hide messages.
    """
    rights.require(actor, "conversations.hide_message")


def ensure_not_own(actor: User | None, conversation: Conversation) -> None:
    """Check that a member of staff does not decide about what is their own.

    Raises:
        OwnConversationError: the conversation is the actor's.
    """
    if actor is not None and conversation.owner_id == actor.pk:
        raise OwnConversationError


def lock_texts(*, message_id: int, conversation_id: int) -> None:
    """Lock what a change of one message touches, in the order in which everybody locks.

    Answers first, as the worker that stores an end locks its own, then the conversation; whoever
    holds that is alone with its messages. See docs/decisions/0063.
    """
    around = Reply.objects.concerned_by(message_id=message_id, conversation_id=conversation_id)
    list(around.order_by("pk").select_for_update().values_list("pk"))
    conversation = Conversation.objects.filter(pk=conversation_id)
    conversation.select_for_update(no_key=True).values_list("pk").first()


def locked_message(message_id: int) -> Message:
    """Return a message with its conversation and owner, locked together with its answer's row.

    Raises:
        MessageNotFoundError: no such message.
    """
    found = Message.objects.filter(pk=message_id).values_list("conversation_id", flat=True).first()
    if found is None:
        raise MessageNotFoundError
    lock_texts(message_id=message_id, conversation_id=found)
    message = (
        Message.objects.select_related("conversation", "conversation__owner")
        .select_for_update(of=("self",))
        .filter(pk=message_id)
        .first()
    )
    if message is None:
        raise MessageNotFoundError
    return message
