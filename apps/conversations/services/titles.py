"""A conversation gets its title from the model, in the background, after the first answer."""

from __future__ import annotations

import logging
import time
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app as queue

from apps.conversations import constants, guardrails
from apps.conversations.models import Conversation, Message, Reply, Share
from apps.conversations.services import announcements
from apps.conversations.services.guarded_stream import GuardedStream
from apps.core import db
from apps.core.correlation import get_correlation_id
from apps.core.logging import log_event
from apps.llm.errors import UpstreamError
from apps.llm.gateway.contract import ChatGateway, Completion, GenerationRequest, Reserved
from apps.llm.gateway.estimates import most_of
from apps.llm.services import catalogue, pauses, prices, quotas
from apps.llm.services import usage as ledger

logger = logging.getLogger(__name__)

TITLE_TASK = "conversations.title"
TITLE_QUEUE = "background"
TITLE_PROMPT = (
    "You name conversations. Answer with a title of at most six words for the message you are "
    "given. Only the title: no quotes, no full stop, no explanation."
)
MAX_TITLE_TOKENS = 24
EXCERPT_CHARS = 600


def queue_title(*, conversation_id: int) -> None:
    """Have the conversation titled by a worker, soon."""
    queue.configure_task(
        TITLE_TASK,
        queue=TITLE_QUEUE,
        queueing_lock=None,
        allow_unknown=True,
    ).defer(conversation_id=conversation_id)


def drop_title(message: Message) -> None:
    """Drop a title that the product made of questions, when one of them is taken from view.

    Another one is made of what can still be seen. The person's own title stays, and so does every
    title where an answer goes: none is made of answers.
    """
    conversation = message.conversation
    if message.role != constants.Author.USER:
        return
    Share.objects.filter(conversation=conversation, is_title_own=False).update(title="")
    if conversation.title and conversation.title_source != constants.TitleSource.PERSON:
        conversation.title = ""
        conversation.title_source = constants.TitleSource.NONE
        conversation.save(update_fields=["title", "title_source", "updated_at"])
        announcements.conversation_updated(conversation)
        if conversation.origin == constants.Origin.CHAT:
            queue_title(conversation_id=conversation.pk)


async def generate_title(*, conversation_id: int, gateway: ChatGateway) -> None:
    """Ask the model for a title and keep it, unless a person has given one meanwhile.

    A model that fails, or a quota that has nothing left for it, costs the title, nothing else: the
    first words stay.
    """
    request = await db.call(_begin, conversation_id)
    if request is None:
        return
    began = time.monotonic()
    try:
        completion = await gateway.complete(request)
    except UpstreamError as error:
        log_event(logger, "TITLE_FAILED", level=logging.WARNING, error=error.code)
        await db.call(_give_back, conversation_id)
        return
    took_ms = round((time.monotonic() - began) * 1000)
    title = await _judged(conversation_id, request, clean_title(completion.text))
    await db.call(_store, conversation_id, request, completion, title, took_ms)


async def _judged(conversation_id: int, request: GenerationRequest, title: str) -> str:
    """Return a title that policy lets pass as it would an answer; empty where it does not."""
    if not title:
        return ""
    guard = GuardedStream(
        guardrails.Draft(
            user_id=request.user_id,
            conversation_id=conversation_id,
            text=request.question,
            is_message=False,
        )
    )
    async with aclosing(guard):
        await guard.open()
        verdicts = [(await guard.feed(title, shown_chars=0)).verdict]
        verdicts.append((await guard.finish(shown_chars=0)).verdict)
        verdicts.append(await guard.check(title))
    if any(verdict.is_block for verdict in verdicts):
        log_event(logger, "TITLE_WITHHELD", conversation_id=conversation_id)
        return ""
    return title


def _request(conversation_id: int) -> GenerationRequest | None:
    conversation = Conversation.objects.filter(
        pk=conversation_id, title_source=constants.TitleSource.NONE, deleted_at=None
    ).first()
    first = (
        Message.objects.filter(
            conversation_id=conversation_id, role=constants.Author.USER, hidden_at=None
        )
        .on_path()
        .order_by("id")
        .first()
    )
    chat_model_id, model = _first_model(conversation_id)
    if conversation is None or first is None or pauses.is_paused(model, chat_model_id):
        return None
    return GenerationRequest(
        system_prompt=TITLE_PROMPT,
        history=(),
        question=first.content[:EXCERPT_CHARS],
        context=None,
        model=model,
        chat_model_id=chat_model_id,
        temperature=0.2,
        max_prompt_tokens=settings.MAX_TOKENS,
        max_completion_tokens=MAX_TITLE_TOKENS,
        user_id=conversation.owner_id,
        purpose="title",
        correlation_id=get_correlation_id(),
    )


@transaction.atomic
def _begin(conversation_id: int) -> GenerationRequest | None:
    """Return the request for a title, with what it may use reserved as for an answer."""
    request = _request(conversation_id)
    if request is None:
        return None
    _give_back(conversation_id)
    spender = quotas.Spender(
        user_id=request.user_id, model=request.model, chat_model_id=request.chat_model_id
    )
    admission = quotas.reserve(
        spender,
        purpose="title",
        reference_id=conversation_id,
        wanted=most_of(request),
    )
    if admission.is_refused:
        log_event(logger, "TITLE_OUT_OF_QUOTA", conversation_id=conversation_id)
        return None
    held = Reserved(conversation_id, answer_tokens=admission.answer_tokens)
    return replace(request, reserved=held)


def _give_back(conversation_id: int) -> None:
    """Give back what was reserved for a title that nobody was asked for, or that failed."""
    ledger.release_calls(purpose="title", reference_ids=[conversation_id])


def _first_model(conversation_id: int) -> tuple[int | None, str]:
    """Return number and name of the model that answered first: its provider has the text."""
    replies = Reply.objects.filter(conversation_id=conversation_id).order_by("pk")
    found = replies.values_list("chat_model_id", "model").first() or (None, settings.OPENAI_MODEL)
    if found[0] is None:
        named = catalogue.read().models_by_code.get(found[1])
        return (named.id, named.name) if named is not None else found
    return found


@transaction.atomic
def _store(
    conversation_id: int,
    request: GenerationRequest,
    completion: Completion,
    title: str,
    duration_ms: int,
) -> None:
    conversation = Conversation.objects.select_for_update().filter(pk=conversation_id).first()
    present = _request(conversation_id) if conversation is not None else None
    is_wanted = title and present is not None and present.question == request.question
    if conversation is not None and is_wanted:
        conversation.title = title
        conversation.title_source = constants.TitleSource.GENERATED
        conversation.save(update_fields=["title", "title_source", "updated_at"])
        announcements.conversation_updated(conversation)
    if completion.is_repeated:
        _give_back(conversation_id)
    else:
        _record(conversation_id, request, completion, duration_ms)


def _record(
    conversation_id: int, request: GenerationRequest, completion: Completion, duration_ms: int
) -> None:
    """Write the call down and count it for the person, who did not ask for it but gets it."""
    moment = timezone.now() - timedelta(milliseconds=duration_ms)
    model, number = request.model, request.chat_model_id
    if completion.asked:
        model, number = completion.asked, completion.asked_id
    ledger.record_call(
        ledger.Call(
            user_id=request.user_id,
            purpose="title",
            reference_id=conversation_id,
            model=model,
            chat_model_id=number,
            rate=prices.price_at(model=model, chat_model_id=number, moment=moment),
        ),
        usage=completion.usage,
        outcome="complete",
        first_token_ms=None,
        duration_ms=duration_ms,
    )


def clean_title(text: str) -> str:
    """Make one short line of what a model offers as a title; empty where it offers none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    title = " ".join(lines[0].split()).strip("\"'`*#_ ").removeprefix("Title:").strip("\"'`* .")
    if len(title) <= constants.MAX_TITLE_CHARS // 2:
        return title
    return title[: constants.MAX_TITLE_CHARS // 2].rsplit(" ", 1)[0]
