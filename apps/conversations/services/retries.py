"""The same question is asked once more: policy looks at it anew, and the answer is a sibling."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.conversations import constants, guardrails
from apps.conversations.errors import (
    MessageNotFoundError,
    MessageWithheldError,
    ReplyInProgressError,
    ReplyNotRetryableError,
)
from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.services import (
    admitting,
    announcements,
    branches,
    choosing,
    turns,
    visibility,
)
from apps.conversations.services.messages import access_message
from apps.conversations.services.turn_requests import TurnRequest, may_be_asked_again, policy_text
from apps.conversations.services.turns import Turn
from apps.conversations.statements import turns as statements
from apps.core import db, rate_limits
from apps.llm.services import catalogue, quotas
from apps.llm.services.live import Catalogue
from apps.users.models import User
from apps.users.services import access


@dataclass(frozen=True, slots=True)
class _Again:
    """An answer that is asked for again, as it was looked at before its rows are locked."""

    message_id: int
    asked: str
    ruling: guardrails.Ruling
    known: Catalogue
    assistant_id: int | None
    allowed_models: tuple[str, ...]
    api_token_id: int | None
    only_last: bool


async def retry_reply(
    *,
    actor: User,
    message_id: int,
    assistant_id: int | None = None,
    allowed_models: tuple[str, ...] = (),
    api_token_id: int | None = None,
    only_last: bool = False,
) -> Turn:
    """Ask the same question again; the earlier answer stays as a sibling.

    Rules may have gone live since the question was stored. One that keeps it back by now hides it,
    with everything that follows where a message is kept back at once.

    Args:
        actor: whose answer it is.
        message_id: the answer.
        assistant_id: who answers from now on; None for whoever did before.
        allowed_models: as in a `TurnRequest`.
        api_token_id: the API token that it is asked by, if it is.
        only_last: only where it is the last message that is shown, so that nothing else changes.

    Raises:
        MessageNotFoundError: no such answer, or not the actor's.
        ReplyNotRetryableError: the message is not an answer to a question that can be asked again.
        MessageWithheldError: policy keeps the question back by now.
        ConversationLockedError: staff closed the conversation for writing.
        ReplyInProgressError: the last answer of the conversation has not ended.
        ModelNotAllowedError: the caller's token may not ask the model.
        AssistantNotFoundError, ModelNotFoundError: who is asked is not offered to the actor.
        RateLimitedError: too many messages in a short time.
        ModelsPausedError: staff keep answers from being written.
        AccountRestrictedError, AccountSuspendedError: the person may not write at the moment.
    """
    await rate_limits.check(
        scope="chat", identity=f"user:{actor.pk}", rate=settings.RATE_LIMIT_CHAT
    )
    question = await db.call(_question_of, actor, message_id)
    asked = _text_of(question)
    ruling = await _judge(actor, question, asked)
    if ruling.verdict.is_block:
        await db.call(_withhold, question.pk, asked, ruling)
        raise MessageWithheldError(ruling.verdict.reason_for_user or None)
    try:
        by = (assistant_id, allowed_models, api_token_id)
        again = _Again(message_id, asked, ruling, await catalogue.current(), *by, only_last)
        return await db.call(_store, actor, again)
    except IntegrityError as error:
        turns.ensure_answer_is_live(error)
        raise ReplyInProgressError from error


def read_turn(*, viewer: User, reply_id: int) -> Turn:
    """Return an answer of the viewer's with its question, as both are now.

    Raises:
        MessageNotFoundError: no such answer, or not the viewer's.
    """
    answer = access_message(viewer=viewer, message_id=reply_id)
    if answer.parent_id is None:
        raise MessageNotFoundError
    question = Message.objects.get(pk=answer.parent_id)
    return Turn(answer.conversation, question, answer.reply, created=False, event=None)


async def _judge(actor: User, question: Message, asked: str) -> guardrails.Ruling:
    return await guardrails.check_input(
        guardrails.Draft(
            user_id=actor.pk,
            conversation_id=question.conversation_id,
            text=asked,
            message_id=question.pk,
        )
    )


def _text_of(question: Message) -> str:
    return policy_text(question.content, question.context, question.prompt)


def _question_of(actor: User, message_id: int) -> Message:
    """Return the question of an answer, if it may be asked again."""
    access.ensure_may_write(actor)
    answer = access_message(viewer=actor, message_id=message_id)
    reply = Reply.objects.filter(pk=answer.pk).first()
    if reply is None or reply.is_live or answer.parent_id is None:
        raise ReplyNotRetryableError
    question = Message.objects.select_related("conversation").get(pk=answer.parent_id)
    if not may_be_asked_again(question):
        raise ReplyNotRetryableError
    turns.ensure_open(question.conversation)
    return question


@transaction.atomic
def _withhold(message_id: int, asked: str, ruling: guardrails.Ruling) -> None:
    """Hide a stored question that policy keeps back by now, together with what it found."""
    question = visibility.locked_message(message_id)
    if question.is_hidden or _text_of(question) != asked:
        return
    visibility.hide_message(
        actor=None,
        message_id=message_id,
        reason="Kept back when it was asked again.",
        reason_for_user=ruling.verdict.reason_for_user,
    )
    guardrails.record(ruling, turns.judged_question(question, is_withheld=True))


@transaction.atomic
def _store(actor: User, again: _Again) -> Turn:
    found = _question_of(actor, again.message_id)
    conversation = Conversation.objects.select_for_update().get(pk=found.conversation_id)
    question = Message.objects.select_for_update().get(pk=found.pk)
    question.conversation = conversation
    if question.is_hidden or _text_of(question) != again.asked:
        raise ReplyNotRetryableError
    turns.ensure_open(conversation)
    if again.only_last:
        _ensure_last(conversation, answer_id=again.message_id, question=question)
    branching = branches.make_way_for_answer(conversation, question=question)
    former = Reply.objects.get(pk=again.message_id)
    choice = choosing.choose(
        actor=actor,
        known=again.known,
        question=question,
        chat_model_id=former.named_model_id,
        answered_by_id=former.chat_model_id,
        assistant_id=again.assistant_id,
        allowed_models=again.allowed_models,
    )
    request = TurnRequest(
        conversation_id=conversation.pk,
        content=question.content,
        context=question.context,
        prompt=question.prompt,
        api_token_id=again.api_token_id,
    )
    reply = turns.new_reply(question, request, choice)
    reply.message = Message.objects.create(
        conversation=conversation, parent=question, role=constants.Author.ASSISTANT
    )
    reply.save(force_insert=True)
    gate = statements.announce_queued(
        reply=reply, question_id=question.pk, has_default=quotas.has_default()
    )
    _note_activity(conversation)
    guardrails.record(again.ruling, turns.judged_question(question, is_withheld=False))
    event = announcements.message_accepted(conversation, question, reply, branching)
    resets_at = admitting.admit(reply, request, choice, actor=actor, gate=gate)
    return Turn(conversation, question, reply, created=True, event=event, resets_at=resets_at)


def _note_activity(conversation: Conversation) -> None:
    """Note that its person just asked here: it is read, and back in the list of open ones."""
    now = timezone.now()
    conversation.message_count += 1
    conversation.last_message_at = conversation.read_at = now
    conversation.archived_at = None
    fields = ["message_count", "last_message_at", "read_at", "archived_at", "assistant"]
    conversation.save(update_fields=[*fields, "updated_at"])


def _ensure_last(conversation: Conversation, *, answer_id: int, question: Message) -> None:
    """Check that an answer is the last message that is shown, and that none came in its place.

    Raises:
        ReplyInProgressError: another one came in its place.
        ReplyNotRetryableError: the conversation went on.
    """
    last = Message.objects.of_conversation(conversation).on_path().latest("pk")
    if last.pk != answer_id:
        is_asked = last.parent_id == question.pk
        raise ReplyInProgressError if is_asked else ReplyNotRetryableError
