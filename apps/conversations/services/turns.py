"""A message becomes a turn: the message and the queued answer, stored together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from apps.conversations import constants, guardrails
from apps.conversations.errors import (
    ClientIdReusedError,
    ConversationLockedError,
    ConversationNotFoundError,
    MessageWithheldError,
    ReplyInProgressError,
)
from apps.conversations.events import MessageAccepted
from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.services import admitting, announcements, branches, choosing
from apps.conversations.services.presenting import first_words
from apps.conversations.services.turn_requests import TurnRequest as TurnRequest
from apps.conversations.services.turn_requests import check_fits, policy_text
from apps.conversations.statements import endings
from apps.conversations.statements import turns as statements
from apps.core import db, rate_limits
from apps.core.correlation import get_correlation_id
from apps.llm.services import catalogue, quotas
from apps.llm.services.live import Catalogue
from apps.users.models import User
from apps.users.services import access


@dataclass(frozen=True, slots=True)
class Turn:
    """A stored message with its answer; `created` is false where the same message came again.

    `resets_at` is when it makes sense to ask again, where a quota has just refused the answer.
    """

    conversation: Conversation
    message: Message
    reply: Reply
    created: bool
    event: MessageAccepted | None
    resets_at: datetime | None = None


async def start_turn(*, actor: User, request: TurnRequest) -> Turn:
    """Store a message and queue its answer, once per client id.

    Raises:
        InvalidMessageError: blank, too long, or with too large context or metadata.
        MessageNotFoundError, MessageNotEditableError: the question that it edits is not there, or
            cannot be edited.
        ConversationNotFoundError: the conversation does not exist or belongs to somebody else.
        ConversationLockedError: staff closed the conversation for writing.
        ReplyInProgressError: the last answer of the conversation has not ended.
        ClientIdReusedError: the same client id came with another request.
        MessageWithheldError: policy keeps the message back; it is stored with its verdict.
        AssistantNotFoundError: the chosen assistant is not offered to the person.
        AssistantUnavailableError: no model that it could ask is switched on.
        ModelNotAllowedError: the sender's token may not ask the model.
        RateLimitedError: too many messages in a short time.
        ModelsPausedError: staff keep answers from being written; nothing is stored.
        AccountRestrictedError, AccountSuspendedError: the person may not write at the moment.
    """
    check_fits(request)
    repeated = await db.call(_look_before, actor, request)
    if repeated is not None:
        return repeated
    await rate_limits.check(
        scope="chat", identity=f"user:{actor.pk}", rate=settings.RATE_LIMIT_CHAT
    )
    ruling = await guardrails.check_input(
        guardrails.Draft(
            user_id=actor.pk,
            conversation_id=request.conversation_id,
            text=policy_text(request.content, request.context, request.prompt),
        )
    )
    known = await catalogue.current()
    try:
        turn = await db.call(_store_turn, actor, request, ruling, known)
    except IntegrityError as error:
        repeated = await db.call(find_repeated, actor=actor, request=request)
        if repeated is not None:
            return repeated
        ensure_answer_is_live(error)
        raise ReplyInProgressError from error
    if ruling.verdict.is_block:
        raise MessageWithheldError(ruling.verdict.reason_for_user or None)
    return turn


def ensure_answer_is_live(error: IntegrityError) -> None:
    """Check that a turn was refused because another answer of the conversation has not ended.

    Raises:
        IntegrityError: it was refused for another reason, which is a fault of ours.
    """
    cause = error.__cause__
    broken = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
    if broken != constants.ONE_LIVE_REPLY:
        raise error


def accepted_event(turn: Turn) -> MessageAccepted:
    """Return the event for a message that was accepted earlier, for a sender that asks again."""
    return announcements.accepted_event(turn.conversation, turn.message, turn.reply)


def _look_before(actor: User, request: TurnRequest) -> Turn | None:
    """Return the turn that came before; whoever may not write here is refused before a rule looks.

    The transaction that stores the message checks the same again, with the rows locked.
    """
    sent, is_locked = statements.look_before(
        actor=actor, client_id=request.client_id, conversation_id=request.conversation_id
    )
    if sent is not None:
        return _repeated(request, sent)
    access.ensure_may_write(actor)
    if request.conversation_id is not None and is_locked is None:
        raise ConversationNotFoundError
    if is_locked:
        raise ConversationLockedError
    return None


def find_repeated(*, actor: User, request: TurnRequest) -> Turn | None:
    """Return the turn that the same request stored before, by its client id.

    Raises:
        ClientIdReusedError: the same client id came with another request.
        MessageWithheldError: policy keeps the message back; it is stored with its verdict.
    """
    if request.client_id is None:
        return None
    message_id = statements.find_sent(author=actor, client_id=request.client_id)
    return _repeated(request, message_id) if message_id is not None else None


def _repeated(request: TurnRequest, message_id: int) -> Turn:
    message = Message.objects.select_related("conversation").get(pk=message_id)
    if not _is_same(message, request):
        raise ClientIdReusedError
    reply = Reply.objects.answering(message).order_by("-pk").first()
    if reply is None or (message.is_hidden and reply.state == constants.ReplyState.WITHHELD):
        raise MessageWithheldError(message.hidden_reason or None)
    return Turn(message.conversation, message, reply, created=False, event=None)


def _is_same(message: Message, request: TurnRequest) -> bool:
    """Tell whether a message came by this request, whatever staff have taken out of it since."""
    if message.fingerprint and request.fingerprint:
        return message.fingerprint == request.fingerprint
    sent = (request.content, request.context, request.metadata, request.prompt)
    stored = (message.content, message.context, message.metadata, message.prompt)
    is_same_place = request.conversation_id in (None, message.conversation_id)
    return (
        stored == sent and is_same_place and branches.is_version(message, request.edits_message_id)
    )


@transaction.atomic
def _store_turn(
    actor: User, request: TurnRequest, ruling: guardrails.Ruling, known: Catalogue
) -> Turn:
    verdict = ruling.verdict
    access.ensure_may_write(actor)
    conversation = _locked_conversation(actor, request)
    ensure_open(conversation)
    edits, branching, read_to = request.edits_message_id, None, None
    if edits is not None:
        read_to = branches.last_shown(conversation) if verdict.is_block else None
        branching = branches.make_way_for_edit(conversation, edits_message_id=edits)
    question = _new_question(conversation, actor, request, verdict)
    choice = choosing.choose(
        actor=actor,
        known=known,
        question=question,
        chat_model_id=request.chat_model_id,
        assistant_id=request.assistant_id,
        allowed_models=request.allowed_models,
    )
    reply = new_reply(question, request, choice, is_blocked=verdict.is_block)
    title = conversation.title or ("" if verdict.is_block else first_words(request.content))
    gate = statements.add_turn(
        question=question, reply=reply, title=title, has_default=quotas.has_default()
    )
    if gate is None:
        repeated = find_repeated(actor=actor, request=request)
        if repeated is not None:
            return repeated
        raise ReplyInProgressError
    admitting.ensure_not_paused(gate)
    if not reply.is_live:
        endings.note_ended(reply_ids=[reply.pk])
    guardrails.record(ruling, judged_question(question, is_withheld=verdict.is_block))
    if verdict.is_block and edits is not None:
        branches.show_again(conversation, last_id=read_to)
        return Turn(conversation, question, reply, created=True, event=None)
    event = announcements.message_accepted(conversation, question, reply, branching)
    resets_at = admitting.admit(reply, request, choice, actor=actor, gate=gate)
    return Turn(conversation, question, reply, created=True, event=event, resets_at=resets_at)


def _new_question(
    conversation: Conversation, actor: User, request: TurnRequest, verdict: guardrails.Verdict
) -> Message:
    now = timezone.now()
    return Message(
        conversation=conversation,
        role=constants.Author.USER,
        author=actor,
        content=request.content,
        client_id=request.client_id,
        fingerprint=request.fingerprint,
        context=request.context,
        metadata=request.metadata,
        prompt=request.prompt,
        hidden_at=now if verdict.is_block else None,
        hidden_reason=verdict.reason_for_user if verdict.is_block else "",
        created_at=now,
    )


def judged_question(message: Message, *, is_withheld: bool) -> guardrails.Judged:
    """Describe a person's message to the policy, for the transaction that stores it."""
    return guardrails.Judged(
        message_id=message.pk,
        conversation_id=message.conversation_id,
        user_id=message.conversation.owner_id,
        is_answer=False,
        text=policy_text(message.content, message.context, message.prompt),
        shown_chars=0,
        is_withheld=is_withheld,
        is_checked=True,
    )


def _locked_conversation(actor: User, request: TurnRequest) -> Conversation:
    if request.conversation_id is None:
        is_chat = request.prompt is None
        origin = constants.Origin.CHAT if is_chat else constants.Origin.PROGRAM
        return Conversation.objects.create(owner=actor, origin=origin)
    conversation = statements.lock_conversation(
        viewer=actor, conversation_id=request.conversation_id
    )
    if conversation is None:
        raise ConversationNotFoundError
    return conversation


def ensure_open(conversation: Conversation) -> None:
    """Check that staff have not closed a conversation for writing.

    Raises:
        ConversationLockedError: they have.
    """
    if conversation.locked_at is not None:
        raise ConversationLockedError


def new_reply(
    question: Message,
    request: TurnRequest,
    choice: choosing.Choice,
    *,
    is_blocked: bool = False,
) -> Reply:
    """Return the answer's row to be stored; one that policy forbids has ended already."""
    state = constants.ReplyState.WITHHELD if is_blocked else constants.ReplyState.QUEUED
    is_queued = not is_blocked
    return Reply(
        conversation=question.conversation,
        state=state,
        notice=gettext_noop("Your message was not sent to the model.") if is_blocked else "",
        error_code="" if is_queued else state.value,
        model=choice.model.name,
        chat_model_id=choice.model.id,
        named_model_id=choice.named_id,
        assistant_version_id=choice.version.id if choice.version is not None else None,
        temperature=choice.temperature,
        api_token_id=request.api_token_id,
        correlation_id=get_correlation_id(),
        queued_at=question.created_at,
        finished_at=None if is_queued else timezone.now(),
    )
