"""The reader of the event stream."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.llm.errors import UpstreamError, UpstreamInvalidError, UpstreamTooLargeError
from apps.llm.gateway.contract import Progress
from apps.llm.gateway.events import EventReader, ReportedUsage
from tests.llm.conftest import make_config
from tests.support.upstream_frames import delta_event, event, usage_event

ANSWER = (
    delta_event({"role": "assistant", "content": ""})
    + delta_event({"content": "Gr\u00fc\u00dfe "})
    + b": comment\n\n"
    + delta_event({"content": "\U0001f44d\u6771"})
    + delta_event({}, finish="length")
    + usage_event(3, 4)
    + b"data: [DONE]\n\n"
)


def make_reader(**changes: object) -> EventReader:
    return EventReader(make_config("http://model.example/v1", **changes))


def read(*pieces: bytes, **changes: object) -> EventReader:
    reader = make_reader(**changes)
    for piece in pieces:
        reader.feed(piece)
    return reader


@given(st.lists(st.integers(0, len(ANSWER)), max_size=40), st.booleans())
@settings(max_examples=200, deadline=None)
def test_reads_the_same_however_the_bytes_are_cut(cuts: list[int], has_returns: bool) -> None:
    data = ANSWER.replace(b"\n", b"\r\n") if has_returns else ANSWER
    marks = [0, *sorted(cut * len(data) // len(ANSWER) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(marks)]
    reader = read(*pieces)
    assert reader.take_text() == "Gr\u00fc\u00dfe \U0001f44d\u6771"
    assert reader.take_text() == ""
    assert reader.finish_reason == "length"
    assert reader.model == "scripted"
    assert reader.usage == ReportedUsage(3, 4)
    assert reader.is_done
    assert reader.answer_chars == 8


def test_reads_byte_by_byte() -> None:
    reader = read(*(bytes([byte]) for byte in ANSWER))
    assert reader.take_text() == "Gr\u00fc\u00dfe \U0001f44d\u6771"
    assert reader.is_done


@pytest.mark.parametrize(
    "data",
    [
        b'data:{"choices":[{"delta":{"content":"a"}}]}\n\n',
        b'data:   {"choices":[{"delta":{"content":"a"}}]}\n\n',
        b'data: {"choices":\ndata: [{"delta":{"content":"a"}}]}\n\n',
        b'id: 1\nevent: message\nretry: 5\ndata: {"choices":[{"delta":{"content":"a"}}]}\n\n',
        b'\n\n\ndata: {"choices":[{"delta":{"content":"a"}}]}\n\n\n',
        b'data: {"error":null,"choices":[{"delta":{"content":"a","role":"assistant"}}]}\n\n',
        b'data: {"choices":[{"index":1,"delta":{"content":"b"}},{"delta":{"content":"a"}}]}\n\n',
    ],
)
def test_reads_what_the_format_allows(data: bytes) -> None:
    assert read(data).take_text() == "a"


@pytest.mark.parametrize(
    "data",
    [
        b'data: {"choices":null}\n\n',
        b'data: {"choices":[{"delta":null}]}\n\n',
        b'data: {"choices":[{"delta":{"content":null},"finish_reason":null}]}\n\n',
        b'data: {"choices":[{"delta":{"content":""},"finish_reason":""}]}\n\n',
        b'data: {"object":"chat.completion.chunk"}\n\n',
        b": comment\n\n",
        b"event: ping\n\n",
        b"data:\n\n",
    ],
)
def test_takes_nothing_for_progress_that_holds_nothing(data: bytes) -> None:
    reader = read(data)
    assert reader.take_text() == ""
    assert reader.finish_reason == ""
    assert not reader.has_progressed


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_takes_reasoning_for_progress_but_not_for_text(name: str) -> None:
    progress = Progress()
    reader = EventReader(make_config("http://model.example/v1"), progress)
    reader.feed(delta_event({name: "hm \u6771"}))
    assert reader.has_progressed
    assert reader.take_text() == ""
    reader.feed(delta_event({"content": "\u4eac", name: "!"}))
    assert (progress.thought_bytes, progress.text_bytes) == (7, 3)


def test_a_refusal_is_the_answers_text_and_ends_as_filtered() -> None:
    reader = read(delta_event({"content": "Well. "}), delta_event({"refusal": "I cannot."}))
    assert reader.take_text() == "Well. I cannot."
    reader.feed(delta_event({}, finish="stop"))
    assert reader.finish_reason == "content_filter"


def test_an_event_without_its_empty_line_counts_at_the_end() -> None:
    reader = read(b"data: [DONE]")
    assert not reader.is_done
    reader.feed(b"\n\n")
    assert reader.is_done


def test_nothing_counts_after_the_finish_reason_but_usage() -> None:
    late = delta_event({"content": "late"}, finish="stop")
    reader = read(delta_event({"content": "a"}, finish="length"), late, usage_event(1, 2), late)
    assert reader.take_text() == "a"
    assert reader.finish_reason == "length"
    assert reader.usage == ReportedUsage(1, 2)


def test_replaces_the_character_that_a_database_cannot_hold() -> None:
    reader = read(delta_event({"content": "a\x00b"}, finish="st\x00op"))
    assert (reader.take_text(), reader.finish_reason) == ("a\ufffdb", "stop")


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("MAX_TOKENS", "length"),
        ("model_length", "length"),
        ("SAFETY", "content_filter"),
        ("eos_token", "stop"),
        ("tool_calls", "stop"),
        ("x" * 500, "stop"),
    ],
)
def test_every_word_for_an_end_becomes_one_of_three(word: str, reason: str) -> None:
    assert read(delta_event({"content": "a"}, finish=word)).finish_reason == reason


def test_a_server_that_says_that_it_broke_is_believed() -> None:
    reader = make_reader()
    with pytest.raises(UpstreamError):
        reader.feed(delta_event({"content": "a"}) + delta_event({}, finish="error"))
    assert reader.take_text() == "a"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (event({"error": {"message": "no"}}), UpstreamError),
        (event({"error": "no"}), UpstreamError),
        (b'event: error\ndata: {"message":"no"}\n\n', UpstreamError),
        (b"data: {\n\n", UpstreamInvalidError),
        (b"data: hello\n\n", UpstreamInvalidError),
        (b"data: []\n\n", UpstreamInvalidError),
        (b"data: " + b"[" * 100_000 + b"\n\n", UpstreamInvalidError),
        (b'data: {"choices":{"0":{}}}\n\n', UpstreamInvalidError),
        (b'data: {"choices":[{"delta":{"content":7}}]}\n\n', UpstreamInvalidError),
        (b"data: " + b"x" * 300_000 + b"\n\n", UpstreamTooLargeError),
        (b"x" * 300_000, UpstreamTooLargeError),
        (b"data: {}\n" * 100_000 + b"\n", UpstreamTooLargeError),
    ],
)
def test_refuses_the_rest_and_keeps_the_text_before(data: bytes, error: type[Exception]) -> None:
    reader = make_reader()
    with pytest.raises(UpstreamError) as caught:
        reader.feed(delta_event({"content": "kept"}) + data)
    assert type(caught.value) is error
    assert caught.value.__context__ is None
    assert reader.take_text() == "kept"


def test_counts_the_characters_of_the_whole_answer() -> None:
    reader = make_reader(max_answer_chars=5)
    reader.feed(delta_event({"content": "abc"}))
    with pytest.raises(UpstreamTooLargeError):
        reader.feed(delta_event({"content": "def"}))
    assert reader.take_text() == "abc"


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_end_in_text_or_in_a_known_error(data: bytes) -> None:
    reader = make_reader()
    try:
        reader.feed(data)
        reader.feed(b"data: " + data + b"\n\n")
    except UpstreamError:
        pass
    assert isinstance(reader.take_text(), str)


@pytest.mark.parametrize(
    "absurd",
    [
        b'{"prompt_tokens":-1}',
        b'{"prompt_tokens":1e99}',
        b'{"prompt_tokens":' + b"9" * 5_000 + b"}",
        b'{"prompt_tokens":"7"}',
        b'{"prompt_tokens":7,"prompt_tokens_details":{"cached_tokens":-7}}',
        b"[1]",
        b"9",
    ],
)
def test_what_is_no_report_of_usage_is_as_if_nothing_had_been_said(absurd: bytes) -> None:
    reader = read(
        b'data: {"choices":[{"delta":{"content":"a"}}],"usage":' + absurd + b"}\n\n",
        delta_event({"content": "b"}),
    )
    assert (reader.take_text(), reader.usage) == ("ab", None)
