"""The gateway on LangChain: prompt, trimming, chat model, callbacks. Load it lazily."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

import langsmith
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import RunnableConfig

from apps.llm.errors import UpstreamError, UpstreamTruncatedError
from apps.llm.gateway.callbacks import CallObserver
from apps.llm.gateway.chat_model import WireChatModel
from apps.llm.gateway.config import GatewayConfig
from apps.llm.gateway.contract import (
    AskedToWait,
    Completion,
    Finished,
    GenerationRequest,
    TextBatch,
    Usage,
)
from apps.llm.gateway.estimates import believe
from apps.llm.gateway.events import EventReader
from apps.llm.gateway.prompts import build_messages
from apps.llm.gateway.wire import ModelServer

langsmith.configure(enabled=False)


class LangChainGateway:
    """`ChatGateway` over one model server."""

    def __init__(self, config: GatewayConfig, **hooks: AskedToWait) -> None:
        self._config = config
        self._server = ModelServer(config, **hooks)
        self._model = WireChatModel(self._server)

    async def stream(
        self, request: GenerationRequest
    ) -> AsyncGenerator[TextBatch | Finished, None]:
        """Yield text in batches, then how the answer ended."""
        call = self._server.start_call(
            first_text_until=request.first_text_until, progress=request.progress
        )
        observer = CallObserver(request)
        config = RunnableConfig(callbacks=[observer])
        chunks = cast(
            "AsyncGenerator[AIMessageChunk, None]",
            self._model.astream(
                build_messages(request), config, call=call, **self._parameters(request)
            ),
        )
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    if chunk.content:
                        yield TextBatch(str(chunk.content))
        except UpstreamError as error:
            error.reported = _believed(call.reader, request)
            raise
        finally:
            call.close()
        reader = call.reader
        usage = believe(observer.usage, request=request)
        model = reader.model or request.model
        yield Finished(reader.finish_reason, model, usage, is_filtered=reader.is_filtered)

    async def complete(self, request: GenerationRequest) -> Completion:
        """Return a whole answer."""
        texts: list[str] = []
        finished = None
        async with aclosing(self.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextBatch):
                    texts.append(event.text)
                else:
                    finished = event
        if finished is None:
            raise UpstreamTruncatedError
        return Completion("".join(texts), finished.finish_reason, finished.model, finished.usage)

    async def aclose(self) -> None:
        """Close the connections that are kept open for later calls."""
        await self._server.aclose()

    def _parameters(self, request: GenerationRequest) -> dict[str, Any]:
        parameters: dict[str, Any] = {
            "model": request.model,
            "user": self._config.pseudonym(request.user_id),
        }
        if request.temperature is not None:
            parameters["temperature"] = request.temperature
        if request.max_completion_tokens is not None:
            parameters["max_tokens"] = request.max_completion_tokens
        if request.prompt is not None:
            parameters |= request.prompt["parameters"]
        return parameters


def _believed(reader: EventReader, request: GenerationRequest) -> Usage | None:
    """Return what was reported of a call that failed, as far as it can be true."""
    found = reader.usage
    if found is None:
        return None
    reported = Usage(found.prompt_tokens, found.completion_tokens, "reported", found.cached_tokens)
    return believe(reported, request=request)
