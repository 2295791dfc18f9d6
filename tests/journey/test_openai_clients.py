"""OpenAI's own client and LangChain's, pointed at Parley: every call is a turn like any other."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests.journey.person import Person
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text

ASKED = [{"role": "user", "content": "[[stream tokens=12 rate=200]]"}]


def address(person: Person) -> str:
    return f"{person.site.web.url}/openai/v1"


def token(person: Person) -> str:
    return person.headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def model(person: Person) -> str:
    """The name of the one model that this deployment offers."""
    with openai.OpenAI(base_url=address(person), api_key=token(person), max_retries=0) as client:
        return next(iter(client.models.list())).id


@pytest.fixture
def client(person: Person) -> Iterator[openai.OpenAI]:
    """OpenAI's synchronous client with the person's token as its key."""
    with openai.OpenAI(base_url=address(person), api_key=token(person), max_retries=0) as client:
        yield client


def test_a_completion_comes_whole_with_its_usage(client: openai.OpenAI, model: str) -> None:
    completion = client.chat.completions.create(model=model, messages=ASKED)
    [choice] = completion.choices
    assert choice.message.content == answer_text(12)
    assert choice.finish_reason == "stop"
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 12


def test_a_completion_streams_with_its_usage_last(client: openai.OpenAI, model: str) -> None:
    chunks = list(
        client.chat.completions.create(
            model=model, messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
    )
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(texts) == answer_text(12)
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 12


async def test_the_asynchronous_client_streams(person: Person, model: str) -> None:
    async with openai.AsyncOpenAI(base_url=address(person), api_key=token(person)) as client:
        stream = await client.chat.completions.create(model=model, messages=ASKED, stream=True)
        texts = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(texts) == answer_text(12)


async def test_langchain_streams_and_counts(person: Person, model: str) -> None:
    chat = ChatOpenAI(
        model=model,
        base_url=address(person),
        api_key=SecretStr(token(person)),
        stream_usage=True,
        max_retries=0,
    )
    whole = None
    async for chunk in chat.astream("[[stream tokens=9 rate=200]]"):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    assert whole.content == answer_text(9)
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["output_tokens"] == 9


def test_the_prompt_and_its_parameters_reach_the_model_server_as_they_were_sent(
    client: openai.OpenAI, model: str, upstream: ScriptedUpstream
) -> None:
    client.chat.completions.create(
        model=model,
        messages=[
            {"role": "developer", "content": "Answer in verse."},
            {"role": "user", "content": "First."},
            {"role": "assistant", "content": "Yes."},
            {"role": "user", "content": [{"type": "text", "text": "[[stream tokens=3]]"}]},
        ],
        temperature=0,
        top_p=0.5,
        seed=7,
        stop=["END"],
        max_completion_tokens=50,
        response_format={"type": "json_object"},
        user="somebody@example.com",
    )
    body = upstream.requests[-1].body
    assert body["messages"] == [
        {"role": "system", "content": "Answer in verse."},
        {"role": "user", "content": "First."},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": "[[stream tokens=3]]"},
    ]
    assert (body["temperature"], body["top_p"], body["seed"], body["stop"]) == (0, 0.5, 7, ["END"])
    assert body["max_tokens"] == 50
    assert body["response_format"] == {"type": "json_object"}
    assert body["user"] != "somebody@example.com"


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "Tools are not offered"),
        ({"logprobs": True}, "Log probabilities are not offered"),
        ({"n": 2}, "n"),
        ({"temperature": 3}, "temperature"),
        ({"store": True}, "store: A completion cannot be fetched again"),
        ({"service_tier": "flex"}, "service_tier: There is one tier"),
        ({"parallel_tool_calls": False, "tool_choice": "required"}, "Tools are not offered"),
        ({"reasoning_effort": "high"}, "reasoning_effort: It is set with the model"),
        ({"modalities": ["text", "audio"]}, "Only text is offered"),
        ({"prediction": {"type": "content", "content": "x"}}, "Predicted output"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"seed": 1.5}, "seed"),
        ({"extra_body": {"spell": "xyzzy"}}, "spell"),
    ],
)
def test_what_is_not_offered_is_refused_by_name(
    client: openai.OpenAI, model: str, extra: dict[str, object], words: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=model, messages=ASKED, **extra)  # type: ignore[call-overload]
    assert words in caught.value.message


def test_what_changes_nothing_passes_and_notes_stay_with_us(
    client: openai.OpenAI, model: str, upstream: ScriptedUpstream
) -> None:
    client.chat.completions.create(
        model=model,
        messages=ASKED,  # type: ignore[arg-type]
        n=1,
        store=False,
        service_tier="auto",
        tool_choice="none",
        parallel_tool_calls=True,
        modalities=["text"],
        logprobs=False,
        metadata={"ticket": "A-17"},
        safety_identifier="somebody",
        user="somebody",
    )
    body = upstream.requests[-1].body
    left = {"metadata", "store", "service_tier", "tool_choice", "safety_identifier", "modalities"}
    assert left.isdisjoint(body)
    assert body["user"] != "somebody"


def test_the_responses_api_is_refused_with_what_to_use(client: openai.OpenAI, model: str) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        client.responses.create(model=model, input="Hello")
    assert refused.value.code == "endpoint_not_offered"
    assert "Use chat completions" in refused.value.message


def test_hanging_up_on_a_whole_completion_stops_the_model_server(
    person: Person, model: str, upstream: ScriptedUpstream
) -> None:
    asked = [{"role": "user", "content": "[[stream tokens=5000 rate=50]]"}]
    with (
        openai.OpenAI(
            base_url=address(person), api_key=token(person), max_retries=0, timeout=1
        ) as impatient,
        pytest.raises(openai.APITimeoutError),
    ):
        impatient.chat.completions.create(model=model, messages=asked)  # type: ignore[arg-type]
    assert upstream.wait_until(
        lambda book: book.requests[-1].closed_by_client_at is not None, seconds=5
    )


def test_images_are_refused(client: openai.OpenAI, model: str) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": [image]}],  # type: ignore[list-item]
        )


def test_an_unknown_model_a_wrong_key_and_an_unknown_path_are_told_in_their_form(
    client: openai.OpenAI, model: str, person: Person
) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="gpt-99", messages=ASKED)
    assert unknown.value.code == "model_not_found"
    with (
        openai.OpenAI(base_url=address(person), api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.models.list()
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model=model, input="x")


def test_a_failing_model_server_is_an_error_and_not_an_empty_answer(
    client: openai.OpenAI, model: str
) -> None:
    asked = [{"role": "user", "content": "[[status status=500]]"}]
    with pytest.raises(openai.InternalServerError) as whole:
        client.chat.completions.create(model=model, messages=asked)  # type: ignore[arg-type]
    assert whole.value.code == "upstream_error"
    with pytest.raises(openai.APIError) as streamed:
        list(client.chat.completions.create(model=model, messages=asked, stream=True))  # type: ignore[call-overload]
    assert streamed.value.code == "upstream_error"


def test_leaving_a_stream_stops_the_model_server(
    client: openai.OpenAI, model: str, upstream: ScriptedUpstream
) -> None:
    asked = [{"role": "user", "content": "[[stream tokens=5000 rate=50]]"}]
    with client.chat.completions.create(model=model, messages=asked, stream=True) as stream:  # type: ignore[call-overload]
        for chunk in stream:
            if chunk.choices[0].delta.content:
                break
    assert upstream.wait_until(
        lambda book: book.requests[-1].closed_by_client_at is not None, seconds=5
    )


async def test_a_call_is_not_listed_among_the_conversations(person: Person, model: str) -> None:
    before = (await person.call("GET", "/conversations/")).json()["data"]["items"]
    async with openai.AsyncOpenAI(base_url=address(person), api_key=token(person)) as client:
        await client.chat.completions.create(model=model, messages=ASKED)
    assert (await person.call("GET", "/conversations/")).json()["data"]["items"] == before
