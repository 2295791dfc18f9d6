"""The gateway over all providers of the catalogue: which model is asked, and which one instead."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from django.conf import settings

from apps.llm.errors import AssistantUnavailableError, UpstreamError, UpstreamTruncatedError
from apps.llm.gateway.contract import (
    Answering,
    ChatGateway,
    Completion,
    Finished,
    GatewayEvent,
    GenerationRequest,
    TextBatch,
)
from apps.llm.services import catalogue, repeats, stand_ins
from apps.llm.services.fitting import fit, models_for
from apps.llm.services.lines import ProviderLine
from apps.llm.services.live import LiveModel, LiveProvider
from apps.llm.services.patience import Patience, Turn


class ModelDesk:
    """`ChatGateway` over the catalogue: one line for each provider that was asked.

    A model that cannot answer is replaced by the next one of its fallbacks, but only before any
    text came: what people have read is never begun anew. All of them together have the time for the
    first text that one has. Nobody's place is taken by a model that staff have paused, or whose
    quotas do not allow it.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare; nothing is opened yet.

        Args:
            clock: seconds that never jump, for the breakers.
        """
        self._clock = clock
        self._lines: dict[int, ProviderLine] = {}

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GatewayEvent, None]:
        """Yield who is asked, text in batches, then how the answer ended.

        Raises:
            UpstreamError: after text had come, or where no model could answer; then it is the
                first one's error.
        """
        patience, skipped = _patience(), set[stand_ins.Skip]()
        failure: UpstreamError | None = None
        is_unspent = True
        async with aclosing(self._in_turn(request, patience, skipped)) as candidates:
            async for line, asked, model, turn in candidates:
                error: UpstreamError | None = None
                has_text = False
                try:
                    async with aclosing(line.stream(asked, model, turn)) as events:
                        async for event in events:
                            has_text = has_text or isinstance(event, TextBatch)
                            yield event
                except UpstreamError as problem:
                    error = problem
                if error is None:
                    return
                if has_text:
                    raise error
                patience.begin()
                failure = failure or error
                is_unspent = is_unspent and error.is_unspent
        failure = stand_ins.told(failure or AssistantUnavailableError(), skipped)
        failure.is_unspent = is_unspent
        raise failure

    async def _in_turn(
        self, request: GenerationRequest, patience: Patience, skipped: set[stand_ins.Skip]
    ) -> AsyncGenerator[tuple[ProviderLine, GenerationRequest, LiveModel, Turn], None]:
        """Yield the models to ask, one after the other while there is time; note who is not."""
        known = await catalogue.current()
        models = models_for(known, request)
        for place, model in enumerate(models):
            if patience.is_over:
                return
            asked = request
            if place or request.chat_model_id not in (None, model.id):
                admitted = await stand_ins.admit(request, model)
                if isinstance(admitted, stand_ins.Skip):
                    skipped.add(admitted)
                    continue
                asked = admitted.request
            line = await self.line(known.providers[model.provider_id])
            yield line, fit(asked, model), model, patience.turn(is_last=model is models[-1])

    async def complete(self, request: GenerationRequest) -> Completion:
        """Return a whole answer; that of the same small call of the same person again, if kept.

        Raises:
            UpstreamError: one of `apps.llm.errors`.
        """
        key = repeats.key_of(request, await catalogue.current())
        kept = await repeats.find(key) if key is not None else None
        if kept is not None:
            return kept
        completion = await self._complete(request)
        if key is not None:
            await repeats.keep(key, completion)
        return completion

    async def _complete(self, request: GenerationRequest) -> Completion:
        texts: list[str] = []
        asked, asked_id, finished = request.model, request.chat_model_id, None
        async with aclosing(self.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextBatch):
                    texts.append(event.text)
                elif isinstance(event, Answering):
                    asked, asked_id = event.model, event.chat_model_id
                elif isinstance(event, Finished):
                    finished = event
        if finished is None:
            raise UpstreamTruncatedError
        return Completion(
            "".join(texts),
            finished.finish_reason,
            finished.model,
            finished.usage,
            asked=asked,
            asked_id=asked_id,
        )

    async def line(self, provider: LiveProvider) -> ProviderLine:
        """Return the way to a provider, as the catalogue has it now."""
        line = self._lines.get(provider.id)
        if line is None:
            line = self._lines[provider.id] = ProviderLine(provider, clock=self._clock)
        await line.follow(provider)
        return line

    async def aclose(self) -> None:
        """Close the connections that are kept open for later calls."""
        lines, self._lines = self._lines, {}
        for line in lines.values():
            await line.aclose()


def _patience() -> Patience:
    return Patience(settings.LLM_FIRST_TOKEN_TIMEOUT_SECONDS, clock=asyncio.get_running_loop().time)


class _Default:
    """The process's own desk, made at its first use."""

    desk: ModelDesk | None = None


def default_desk() -> ChatGateway:
    """Return the desk of this process."""
    if _Default.desk is None:
        _Default.desk = ModelDesk()
    return _Default.desk


async def close_default_desk() -> None:
    """Close the process's desk; the next use makes a new one."""
    desk, _Default.desk = _Default.desk, None
    if desk is not None:
        await desk.aclose()
