"""Watches one call for logs and usage. Imports LangChain: load it lazily."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from apps.core.logging import log_event
from apps.llm.errors import UpstreamError
from apps.llm.gateway.contract import GenerationRequest, Usage

Fields = Mapping[str, str | int | None]
logger = logging.getLogger("apps.llm.gateway")


class CallObserver(AsyncCallbackHandler):
    """Logs the start and the end of one call, and keeps the usage that the model reported.

    Attributes:
        usage: tokens as the model server reported them; None if it did not.
    """

    run_inline = True

    def __init__(self, request: GenerationRequest) -> None:
        self._request = request
        self._started = time.monotonic()
        self._first_text: float | None = None
        self.usage: Usage | None = None

    async def on_chat_model_start(
        self, serialized: dict[str, Any], messages: list[list[BaseMessage]], **kwargs: object
    ) -> None:
        """Log that the model is asked."""
        self._log("LLM_CALL_STARTED", {"messages": len(messages[0])})

    async def on_llm_new_token(self, token: object, **kwargs: object) -> None:
        """Note when the first text came."""
        if self._first_text is None:
            self._first_text = time.monotonic()

    async def on_llm_end(self, response: LLMResult, **kwargs: object) -> None:
        """Keep the usage and log a whole answer."""
        generation = response.generations[0][0]
        message = generation.message if isinstance(generation, ChatGeneration) else None
        finish_reason = None
        if isinstance(message, AIMessage):
            finish_reason = message.response_metadata.get("finish_reason")
            reported = message.usage_metadata
            if reported is not None:
                details = reported.get("input_token_details") or {}
                self.usage = Usage(
                    reported["input_tokens"],
                    reported["output_tokens"],
                    "reported",
                    details.get("cache_read") or 0,
                )
        counted = {
            "prompt_tokens": self.usage.prompt_tokens if self.usage else None,
            "completion_tokens": self.usage.completion_tokens if self.usage else None,
        }
        self._log("LLM_CALL_FINISHED", {"finish_reason": finish_reason, **counted})

    async def on_llm_error(self, error: BaseException, **kwargs: object) -> None:
        """Log an answer that failed or was stopped, without a word of the upstream's."""
        if isinstance(error, UpstreamError):
            self._log("LLM_CALL_FAILED", {"code": error.code}, level=logging.WARNING)
        elif isinstance(error, GeneratorExit | asyncio.CancelledError):
            self._log("LLM_CALL_STOPPED", {})
        else:
            self._log("LLM_CALL_FAILED", {"code": type(error).__name__}, level=logging.ERROR)

    def _log(self, event: str, fields: Fields, *, level: int = logging.INFO) -> None:
        request, first = self._request, self._first_text
        log_event(
            logger,
            event,
            level=level,
            call_correlation_id=request.correlation_id,
            purpose=request.purpose,
            model=request.model,
            user_id=request.user_id,
            duration_ms=round((time.monotonic() - self._started) * 1000),
            first_text_ms=None if first is None else round((first - self._started) * 1000),
            **fields,
        )
