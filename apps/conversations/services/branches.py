"""Versions of a question or an answer: each begins a branch, and one branch is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, Func, Max, Window
from django.db.models.functions import Lag, Lead, RowNumber

from apps.conversations import constants
from apps.conversations.errors import (
    MessageNotEditableError,
    MessageNotFoundError,
    ReplyInProgressError,
)
from apps.conversations.events import Branching, BranchShown
from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.querysets import MessageQuerySet
from apps.conversations.services import announcements
from apps.conversations.services.messages import access_message
from apps.conversations.statements import branches as statements
from apps.conversations.statements import turns as turn_statements
from apps.users.models import User


@dataclass(frozen=True, slots=True)
class Versions:
    """Where a message stands among the versions of it."""

    position: int
    total: int
    previous_id: int | None
    next_id: int | None


ALONE = Versions(1, 1, None, None)


@transaction.atomic
def show_branch(*, actor: User, message_id: int) -> tuple[Message, BranchShown]:
    """Show the branch of a message: up to it as it came about, and below it the newest one.

    Returns:
        The message, and the event that every page of the actor hears.

    Raises:
        MessageNotFoundError: no such message, or not the actor's.
        ReplyInProgressError: the conversation is being answered.
    """
    message = access_message(viewer=actor, message_id=message_id)
    conversation = turn_statements.lock_conversation(
        viewer=actor, conversation_id=message.conversation_id
    )
    if conversation is None:
        raise MessageNotFoundError
    ensure_at_rest(conversation)
    last_id = statements.last_below(message_id=message.pk)
    statements.show_path(conversation_id=conversation.pk, last_id=last_id)
    message.is_current = True
    return message, announcements.branch_shown(conversation, message)


def list_versions(*, viewer: User, message_id: int) -> MessageQuerySet:
    """Return a message and its other versions, to be read with how each answer stands.

    Raises:
        MessageNotFoundError: no such message, or not the viewer's.
    """
    message = access_message(viewer=viewer, message_id=message_id)
    return Message.objects.beside(message).select_related("reply", "feedback")


def make_way_for_edit(conversation: Conversation, *, edits_message_id: int) -> Branching:
    """Show what stood before a question, so that a new version of it can follow there.

    The caller has locked the conversation.

    Raises:
        MessageNotFoundError: no such message in this conversation.
        MessageNotEditableError: it is an answer, was taken from view, or belongs to a program.
        ReplyInProgressError: the conversation is being answered.
    """
    rows = Message.objects.of_conversation(conversation)
    edited = rows.filter(pk=edits_message_id).first()
    if edited is None:
        raise MessageNotFoundError
    if not can_be_edited(edited):
        raise MessageNotEditableError
    return _make_way(conversation, edited)


def make_way_for_answer(conversation: Conversation, *, question: Message) -> Branching:
    """Show a question as the last message, so that another answer can follow it.

    The caller has locked the conversation.

    Raises:
        ReplyInProgressError: the conversation is being answered.
    """
    return _make_way(conversation, Message(conversation=conversation, parent=question))


def ensure_at_rest(conversation: Conversation) -> None:
    """Check that nothing is being written, which would end on a branch that is not shown.

    Raises:
        ReplyInProgressError: the conversation is being answered.
    """
    if Reply.objects.live().of_conversation(conversation).exists():
        raise ReplyInProgressError


def is_question(message: Message) -> bool:
    """Tell whether a message is a question, and not one call of a program."""
    return message.role == constants.Author.USER and message.prompt is None


def can_be_edited(message: Message) -> bool:
    """Tell whether a message is a question in sight."""
    return is_question(message) and not message.is_hidden


def is_version(message: Message, edits_message_id: int | None) -> bool:
    """Tell whether a message is a version of the one that it was sent to edit, if it was."""
    if edits_message_id is None:
        return True
    others = Message.objects.beside(message).exclude(pk=message.pk)
    return others.filter(pk=edits_message_id).exists()


def versions_of(shown: Sequence[Message]) -> dict[int, Versions]:
    """Return where each message of one conversation stands among its versions, by one query."""
    if not shown:
        return {}
    parents = [message.parent_id for message in shown if message.parent_id is not None]
    rows = (
        Message.objects.of_conversation(shown[0].conversation_id)
        .following(parents, with_first=len(parents) < len(shown))
        .annotate(
            position=_among(RowNumber()),
            total=Window(Count("id"), partition_by=F("parent_id")),
            previous_id=_among(Lag("id")),
            next_id=_among(Lead("id")),
        )
        .values_list("pk", "position", "total", "previous_id", "next_id")
    )
    numbers = {message.pk for message in shown}
    return {pk: Versions(*place) for pk, *place in rows if pk in numbers}


def _among(function: Func) -> Window:
    return Window(function, partition_by=F("parent_id"), order_by="id")


def last_shown(conversation: Conversation) -> int | None:
    """Return the last message of the branch that is shown, if there is one.

    The caller has locked the conversation.
    """
    shown = Message.objects.of_conversation(conversation).on_path()
    last_id: int | None = shown.aggregate(last=Max("id"))["last"]
    return last_id


def show_again(conversation: Conversation, *, last_id: int | None) -> None:
    """Show the branch that ends with a message, as no page has heard of another one.

    The caller has locked the conversation.

    Args:
        conversation: where policy has kept back a new version of a question.
        last_id: what `last_shown` said before way was made for it.
    """
    statements.show_path(conversation_id=conversation.pk, last_id=last_id)


def _make_way(conversation: Conversation, beside: Message) -> Branching:
    ensure_at_rest(conversation)
    known = Message.objects.beside(beside).aggregate(number=Count("id"), last=Max("id"))
    statements.show_path(conversation_id=conversation.pk, last_id=beside.parent_id)
    return Branching(
        after_id=beside.parent_id, version=known["number"] + 1, previous_id=known["last"]
    )
