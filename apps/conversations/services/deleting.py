"""Deleting a conversation, having it back for a time, and its end after that."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations import constants
from apps.conversations.errors import ConversationNotFoundError
from apps.conversations.models import Conversation
from apps.conversations.purge_hold import purge_hold
from apps.conversations.querysets import ConversationQuerySet
from apps.conversations.services import announcements
from apps.conversations.services.conversations import access_conversation, ensure_unchanged
from apps.core.preconditions import Precondition
from apps.users.models import User

PURGED_AT_ONCE = 20


@transaction.atomic
def delete_conversation(
    *, actor: User, conversation_id: int, precondition: Precondition | None = None
) -> None:
    """Take a conversation from its owner's view; an answer that is being written is stopped.

    Its shared links lead nowhere from then on. It can be restored for `DELETED_KEEP_DAYS`.

    Raises:
        PreconditionFailedError: the conversation is not any more what the actor has read.
        ConversationNotFoundError: it does not exist or belongs to somebody else.
    """
    conversation = access_conversation(viewer=actor, conversation_id=conversation_id)
    # The answer before the conversation, as the worker locks them when it stores an end; once
    # more when the conversation is locked, for a turn that began in between.
    announcements.stop_live_replies(conversation, state=constants.ReplyState.STOPPED)
    ensure_unchanged(precondition, conversation)
    conversation.deleted_at = timezone.now()
    conversation.save(update_fields=["deleted_at", "updated_at"])
    announcements.stop_live_replies(conversation, state=constants.ReplyState.STOPPED)
    audit.record(
        actor=actor,
        action=AuditAction.CONVERSATION_DELETED,
        target_type="conversation",
        target_id=conversation.pk,
    )
    announcements.conversation_updated(conversation)


@transaction.atomic
def restore_conversation(*, actor: User, conversation_id: int) -> Conversation:
    """Give a deleted conversation back to its owner, where it was; one that is there stays.

    Raises:
        ConversationNotFoundError: it is not the actor's, or was deleted too long ago.
    """
    own = Conversation.objects.select_for_update().owned_by(actor).filter(pk=conversation_id)
    conversation = own.first()
    if conversation is None or _is_gone(conversation):
        raise ConversationNotFoundError
    if conversation.deleted_at is not None:
        conversation.deleted_at = None
        conversation.save(update_fields=["deleted_at", "updated_at"])
        audit.record(
            actor=actor,
            action=AuditAction.CONVERSATION_RESTORED,
            target_type="conversation",
            target_id=conversation.pk,
        )
        announcements.conversation_updated(conversation)
    return conversation


def list_deleted(*, viewer: User) -> ConversationQuerySet:
    """Return what the viewer deleted and can still have back, the last deleted first."""
    return Conversation.objects.deleted_of(viewer, since=_kept_since())


def list_kept(*, viewer: User) -> ConversationQuerySet:
    """Return all that the viewer has, put away or deleted but still to be had back included."""
    return Conversation.objects.kept_of(viewer, since=_kept_since())


def list_archived(*, viewer: User) -> ConversationQuerySet:
    """Return what the viewer put away, the last put away first."""
    return Conversation.objects.archived_of(viewer)


def purge_some(*, limit: int = PURGED_AT_ONCE) -> int:
    """Remove conversations that were deleted too long ago, with all that is in them.

    Those that moderation still looks at are kept until it has done so. What staff judged stays in
    their snapshots, and that the conversation was removed stays in the audit.

    Returns:
        How many were removed; fewer than the limit when there are no more.
    """
    due = Conversation.objects.deleted_before(_kept_since())
    due = due.not_held(purge_hold().held(conversation="pk"))
    numbers = list(due.order_by("deleted_at").values_list("pk", flat=True)[:limit])
    return sum(_purge(number) for number in numbers)


@transaction.atomic
def _purge(conversation_id: int) -> int:
    row = Conversation.objects.deleted_before(_kept_since()).select_for_update(skip_locked=True)
    conversation = row.filter(pk=conversation_id).first()
    if conversation is None:
        return 0
    audit.record(
        actor=None,
        action=AuditAction.CONVERSATION_PURGED,
        target_type="conversation",
        target_id=conversation.pk,
        data={"owner_id": conversation.owner_id, "messages": conversation.message_count},
    )
    conversation.delete()
    return 1


def erase_some(*, owner_id: int, limit: int = PURGED_AT_ONCE) -> int:
    """Remove conversations of an account that is to be erased, each in its own transaction.

    What staff judged stays in their snapshots. Whoever calls has made sure of the account.

    Returns:
        How many were removed; fewer than the limit when there are no more.
    """
    own = Conversation.objects.owned_by(owner_id).order_by("pk")
    numbers = list(own.values_list("pk", flat=True)[:limit])
    for number in numbers:
        own.filter(pk=number).delete()
    return len(numbers)


def _kept_since() -> datetime:
    return timezone.now() - timedelta(days=settings.DELETED_KEEP_DAYS)


def _is_gone(conversation: Conversation) -> bool:
    return conversation.deleted_at is not None and conversation.deleted_at < _kept_since()
