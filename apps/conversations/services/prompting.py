"""What the model is sent for an answer, from the rows that a worker has read."""

from __future__ import annotations

from collections.abc import Callable

import orjson
from django.conf import settings

from apps.conversations import constants
from apps.conversations.statements.leases import Taken
from apps.llm.gateway.contract import GenerationRequest, PromptMessage, Reserved
from apps.llm.services import catalogue
from apps.llm.services.live import Catalogue


def request_of(taken: Taken, known: Catalogue, keep: Callable[[], bool]) -> GenerationRequest:
    """Return what the model is asked: by the version of the assistant that the answer names.

    Args:
        taken: the answer with its question, and what was said before it.
        known: what may be asked.
        keep: renews the lease that the answer is written under, and tells whether it holds.
    """
    version = None
    if taken.assistant_version_id is not None:
        version = catalogue.version_of(known, taken.assistant_version_id)
    completion = settings.LLM_MAX_COMPLETION_TOKENS or None
    return GenerationRequest(
        prompt=orjson.loads(taken.prompt) if taken.prompt is not None else None,
        system_prompt=version.system_prompt if version else settings.SYSTEM_PROMPT,
        history=_history(taken),
        question=taken.question,
        context=orjson.loads(taken.context) if taken.context is not None else None,
        model=taken.model,
        chat_model_id=taken.chat_model_id,
        temperature=taken.temperature,
        max_prompt_tokens=version.max_prompt_tokens if version else settings.MAX_TOKENS,
        max_completion_tokens=version.max_completion_tokens if version else completion,
        user_id=taken.owner_id,
        purpose="reply",
        correlation_id=taken.correlation_id,
        reserved=Reserved(taken.reply_id, taken.api_token_id, taken.answer_tokens, keep),
    )


def _history(taken: Taken) -> tuple[PromptMessage, ...]:
    """Return the last exchanges before the question."""
    return tuple(
        PromptMessage(
            role="assistant" if role == constants.Author.ASSISTANT else "user", content=text
        )
        for role, text in zip(taken.roles or (), taken.texts or (), strict=True)
    )
