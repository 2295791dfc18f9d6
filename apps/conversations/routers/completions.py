"""The routes that OpenAI's clients call: answers without our envelope, in their form."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any

import orjson
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.conversations import errors
from apps.conversations.completion_schemas import (
    CompletionIn,
    CompletionOut,
    OpenAIErrorOut,
    OpenAIModelListOut,
    OpenAIModelOut,
)
from apps.conversations.routers.turns import SENT, current_user, token_of
from apps.conversations.services import asking, completions
from apps.conversations.services.completions import Asked, Ended
from apps.conversations.services.turns import Turn
from apps.core.api import sse
from apps.core.api.auth import caller_of
from apps.core.api.idempotency import IDEMPOTENCY_KEY, fingerprint_of, mark_replay
from apps.core.api.responses import json_response, openai_error
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.error_handling import report_error
from apps.users.constants import TokenScope
from apps.users.services import holding

router = ApiRouter(tags=["OpenAI-compatible"], error_schema=OpenAIErrorOut)
DONE = sse.ServerSentEvent(None, b"[DONE]")


@router.operation(
    "POST",
    "chat/completions",
    Endpoint(
        returns=CompletionOut,
        message="The completion, or its chunks with `stream`.",
        scope=TokenScope.CHAT,
        errors=(
            *SENT,
            *asking.ENDINGS,
            errors.ModelNotFoundError,
            errors.PromptTooLongError,
        ),
        has_own_key=True,
        is_plain=True,
        openapi=sse.may_stream("The completion, or with `stream` its chunks and `[DONE]`."),
    ),
)
async def create_completion(
    request: HttpRequest, payload: CompletionIn, idempotency_key: str | None = IDEMPOTENCY_KEY
) -> HttpResponseBase:
    """Answer a prompt, under the same policy, quota and audit as the pages.

    A withheld answer ends with the finish reason `content_filter`. Whoever leaves stops it.
    """
    actor = current_user(request)
    turn = await completions.start(
        actor=actor,
        model=payload.model,
        content=payload.content(),
        prompt=payload.prompt(),
        client_id=idempotency_key,
        fingerprint=fingerprint_of(request),
        allowed_models=caller_of(request).allowed_models,
        api_token_id=token_of(request),
        metadata=payload.metadata,
    )
    if not turn.created:
        mark_replay(request)
    if payload.stream:
        options = payload.stream_options
        frames = _chunks(request, turn, includes_usage=bool(options and options.include_usage))
        guard = partial(holding.stay, caller_of(request))
        return await sse.event_stream(frames, guard=guard, on_error=_error_frame)
    text, ended = await holding.wait_while_staying(
        caller_of(request), completions.whole(actor=actor, turn=turn)
    )
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, "refusal": None},
        "logprobs": None,
        "finish_reason": ended.finish_reason,
    }
    head = {**_head(turn, "chat.completion"), "model": ended.model}
    return json_response({**head, "choices": [choice], "usage": _usage(ended)})


@router.operation(
    "GET",
    "models",
    Endpoint(
        returns=OpenAIModelListOut,
        message="The models that may be asked.",
        scope=TokenScope.CHAT,
        is_plain=True,
    ),
    operation_id="list_openai_models",
)
async def list_models(request: HttpRequest) -> HttpResponseBase:
    """List the models."""
    models = [_model(name) for name in await _offered(request)]
    return json_response({"object": "list", "data": models})


@router.operation(
    "GET",
    "models/{path:name}",
    Endpoint(
        returns=OpenAIModelOut,
        message="One model.",
        scope=TokenScope.CHAT,
        errors=(errors.ModelNotFoundError,),
        is_plain=True,
    ),
    operation_id="read_openai_model",
)
async def read_model(request: HttpRequest, name: str) -> HttpResponseBase:
    """Read one model."""
    if name not in await _offered(request):
        raise errors.ModelNotFoundError
    return json_response(_model(name))


async def _offered(request: HttpRequest) -> list[str]:
    caller = caller_of(request)
    return await completions.list_models(viewer=caller.user, allowed_models=caller.allowed_models)


async def _chunks(
    request: HttpRequest, turn: Turn, *, includes_usage: bool
) -> AsyncGenerator[sse.ServerSentEvent, None]:
    head = _head(turn, "chat.completion.chunk")
    extra = {"usage": None} if includes_usage else {}

    def chunk(delta: dict[str, Any], finish_reason: str | None = None) -> sse.ServerSentEvent:
        choice = {
            "index": 0,
            "delta": delta,
            "logprobs": None,
            "finish_reason": finish_reason,
        }
        return sse.ServerSentEvent(None, orjson.dumps({**head, "choices": [choice], **extra}))

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    items = completions.pieces(actor=current_user(request), turn=turn)
    async with aclosing(items):
        async for item in items:
            if isinstance(item, str):
                yield chunk({"content": item})
                continue
            head["model"] = item.model
            if isinstance(item, Asked):
                continue
            yield chunk({}, item.finish_reason)
            if includes_usage:
                last = {**head, "choices": [], "usage": _usage(item)}
                yield sse.ServerSentEvent(None, orjson.dumps(last))
    yield DONE


def _error_frame(exception: BaseException) -> sse.ServerSentEvent:
    description = report_error(exception, transport="sse")
    return sse.ServerSentEvent(None, orjson.dumps(openai_error(description)))


def _head(turn: Turn, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{turn.reply.pk}",
        "object": kind,
        "created": int(time.time()),
        "model": turn.reply.model,
    }


def _usage(ended: Ended) -> dict[str, int] | None:
    if ended.usage is None:
        return None
    prompt, completion = ended.usage.prompt_tokens, ended.usage.completion_tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "parley"}
