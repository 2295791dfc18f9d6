"""Estimates the tokens of a call whose usage was not reported."""

import math

from apps.llm.gateway.contract import GenerationRequest, Usage

_CHARS_PER_TOKEN = 4


def estimate(request: GenerationRequest, answer_chars: int) -> Usage:
    """Return about how many tokens a call used, from the lengths of its texts."""
    if request.prompt is not None:
        chars = sum(len(str(message["content"])) for message in request.prompt["messages"])
        return Usage(
            math.ceil(chars / _CHARS_PER_TOKEN),
            math.ceil(answer_chars / _CHARS_PER_TOKEN),
            "estimated",
        )
    context = len(str(request.context)) if request.context else 0
    history = sum(len(message.content) for message in request.history)
    prompt_chars = len(request.system_prompt) + history + context + len(request.question)
    return Usage(
        min(math.ceil(prompt_chars / _CHARS_PER_TOKEN), request.max_prompt_tokens),
        math.ceil(answer_chars / _CHARS_PER_TOKEN),
        "estimated",
    )
