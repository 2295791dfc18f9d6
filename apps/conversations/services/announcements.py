"""Tells open pages and workers what changed, after the commit."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.conversations import constants
from apps.conversations.events import (
    AcceptedMessage,
    Branching,
    BranchShown,
    ConversationActivity,
    ConversationUpdated,
    MessageAccepted,
    MessageUpdated,
    PageEvent,
)
from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.querysets import ReplyQuerySet
from apps.conversations.services import presenting, settling
from apps.conversations.statements import endings
from apps.core.languages import speaking
from apps.core.realtime import bells
from apps.core.realtime.groups import announce_on_commit
from apps.users.services.preferences import language_of


def accepted_event(
    conversation: Conversation,
    message: Message,
    reply: Reply,
    branching: Branching | None = None,
) -> MessageAccepted:
    """Return the event that tells of a stored message and its queued answer."""
    return MessageAccepted(
        conversation_id=conversation.pk,
        client_id=message.client_id or "",
        message=AcceptedMessage(
            id=message.pk,
            content=presenting.visible_text(message),
            hidden=message.is_hidden,
            notice=presenting.hidden_notice(message),
        ),
        reply_id=reply.pk,
        title=conversation.display_title,
        url=reverse("chat:conversation", args=[conversation.pk]),
        branching=branching,
    )


def message_accepted(
    conversation: Conversation,
    message: Message,
    reply: Reply,
    branching: Branching | None = None,
) -> MessageAccepted:
    """Tell every page of the owner that a message was stored; returns the event for the sender."""
    event = accepted_event(conversation, message, reply, branching)
    _announce(conversation, event)
    return event


def branch_shown(conversation: Conversation, message: Message) -> BranchShown:
    """Tell every page of the owner that another branch is shown; returns the event."""
    event = BranchShown(
        conversation_id=conversation.pk, message_id=message.pk, after_id=message.parent_id
    )
    _announce(conversation, event)
    return event


def message_updated(message: Message) -> None:
    """Tell every page of the owner that a message was hidden or restored."""
    text = presenting.visible_text(message)
    reply = Reply.objects.filter(pk=message.pk).first()
    with speaking(language_of(message.conversation.owner_id)):
        notice = presenting.notice_of(message, reply)
    _announce(
        message.conversation,
        MessageUpdated(
            message_id=message.pk,
            conversation_id=message.conversation_id,
            hidden=message.is_hidden,
            text=text,
            html="" if message.is_hidden else presenting.html_of(message),
            notice=notice,
            redacted=bool(presenting.redaction_notice(message)),
            state=reply.state if reply is not None else "",
        ),
    )


def conversation_updated(conversation: Conversation) -> None:
    """Tell every page of the owner about a title, a deletion, an archiving or a lock."""
    has_words_of_ours = conversation.locked_at is not None or not conversation.title
    with speaking(language_of(conversation.owner_id) if has_words_of_ours else ""):
        locked, title = presenting.locked_notice(conversation), conversation.display_title
    _announce(
        conversation,
        ConversationUpdated(
            conversation_id=conversation.pk,
            title=title,
            deleted=conversation.deleted_at is not None,
            archived=conversation.archived_at is not None,
            locked=locked,
        ),
    )


def conversation_read(conversation: Conversation) -> None:
    """Tell every page of the owner that they have seen what was written."""
    is_answering = Reply.objects.live().of_conversation(conversation).exists()
    _announce(conversation, ConversationActivity(conversation.pk, is_answering, unread=False))


def answer_stored(*, owner_id: int, conversation_id: int) -> None:
    """Tell every page of a person that an answer of theirs has ended."""
    event = ConversationActivity(conversation_id, answering=False, unread=True)
    announce_on_commit(owner_id, msgspec.to_builtins(event))


def replies_ended(reply_ids: Sequence[int]) -> None:
    """Tell every page of their owners that these answers ended without a worker."""
    if not reply_ids:
        return
    for conversation in Conversation.objects.with_replies(reply_ids):
        event = ConversationActivity(
            conversation.pk, answering=False, unread=conversation.is_unread
        )
        _announce(conversation, event)


def stop_live_replies(conversation: Conversation, *, state: constants.ReplyState) -> None:
    """End whatever is being answered in a conversation."""
    request_stops(Reply.objects.live().of_conversation(conversation), state=state)


def halt_replies_around(message: Message) -> None:
    """End what is being written from a message that is taken from view.

    That is itself, its answer, or the answer to a question after it: the model was sent all of it.
    """
    live = Reply.objects.live().drawing_on(message)
    stopped = request_stops(live, state=constants.ReplyState.HALTED)
    if stopped:
        transaction.on_commit(lambda: bells.announce_end(*stopped))


def request_stop(reply: Reply, *, state: constants.ReplyState) -> None:
    """End a queued answer here and now; ask the worker of a running one to end it in this state."""
    request_stops(Reply.objects.live().filter(pk=reply.pk), state=state)


def request_stops(replies: ReplyQuerySet, *, state: constants.ReplyState) -> list[int]:
    """End those that are queued here and now; ask the workers of the others to end them so.

    All are locked before the first quota is given back, so that no two calls wait for each other
    (docs/decisions/0063).

    Returns:
        Those that were live.
    """
    locked = list(replies.order_by("pk").select_for_update(of=("self",)))
    now = timezone.now()
    queued = [reply.pk for reply in locked if reply.state == constants.ReplyState.QUEUED]
    asked = [reply.pk for reply in locked if reply.state == constants.ReplyState.RUNNING]
    if queued:
        Reply.objects.filter(pk__in=queued).update(
            state=state, finished_at=now, stop_requested_at=now, stop_state=state, notice=""
        )
        endings.note_ended(reply_ids=queued)
        settling.release(queued)
        transaction.on_commit(lambda: bells.announce_end(*queued))
        replies_ended(queued)
    if asked:
        Reply.objects.filter(pk__in=asked).not_asked_to_end().update(
            stop_requested_at=now, stop_state=state
        )
        transaction.on_commit(lambda: _ring(asked, state))
    return [*queued, *asked]


def _ring(reply_ids: Sequence[int], state: constants.ReplyState) -> None:
    for reply_id in reply_ids:
        bells.ring_workers(reply_id, state)


def _announce(conversation: Conversation, event: PageEvent) -> None:
    if conversation.origin == constants.Origin.PROGRAM:
        return
    announce_on_commit(conversation.owner_id, msgspec.to_builtins(event))
