"""A conversation gets its title from the model, in the background, after the first answer."""

from __future__ import annotations

import logging
import time
from contextlib import aclosing
from dataclasses import replace

from django.db import transaction

from apps.conversations import constants, guardrails
from apps.conversations.models import Conversation
from apps.conversations.services import announcements, title_costs
from apps.conversations.services.guarded_stream import GuardedStream
from apps.conversations.services.title_requests import first_question, request_of
from apps.core import db, jobs
from apps.core.logging import log_event
from apps.llm.errors import UpstreamError
from apps.llm.gateway.contract import ChatGateway, Completion, GenerationRequest
from apps.llm.gateway.estimates import most_of
from apps.llm.services import quotas

logger = logging.getLogger(__name__)

TITLE_TASK = "conversations.title"
TITLE_QUEUE = "background"


def queue_title(*, conversation_id: int) -> None:
    """Have the conversation titled by a worker, soon; one job of a conversation at a time."""
    given = {"conversation_id": conversation_id}
    jobs.defer(TITLE_TASK, given, queue=TITLE_QUEUE, lock=f"title:{conversation_id}")


async def generate_title(*, conversation_id: int, gateway: ChatGateway) -> None:
    """Ask the model for a title and keep it, unless a person has given one meanwhile.

    Where a model fails, or a quota has nothing left for it, the first words stay. What a failed one
    may have used is charged already, by the desk.
    """
    request = await db.call(_begin, conversation_id)
    if request is None:
        return
    began = time.monotonic()
    try:
        completion = await gateway.complete(request)
    except UpstreamError as error:
        log_event(logger, "TITLE_FAILED", level=logging.WARNING, error=error.code)
        await db.call(title_costs.give_back, request)
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


def _begin(conversation_id: int) -> GenerationRequest | None:
    """Return the request for a title, with what it may use reserved as for an answer.

    What a job before this one had reserved, whose worker was lost, is settled first.
    """
    title_costs.settle_lost([conversation_id])
    return _reserve(conversation_id)


@transaction.atomic
def _reserve(conversation_id: int) -> GenerationRequest | None:
    request = request_of(conversation_id)
    if request is None or request.reserved is None:
        return None
    spender = quotas.Spender(
        user_id=request.user_id,
        model=request.model,
        chat_model_id=request.chat_model_id,
        api_token_id=request.reserved.api_token_id,
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
    held = replace(request.reserved, answer_tokens=admission.answer_tokens)
    return replace(request, reserved=held)


@transaction.atomic
def _store(
    conversation_id: int,
    request: GenerationRequest,
    completion: Completion,
    title: str,
    duration_ms: int,
) -> None:
    conversation = Conversation.objects.select_for_update().filter(pk=conversation_id).first()
    present = request_of(conversation_id) if conversation is not None else None
    is_wanted = title and present is not None and present.question == request.question
    if conversation is not None and is_wanted:
        source = first_question(conversation)
        conversation.title = title
        conversation.title_source = constants.TitleSource.GENERATED
        conversation.titled_from = source.pk if source is not None else None
        conversation.save(update_fields=["title", "title_source", "titled_from", "updated_at"])
        announcements.conversation_updated(conversation)
    title_costs.settle_whole(request, completion, duration_ms)


def clean_title(text: str) -> str:
    """Make one short line of what a model offers as a title; empty where it offers none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    title = " ".join(lines[0].split()).strip("\"'`*#_ ").removeprefix("Title:").strip("\"'`* .")
    if len(title) <= constants.MAX_TITLE_CHARS // 2:
        return title
    return title[: constants.MAX_TITLE_CHARS // 2].rsplit(" ", 1)[0]
