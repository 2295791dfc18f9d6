"""Staff take a message from view and give it back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.conversations import constants
from apps.conversations.errors import (
    MessageAlreadyHiddenError,
    MessageNotFoundError,
    MessageNotHiddenError,
)
from apps.conversations.models import Message, Reply
from apps.conversations.services import announcements
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.users.models import User


@transaction.atomic
def hide_message(
    *, actor: User, message_id: int, reason: str, reason_for_user: str = ""
) -> Message:
    """Take a message from view in every open tab and from the model's memory; its text is kept.

    Args:
        actor: a member of staff who may hide messages.
        message_id: which message.
        reason: why, for the record.
        reason_for_user: what its readers are told; may be empty.

    Raises:
        ForbiddenError: the actor may not hide messages.
        MessageNotFoundError: no such message.
        MessageAlreadyHiddenError: it is hidden already.
        ValidationFailedError: no reason was given.
    """
    message = _locked_message(actor, message_id, reason)
    if message.is_hidden:
        raise MessageAlreadyHiddenError
    message.hidden_at = timezone.now()
    message.hidden_reason = reason_for_user.strip()
    message.save(update_fields=["hidden_at", "hidden_reason"])
    announcements.halt_replies_around(message)
    audit.record(
        actor=actor,
        action="message.hidden",
        target_type="message",
        target_id=message.pk,
        reason=reason.strip(),
        data={"conversation_id": message.conversation_id, "reason_for_user": message.hidden_reason},
    )
    announcements.message_updated(message)
    return message


@transaction.atomic
def restore_message(*, actor: User, message_id: int, reason: str) -> Message:
    """Give a hidden message back, byte for byte.

    Raises:
        ForbiddenError: the actor may not restore messages.
        MessageNotFoundError: no such message.
        MessageNotHiddenError: it is not hidden.
        ValidationFailedError: no reason was given.
    """
    message = _locked_message(actor, message_id, reason)
    if not message.is_hidden:
        raise MessageNotHiddenError
    message.hidden_at = None
    message.hidden_reason = ""
    message.save(update_fields=["hidden_at", "hidden_reason"])
    audit.record(
        actor=actor,
        action="message.restored",
        target_type="message",
        target_id=message.pk,
        reason=reason.strip(),
        data={"conversation_id": message.conversation_id},
    )
    announcements.message_updated(message)
    return message


def _locked_message(actor: User, message_id: int, reason: str) -> Message:
    if not actor.has_perm("conversations.hide_message"):
        raise ForbiddenError
    if not reason.strip() or len(reason) > constants.MAX_REASON_CHARS:
        text = f"Give a reason of 1 to {constants.MAX_REASON_CHARS} characters."
        raise ValidationFailedError(
            text, details=[{"field": "reason", "message": text, "type": "reason_required"}]
        )
    # The answer before its message, as the worker locks them when it stores an end.
    Reply.objects.select_for_update().filter(pk=message_id).first()
    message = (
        Message.objects.select_related("conversation", "conversation__owner")
        .select_for_update(of=("self",))
        .filter(pk=message_id)
        .first()
    )
    if message is None:
        raise MessageNotFoundError
    return message
