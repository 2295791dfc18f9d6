"""Conversations of a person: list, open, rename, delete."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.conversations import constants
from apps.conversations.errors import ConversationNotFoundError
from apps.conversations.models import Conversation
from apps.conversations.querysets import ConversationQuerySet
from apps.conversations.services import announcements
from apps.core.errors import ValidationFailedError
from apps.core.preconditions import Precondition
from apps.users.models import User


def list_conversations(*, viewer: User) -> ConversationQuerySet:
    """Return the viewer's conversations, the last active first."""
    return Conversation.objects.visible_to(viewer).listed().newest_first()


def access_conversation(*, viewer: User, conversation_id: int) -> Conversation:
    """Return one conversation of the viewer.

    Raises:
        ConversationNotFoundError: it does not exist or belongs to somebody else.
    """
    conversation = Conversation.objects.visible_to(viewer).filter(pk=conversation_id).first()
    if conversation is None:
        raise ConversationNotFoundError
    return conversation


def create_conversation(*, actor: User, title: str = "") -> Conversation:
    """Open an empty conversation, titled by the person or by the product later."""
    title = _clean_title(title) if title else ""
    source = constants.TitleSource.PERSON if title else constants.TitleSource.NONE
    return Conversation.objects.create(owner=actor, title=title, title_source=source)


@transaction.atomic
def rename_conversation(
    *, actor: User, conversation_id: int, title: str, precondition: Precondition | None = None
) -> Conversation:
    """Give a conversation the person's own title; the product never changes it again.

    Raises:
        PreconditionFailedError: the conversation is not any more what the actor has read.
        ConversationNotFoundError: it does not exist or belongs to somebody else.
        ValidationFailedError: the title is blank or longer than 120 characters.
    """
    conversation = access_conversation(viewer=actor, conversation_id=conversation_id)
    _ensure(precondition, conversation)
    conversation.title = _clean_title(title)
    conversation.title_source = constants.TitleSource.PERSON
    conversation.save(update_fields=["title", "title_source", "updated_at"])
    announcements.conversation_updated(conversation)
    return conversation


@transaction.atomic
def delete_conversation(
    *, actor: User, conversation_id: int, precondition: Precondition | None = None
) -> None:
    """Take a conversation from its owner's view; an answer that is being written is stopped.

    Raises:
        PreconditionFailedError: the conversation is not any more what the actor has read.
        ConversationNotFoundError: it does not exist or belongs to somebody else.
    """
    conversation = access_conversation(viewer=actor, conversation_id=conversation_id)
    # The answer before the conversation, as the worker locks them when it stores an end; once
    # more when the conversation is locked, for a turn that began in between.
    announcements.stop_live_replies(conversation, state=constants.ReplyState.STOPPED)
    _ensure(precondition, conversation)
    conversation.deleted_at = timezone.now()
    conversation.save(update_fields=["deleted_at", "updated_at"])
    announcements.stop_live_replies(conversation, state=constants.ReplyState.STOPPED)
    audit.record(
        actor=actor,
        action="conversation.deleted",
        target_type="conversation",
        target_id=conversation.pk,
    )
    announcements.conversation_updated(conversation)


def _ensure(precondition: Precondition | None, conversation: Conversation) -> None:
    """Check a precondition against the row as it is now, which stays locked."""
    if precondition is not None:
        locked = Conversation.objects.select_for_update(no_key=True)
        precondition.check(locked.get(pk=conversation.pk))


def _clean_title(title: str) -> str:
    cleaned = " ".join(title.split())
    if not cleaned or len(cleaned) > constants.MAX_TITLE_CHARS or "\x00" in cleaned:
        message = f"Write a title of 1 to {constants.MAX_TITLE_CHARS} characters."
        raise ValidationFailedError(
            message, details=[{"field": "title", "message": message, "type": "title_length"}]
        )
    return cleaned
