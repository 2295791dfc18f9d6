"""Every parameter that OpenAI documents is passed on, kept here, or refused by its name."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from openai.types.chat import ChatCompletionMessage
from openai.types.chat import completion_create_params as documented

from apps.conversations.completion_schemas import (
    PASSED_ON,
    CompletionIn,
    StreamOptions,
)
from apps.core.api.not_offered import NotOffered
from apps.llm.models import ChatModel
from apps.llm.services import catalogue
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db
PATH = "/openai/v1/chat/completions"
BODY = {"model": "scripted", "messages": [{"role": "user", "content": "Hello"}]}
DONE_HERE = {
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "metadata",
    "user",
    "safety_identifier",
}
REFUSED = {
    name: rule
    for name, field in CompletionIn.model_fields.items()
    for rule in field.metadata
    if isinstance(rule, NotOffered)
}


def test_no_documented_parameter_is_unknown_or_dropped() -> None:
    named = set(documented.CompletionCreateParamsBase.__annotations__) | {"stream"}
    assert named <= set(CompletionIn.model_fields)
    assert set(CompletionIn.model_fields) == DONE_HERE | set(PASSED_ON) | set(REFUSED)


async def test_what_is_not_offered_is_refused_by_name_and_says_what_to_do(
    program: Program,
) -> None:
    for name, rule in REFUSED.items():
        refused = await program.post(PATH, {**BODY, name: {"any": "thing"}})
        error = refused.json()["error"]
        assert refused.status_code == 400, name
        assert error == {
            "message": f"{name}: {rule.sentence}",
            "type": "invalid_request_error",
            "param": name,
            "code": "validation_failed",
        }
        for value in rule.harmless:
            CompletionIn.model_validate({**BODY, name: value})


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        ({"stream_options": {}}, "stream_options", "is only allowed when 'stream' is enabled"),
        (
            {"stream": False, "stream_options": {"include_usage": True}},
            "stream_options",
            "is only allowed when 'stream' is enabled",
        ),
        (
            {"stream": True, "stream_options": {"include_obfuscation": True}},
            "stream_options.include_obfuscation",
            "Leave it out",
        ),
        ({"n": 2}, "n", "One answer"),
        ({"n": True}, "n", "One answer"),
        ({"spell": "xyzzy"}, "spell", "not known here. Leave it out"),
        (
            {"response_format": {"type": "text", "json_schema": {}}},
            "response_format.json_schema",
            "`json_schema`",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages.0.content",
            "Only text is offered",
        ),
        (
            {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": 5}]},
            "messages.1.content",
            "messages.1.content: Input should be a valid string",
        ),
        (
            {"messages": [{"role": "assistant", "content": None, "refusal": None}]},
            "messages.0.content",
            "Give the text of the message, an empty one where it has none.",
        ),
        (
            {"messages": [{"role": "assistant", "content": "", "tool_calls": [{"id": "1"}]}]},
            "messages.0.tool_calls",
            "Tools are not offered",
        ),
        ({"messages": []}, "messages", "Give at least 1 of them"),
        ({"stop": {"a": 1}}, "stop", "stop: Input should be a valid"),
        (
            {"messages": [{"role": "tool", "content": "x", "tool_call_id": "1"}]},
            "messages.0.role",
            "system",
        ),
    ],
)
async def test_what_does_not_fit_is_told_with_its_place(
    program: Program, body: dict[str, Any], param: str, words: str
) -> None:
    refused = await program.post(PATH, {**BODY, **body})
    error = refused.json()["error"]
    assert (refused.status_code, error["param"]) == (400, param)
    assert words in error["message"]
    assert "function" not in error["message"], "no word of ours"


@pytest.mark.parametrize("annotations", [None, []])
def test_the_message_that_an_openai_client_was_answered_may_be_sent_back(
    annotations: list[Any] | None,
) -> None:
    answer = ChatCompletionMessage(role="assistant", content="Hi.", annotations=annotations)
    messages = [*BODY["messages"], answer.model_dump(), *BODY["messages"]]
    prompt = CompletionIn.model_validate({**BODY, "messages": messages}).prompt()
    assert prompt["messages"][1] == {"role": "assistant", "content": "Hi."}


async def test_messages_without_a_text_count_against_the_limit_of_a_prompt(
    program: Program,
) -> None:
    empty = [{"role": "user", "content": ""}] * 1_999
    refused = await program.post(PATH, {**BODY, "messages": [*empty, *BODY["messages"]]})
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (400, "context_length_exceeded")
    assert error["message"].startswith("The prompt has about 16002 tokens; 4000 are allowed.")


def test_a_stream_may_tell_its_usage() -> None:
    wanted = CompletionIn.model_validate(
        {**BODY, "stream": True, "stream_options": {"include_usage": True}}
    )
    assert wanted.stream_options == StreamOptions(include_usage=True)


async def test_a_temperature_is_refused_where_the_model_takes_none(program: Program) -> None:
    def take_none() -> None:
        catalogue.read()
        ChatModel.objects.update(capabilities=[])
        catalogue.forget()

    await sync_to_async(take_none)()
    refused = await program.post(PATH, {**BODY, "temperature": 0.5})
    error = refused.json()["error"]
    assert (refused.status_code, error["param"]) == (400, "temperature")
    assert "takes no temperature" in error["message"]
