"""What a provider says that it counted is believed as far as it can be true."""

from __future__ import annotations

import pytest

from apps.llm.gateway.contract import Usage
from apps.llm.gateway.estimates import (
    MOST_FRAME_TOKENS,
    MOST_HIDDEN_TOKENS,
    believe,
    estimate,
)
from tests.llm.conftest import make_request

REQUEST = make_request("q" * 85)
"""With its system prompt a hundred characters."""
CHARS = 40
MOST_SENT = 100 + MOST_FRAME_TOKENS
MOST_WRITTEN = 4 * CHARS + MOST_HIDDEN_TOKENS


def believed(prompt: int, completion: int, cached: int = 0) -> Usage:
    return believe(
        Usage(prompt, completion, "reported", cached), request=REQUEST, answer_chars=CHARS
    )


@pytest.mark.parametrize("counted", [(1, 1), (30, 12), (MOST_SENT, MOST_WRITTEN)])
def test_what_can_be_true_is_taken_as_it_is(counted: tuple[int, int]) -> None:
    assert believed(*counted, cached=1) == Usage(*counted, "reported", 1)


@pytest.mark.parametrize("prompt", [0, MOST_SENT + 1, 1_000_000_000])
def test_an_impossible_prompt_is_estimated_and_the_answer_still_believed(prompt: int) -> None:
    assert believed(prompt, 12, cached=min(prompt, 5)) == Usage(25, 12, "estimated", 0)


@pytest.mark.parametrize("completion", [0, MOST_WRITTEN + 1, 1_000_000_000])
def test_an_impossible_answer_is_estimated_and_the_prompt_still_believed(completion: int) -> None:
    assert believed(30, completion, cached=5) == Usage(30, 10, "estimated", 5)


def test_an_answer_of_nothing_may_have_no_token() -> None:
    honest = Usage(30, 0, "reported")
    assert believe(honest, request=REQUEST, answer_chars=0) is honest


def test_where_nothing_was_reported_all_is_estimated() -> None:
    assert believe(None, request=REQUEST, answer_chars=CHARS) == estimate(REQUEST, CHARS)


def test_the_form_that_an_answer_shall_have_counts_as_sent() -> None:
    schema = {"response_format": {"type": "json_schema", "schema": "s" * 10_000}}
    prompt = {"messages": [{"role": "user", "content": "q"}], "parameters": schema}
    counted = Usage(9_000, 1, "reported")
    assert believe(counted, request=make_request(prompt=prompt), answer_chars=1) is counted
