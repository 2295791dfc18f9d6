"""What a provider says that it counted is believed as far as it can be true."""

from __future__ import annotations

import pytest

from apps.llm.constants import FRAME_TOKENS
from apps.llm.gateway.contract import GenerationRequest, Progress, PromptMessage, Reserved, Usage
from apps.llm.gateway.estimates import (
    MOST_ADDED_TOKENS,
    MOST_HIDDEN_TOKENS,
    SILENT_TOKENS_PER_SECOND,
    believe,
    estimate,
    most_of,
)
from tests.llm.conftest import make_request

WRITTEN = 40
FRAMES = 2 * FRAME_TOKENS
MOST_SENT = 100 + FRAMES + MOST_ADDED_TOKENS
MOST_WRITTEN = WRITTEN + MOST_HIDDEN_TOKENS
ABOUT_SENT = 25 + FRAMES


def answered(progress: Progress | None = None, **changes: object) -> GenerationRequest:
    """Return a request of a hundred bytes with its system prompt, of which an answer came."""
    came = progress or Progress(text_bytes=WRITTEN)
    return make_request(**{"question": "q" * 85, "progress": came, **changes})


def believed(prompt: int, completion: int, cached: int = 0) -> Usage:
    return believe(Usage(prompt, completion, "reported", cached), request=answered())


@pytest.mark.parametrize("counted", [(1, 1), (30, 12), (MOST_SENT, MOST_WRITTEN)])
def test_what_can_be_true_is_taken_as_it_is(counted: tuple[int, int]) -> None:
    assert believed(*counted, cached=1) == Usage(*counted, "reported", 1)


@pytest.mark.parametrize("prompt", [0, MOST_SENT + 1, 1_000_000_000])
def test_an_impossible_prompt_is_estimated_and_the_answer_still_believed(prompt: int) -> None:
    assert believed(prompt, 12, cached=min(prompt, 5)) == Usage(ABOUT_SENT, 12, "estimated", 0)


@pytest.mark.parametrize("completion", [0, MOST_WRITTEN + 1, 1_000_000_000])
def test_an_impossible_answer_is_estimated_and_the_prompt_still_believed(completion: int) -> None:
    assert believed(30, completion, cached=5) == Usage(30, 10, "estimated", 5)


def test_an_answer_of_nothing_may_have_no_token() -> None:
    honest = Usage(30, 0, "reported")
    assert believe(honest, request=answered(Progress())) is honest


def test_where_nothing_was_reported_all_is_estimated() -> None:
    request = answered()
    assert believe(None, request=request) == estimate(request) == Usage(ABOUT_SENT, 10, "estimated")


def test_the_form_that_an_answer_shall_have_counts_as_sent() -> None:
    schema = {"response_format": {"type": "json_schema", "schema": "s" * 10_000}}
    prompt = {"messages": [{"role": "user", "content": "q"}], "parameters": schema}
    counted = Usage(9_000, 1, "reported")
    assert believe(counted, request=answered(prompt=prompt)) is counted


def test_messages_without_a_text_are_no_free_prompt() -> None:
    messages = [{"role": "user", "content": ""}] * 2_000
    request = answered(prompt={"messages": messages, "parameters": {}})
    honest = Usage(2_000 * 5, 12, "reported")
    assert believe(honest, request=request) is honest
    assert estimate(request).prompt_tokens == most_of(request).prompt_tokens >= honest.prompt_tokens


def test_no_prompt_has_more_tokens_than_are_reserved_for_it() -> None:
    """None is less than a byte, whatever was chosen to have many, and in which script."""
    for text in ("7" * 4_000, "\u6771\u4eac" * 1_000, "a "):
        request = answered(question=text, system_prompt="")
        assert most_of(request).prompt_tokens == len(text.encode()) + FRAME_TOKENS


@pytest.mark.parametrize(("messages", "most"), [(2, 3_216), (400, 16_000)])
def test_what_was_said_before_is_reserved_as_far_as_it_is_sent(messages: int, most: int) -> None:
    history = (PromptMessage("user", "h" * 1_542),) * messages
    request = answered(history=history, max_prompt_tokens=4_000)
    assert most_of(request).prompt_tokens == most
    assert most_of(answered(history=history, max_prompt_tokens=1)).prompt_tokens == 100 + FRAMES


@pytest.mark.parametrize(
    ("progress", "tokens"),
    [
        (Progress(text_bytes=40, thought_bytes=400), 110),
        (Progress(thought_bytes=400, head_at=10.0, text_at=11.0), 100),
        (Progress(text_bytes=40, head_at=10.0, text_at=16.0), 10 + 6 * SILENT_TOKENS_PER_SECOND),
        (Progress(head_at=10.0, text_at=3_610.0), 2_000),
        (Progress(text_bytes=9_000, thought_bytes=9_000, answer_limit=700), 700),
        (Progress(), 0),
    ],
    ids=["seen", "seen more than silent", "silent", "silent for an hour", "limited", "nothing"],
)
def test_what_was_thought_counts_as_written_up_to_the_limit(
    progress: Progress, tokens: int
) -> None:
    assert estimate(answered(progress)).completion_tokens == tokens


def test_no_estimate_passes_what_a_quota_holds() -> None:
    held = Reserved(1, None, 300)
    assert estimate(answered(Progress(text_bytes=9_000), reserved=held)).completion_tokens == 300
