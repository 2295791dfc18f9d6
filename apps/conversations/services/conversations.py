"""Conversations of a person: list, open, rename, put away, read."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext

from apps.conversations import constants
from apps.conversations.errors import ConversationNotFoundError
from apps.conversations.models import Conversation
from apps.conversations.querysets import ConversationQuerySet
from apps.conversations.services import announcements, choosing
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


def create_conversation(
    *, actor: User, title: str = "", assistant_id: int | None = None
) -> Conversation:
    """Open an empty conversation, titled by the person or by the product later.

    Args:
        actor: whose it is.
        title: of their own; empty for none.
        assistant_id: who shall answer; None for the default assistant.

    Raises:
        AssistantNotFoundError: no such assistant, or it is not offered to the person.
    """
    if assistant_id is not None:
        choosing.ensure_offered(viewer=actor, assistant_id=assistant_id)
    title = _clean_title(title) if title else ""
    source = constants.TitleSource.PERSON if title else constants.TitleSource.NONE
    return Conversation.objects.create(
        owner=actor, title=title, title_source=source, assistant_id=assistant_id
    )


@transaction.atomic
def rename_conversation(*, actor: User, conversation_id: int, title: str) -> Conversation:
    """Give a conversation the person's own title; the product never changes it again.

    Raises:
        ConversationNotFoundError: it does not exist or belongs to somebody else.
        ValidationFailedError: the title is blank or longer than 120 characters.
    """
    conversation = access_conversation(viewer=actor, conversation_id=conversation_id)
    conversation.title = _clean_title(title)
    conversation.title_source = constants.TitleSource.PERSON
    conversation.titled_from = None
    conversation.save(update_fields=["title", "title_source", "titled_from", "updated_at"])
    announcements.conversation_updated(conversation)
    return conversation


@transaction.atomic
def update_conversation(
    *,
    actor: User,
    conversation_id: int,
    title: str | None = None,
    is_archived: bool | None = None,
    precondition: Precondition | None = None,
) -> Conversation:
    """Rename a conversation, put it away or back; what is None stays as it is.

    Raises:
        PreconditionFailedError: the conversation is not any more what the actor has read.
        Exception: otherwise as `rename_conversation`.
    """
    conversation = access_conversation(viewer=actor, conversation_id=conversation_id)
    ensure_unchanged(precondition, conversation)
    if title is not None:
        conversation = rename_conversation(
            actor=actor, conversation_id=conversation_id, title=title
        )
    if is_archived is not None:
        conversation = archive_conversation(
            actor=actor, conversation_id=conversation_id, is_archived=is_archived
        )
    return conversation


@transaction.atomic
def archive_conversation(*, actor: User, conversation_id: int, is_archived: bool) -> Conversation:
    """Put a conversation away, or back into the list; nothing of it changes.

    Raises:
        ConversationNotFoundError: it does not exist or belongs to somebody else.
    """
    conversation = access_conversation(viewer=actor, conversation_id=conversation_id)
    if (conversation.archived_at is not None) != is_archived:
        conversation.archived_at = timezone.now() if is_archived else None
        conversation.save(update_fields=["archived_at", "updated_at"])
        announcements.conversation_updated(conversation)
    return conversation


@transaction.atomic
def mark_read(*, viewer: User, conversation_id: int) -> None:
    """Note that the viewer has seen all that was written.

    Raises:
        ConversationNotFoundError: it does not exist or belongs to somebody else.
    """
    conversation = access_conversation(viewer=viewer, conversation_id=conversation_id)
    if conversation.is_unread:
        Conversation.objects.filter(pk=conversation.pk).update(read_at=Now())
        announcements.conversation_read(conversation)


def ensure_unchanged(precondition: Precondition | None, conversation: Conversation) -> None:
    """Check a precondition against the row as it is now, which stays locked."""
    if precondition is not None:
        locked = Conversation.objects.select_for_update(no_key=True)
        precondition.check(locked.get(pk=conversation.pk))


def _clean_title(title: str) -> str:
    cleaned = " ".join(title.split())
    if not cleaned or len(cleaned) > constants.MAX_TITLE_CHARS or "\x00" in cleaned:
        message = gettext("Write a title of 1 to %(most)d characters.") % {
            "most": constants.MAX_TITLE_CHARS
        }
        raise ValidationFailedError(
            message, details=[{"field": "title", "message": message, "type": "title_length"}]
        )
    return cleaned
