"""LangChain's chat model over a wire of our own. Imports LangChain: load it lazily."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, NoReturn

import orjson
from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    message_chunk_to_message,
)
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import PrivateAttr, SecretStr

from apps.llm.gateway.events import EventReader
from apps.llm.gateway.wire import Call, ModelServer

_NO_SDK = object()
_ROLES: dict[type[BaseMessage], str] = {
    SystemMessage: "system",
    HumanMessage: "user",
    AIMessage: "assistant",
}


class _PassingText(ChatGenerationChunk):
    """The text of an answer on its way to its reader, piece after piece in one and the same object.

    LangChain keeps every chunk until the end, to add them up for callbacks: 1.5 kB for each, and a
    second of the loop for 20,000 of them. Nobody here reads that sum, so the last chunk, which says
    how the answer ended, stands for it.
    """

    def __add__(
        self, other: ChatGenerationChunk | list[ChatGenerationChunk]
    ) -> ChatGenerationChunk:
        return other[-1] if isinstance(other, list) else other


class WireChatModel(BaseChatOpenAI):
    """An OpenAI-compatible chat model whose only way out is `ModelServer`.

    Everything of langchain-openai's model works but its transport: the SDK's clients are never
    made, and the synchronous methods, which would need them, refuse.
    """

    _server: ModelServer = PrivateAttr()

    def __init__(self, server: ModelServer) -> None:
        super().__init__(
            client=_NO_SDK,
            async_client=_NO_SDK,
            root_client=_NO_SDK,
            root_async_client=_NO_SDK,
            api_key=SecretStr("unused"),
            base_url=server.config.base_url,
            max_retries=0,
            stream_usage=True,
            use_responses_api=False,
            output_version="v0",
        )
        self._server = server

    def _get_request_payload(
        self, input_: LanguageModelInput, *, stop: list[str] | None = None, **kwargs: object
    ) -> dict[str, Any]:
        messages = self._convert_input(input_).to_messages()
        if stop is not None or not all(_is_plain(message) for message in messages):
            return super()._get_request_payload(messages, stop=stop, **kwargs)
        # The way above looks at every single character of every assistant message.
        plain = [{"role": _ROLES[type(m)], "content": m.content} for m in messages]
        return {**self._default_params, **kwargs, "messages": plain}

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        *,
        call: Call | None = None,
        **kwargs: object,
    ) -> AsyncIterator[ChatGenerationChunk]:
        call = call or self._server.start_call()
        payload = self._get_request_payload(messages, stop=stop, **kwargs)
        payload |= {"stream": True, "stream_options": {"include_usage": True}}
        if self._server.config.is_openai and "max_tokens" in payload:
            payload["max_completion_tokens"] = payload.pop("max_tokens")
        passing = _PassingText(message=AIMessageChunk(content=""))
        async with aclosing(call.batches(orjson.dumps(payload))) as batches:
            async for text in batches:
                passing.message.content = text
                yield passing
        yield ChatGenerationChunk(message=_last_message(call.reader))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> ChatResult:
        texts: list[str] = []
        async for chunk in self._astream(messages, stop, run_manager, **kwargs):
            texts.append(str(chunk.message.content))
            last = chunk.message
        whole = last.model_copy(update={"content": "".join(texts)})
        return ChatResult(generations=[ChatGeneration(message=message_chunk_to_message(whole))])

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: object,
    ) -> NoReturn:
        raise NotImplementedError("The gateway is asynchronous: use ainvoke or astream.")

    def _stream(self, *args: object, **kwargs: object) -> NoReturn:
        raise NotImplementedError("The gateway is asynchronous: use ainvoke or astream.")


def _is_plain(message: BaseMessage) -> bool:
    """Whether a message is nothing but a role and a text."""
    if type(message) not in _ROLES or not isinstance(message.content, str):
        return False
    has_tools = isinstance(message, AIMessage) and (
        message.tool_calls or message.invalid_tool_calls
    )
    return not (message.name or message.additional_kwargs or has_tools)


def _last_message(reader: EventReader) -> AIMessageChunk:
    """Return the empty chunk that ends an answer and says how it ended."""
    usage = None
    if reader.usage is not None:
        prompt, completion = reader.usage.prompt_tokens, reader.usage.completion_tokens
        usage = UsageMetadata(
            input_tokens=prompt,
            output_tokens=completion,
            total_tokens=prompt + completion,
            input_token_details={"cache_read": reader.usage.cached_tokens},
        )
    return AIMessageChunk(
        content="",
        usage_metadata=usage,
        response_metadata={"finish_reason": reader.finish_reason, "model_name": reader.model},
        chunk_position="last",
    )
