"""A title that the product made of a question goes when that is taken from view, and comes back."""

from __future__ import annotations

from django.db.models import F

from apps.conversations import constants
from apps.conversations.models import Conversation, DroppedTitle, Message, Share
from apps.conversations.services import announcements
from apps.conversations.services.titles import queue_title

_WRITTEN = ("title", "title_source", "titled_from", "updated_at")


def drop_title(message: Message) -> None:
    """Drop a title that was made of a question, when that is taken from view; it is kept aside.

    Another one is made of what can still be seen. The person's own title stays, and so does every
    title that was made of another question, and where an answer goes: none is made of answers.
    Where it is not known of which question a title was made, it may be any.

    Args:
        message: locked with its conversation.
    """
    if message.role != constants.Author.USER:
        return
    Share.objects.titled_after(message).update(
        dropped_title=F("title"), title="", titled_from=message.pk
    )
    conversation = message.conversation
    is_own = conversation.title_source == constants.TitleSource.PERSON
    is_of_another = conversation.titled_from not in (None, message.pk)
    if not conversation.title or is_own or is_of_another:
        return
    kept = DroppedTitle(
        message=message, title=conversation.title, title_source=conversation.title_source
    )
    DroppedTitle.objects.bulk_create([kept], ignore_conflicts=True)
    _give(conversation, title="", source=constants.TitleSource.NONE, made_of=None)
    _have_another(conversation)


def return_title(message: Message) -> None:
    """Give a conversation the title back that a question took along, byte for byte.

    Not while passages of the question are still redacted, nor over a title that a person gave
    meanwhile, or that was made of an earlier question.

    Args:
        message: locked with its conversation, and shown again as far as the caller shows it.
    """
    if message.role != constants.Author.USER or message.is_hidden:
        return
    conversation = message.conversation
    if message.is_redacted:
        if not conversation.title:
            _have_another(conversation)
        return
    shared = Share.objects.with_title_dropped_for(message)
    shared.update(title=F("dropped_title"), dropped_title="")
    dropped = DroppedTitle.objects.filter(pk=message.pk).first()
    if dropped is None:
        return
    dropped.delete()
    is_own = conversation.title_source == constants.TitleSource.PERSON
    is_of_earlier = conversation.titled_from is not None and conversation.titled_from < message.pk
    if not is_own and not is_of_earlier:
        source = constants.TitleSource(dropped.title_source)
        _give(conversation, title=dropped.title, source=source, made_of=message.pk)


def _give(
    conversation: Conversation, *, title: str, source: constants.TitleSource, made_of: int | None
) -> None:
    conversation.title, conversation.title_source = title, source
    conversation.titled_from = made_of
    conversation.save(update_fields=_WRITTEN)
    announcements.conversation_updated(conversation)


def _have_another(conversation: Conversation) -> None:
    if conversation.origin == constants.Origin.CHAT:
        queue_title(conversation_id=conversation.pk)
