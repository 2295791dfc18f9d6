"""Estimates the tokens of a call, where none were reported or what was reported cannot be."""

import logging
import math

from apps.core.logging import log_event
from apps.llm.constants import CHARS_PER_TOKEN
from apps.llm.gateway.contract import GenerationRequest, Usage

_BYTES_PER_CHAR = 4
MOST_FRAME_TOKENS = 2_000
"""What a provider may put around a prompt: roles, its own template."""
MOST_HIDDEN_TOKENS = 200_000
"""What a model may think before its answer; no model writes as much today."""
logger = logging.getLogger(__name__)


def estimate(request: GenerationRequest, answer_chars: int) -> Usage:
    """Return about how many tokens a call used, from the lengths of its texts."""
    prompt = math.ceil(_prompt_chars(request) / CHARS_PER_TOKEN)
    if request.prompt is None:
        prompt = min(prompt, request.max_prompt_tokens)
    return Usage(prompt, math.ceil(answer_chars / CHARS_PER_TOKEN), "estimated")


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
    most_sent = _BYTES_PER_CHAR * _sent_chars(request) + MOST_FRAME_TOKENS
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


def _prompt_chars(request: GenerationRequest) -> int:
    if request.prompt is not None:
        return sum(len(str(message["content"])) for message in request.prompt["messages"])
    context = len(str(request.context)) if request.context else 0
    history = sum(len(message.content) for message in request.history)
    return len(request.system_prompt) + history + context + len(request.question)


def _sent_chars(request: GenerationRequest) -> int:
    """Return the length of all that counts as a prompt, the parameters of a program too."""
    parameters = len(str(request.prompt["parameters"])) if request.prompt is not None else 0
    return _prompt_chars(request) + parameters
