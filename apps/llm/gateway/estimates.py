"""Estimates the tokens of a call, where none were reported or what was reported cannot be.

How long a prompt is, is reckoned here alone: before it is asked, when its history is cut to fit,
while it is answered, and where its worker was lost.
"""

import logging
import math
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from apps.core.logging import log_event
from apps.llm.constants import CHARS_PER_TOKEN
from apps.llm.gateway.contract import GenerationRequest, Usage

_BYTES_PER_CHAR = 4
MOST_FRAME_TOKENS = 2_000
"""What a provider may put around a prompt: roles, its own template."""
MOST_HIDDEN_TOKENS = 200_000
"""What a model may think before its answer; no model writes as much today."""
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
logger = logging.getLogger(__name__)


def size_of_prompt(
    said: Iterable[str],
    *,
    context: Mapping[str, object] | None = None,
    prompt: Mapping[str, Any] | None = None,
) -> int:
    """Return the size of all that a model reads, in bytes of UTF-8.

    Args:
        said: system prompt, earlier messages and the question.
        context: facts that are sent beside them, as JSON.
        prompt: the messages and parameters of a program; they are all that is sent then.
    """
    if prompt is not None:
        messages = prompt["messages"]
        said = [
            *(str(message["content"]) for message in messages),
            *(message.get("name") or "" for message in messages),
            *map(str, prompt["parameters"].values()),
        ]
    elif context:
        said = [*said, written_as_data(context)]
    return sum(len(text.encode(errors="replace")) for text in said)


def written_as_data(context: Mapping[str, object]) -> str:
    """Return facts as they are sent: as JSON that cannot close the block it stands in."""
    return orjson.dumps(dict(context), default=str).decode().translate(_ESCAPES)


def tokens_in(size: int) -> int:
    """Return about how many tokens a text of so many bytes has.

    A token of a script that is not Latin has fewer letters; their bytes are more alike.
    """
    return -(-size // CHARS_PER_TOKEN)


def estimate(request: GenerationRequest, answer_chars: int) -> Usage:
    """Return about how many tokens a call used, from the lengths of its texts.

    An answer has no more of them than it was allowed.
    """
    prompt = tokens_in(_size(request))
    if request.prompt is None:
        prompt = min(prompt, request.max_prompt_tokens)
    held = request.reserved.answer_tokens if request.reserved is not None else None
    limits = [one for one in (request.max_completion_tokens, held) if one is not None]
    written = math.ceil(answer_chars / CHARS_PER_TOKEN)
    return Usage(prompt, min([written, *limits]), "estimated")


def believe(reported: Usage | None, *, request: GenerationRequest, answer_chars: int) -> Usage:
    """Return what a provider reported as far as it can be true, and an estimate for the rest.

    No token is less than a byte, nothing is sent without a token, and what is thought before an
    answer has an end. Whoever asked would pay for anything else out of their quotas.

    Args:
        reported: tokens as the provider counts them; None where it said nothing that is a count.
        request: what was sent.
        answer_chars: length of the answer.
    """
    if reported is None:
        return estimate(request, answer_chars)
    most_sent = _size(request) + MOST_FRAME_TOKENS
    most_written = _BYTES_PER_CHAR * answer_chars + MOST_HIDDEN_TOKENS
    is_sent = 1 <= reported.prompt_tokens <= most_sent
    is_written = min(answer_chars, 1) <= reported.completion_tokens <= most_written
    if is_sent and is_written:
        return reported
    log_event(
        logger,
        "USAGE_NOT_BELIEVED",
        level=logging.WARNING,
        model=request.model,
        prompt_tokens=reported.prompt_tokens,
        completion_tokens=reported.completion_tokens,
    )
    own = estimate(request, answer_chars)
    return Usage(
        reported.prompt_tokens if is_sent else own.prompt_tokens,
        reported.completion_tokens if is_written else own.completion_tokens,
        "estimated",
        reported.cached_tokens if is_sent else 0,
    )


def _size(request: GenerationRequest) -> int:
    history = (message.content for message in request.history)
    return size_of_prompt(
        [request.system_prompt, *history, request.question],
        context=request.context,
        prompt=request.prompt,
    )
