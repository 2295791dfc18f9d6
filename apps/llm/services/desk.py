"""The gateway over all providers of the catalogue: which model is asked, and which one instead."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings

from apps.llm.errors import AssistantUnavailableError, UpstreamError, UpstreamTruncatedError
from apps.llm.gateway.contract import (
    Answering,
    ChatGateway,
    Completion,
    FailedCall,
    Finished,
    GatewayEvent,
    GenerationRequest,
    TextBatch,
    Unanswered,
)
from apps.llm.gateway.estimates import estimate
from apps.llm.services import catalogue, repeats, stand_ins
from apps.llm.services.fitting import fit, models_for
from apps.llm.services.lines import ProviderLine
from apps.llm.services.live import LiveModel, LiveProvider
from apps.llm.services.patience import Patience, Turn


@dataclass(slots=True)
class _Course:
    """How one call goes over all models that are asked for it.

    Attributes:
        patience: what is left of the time for the first text.
        skipped: why models were not asked.
        failure: of the first model that failed.
        unsettled: the last call that failed and may have used something, while no line says so.
    """

    patience: Patience
    skipped: set[stand_ins.Skip] = field(default_factory=set)
    failure: UpstreamError | None = None
    unsettled: stand_ins.Unsettled | None = None

    def note_failure(self, asked: GenerationRequest, error: UpstreamError, seconds: float) -> None:
        """Note that a model failed, before what is known of its call gives way to the next one.

        Where nothing was reserved for it, its caller is told by the request's progress.
        """
        self.patience.begin()
        self.failure = self.failure or error
        if error.is_unspent:
            return
        used = error.reported or estimate(asked)
        self.unsettled = stand_ins.Unsettled(
            request=asked, error=error, usage=used, duration=timedelta(seconds=seconds)
        )
        if asked.reserved is None:
            failed = FailedCall(asked.model, asked.chat_model_id, used, seconds, error.code)
            asked.progress.failed.append(failed)
            asked.progress.clear()

    def error(self) -> UpstreamError:
        """Return the error of a call that no model answered: the first one's.

        What it says of tokens is of the call that has no line of the ledger yet.
        """
        unsettled = self.unsettled
        failure = stand_ins.told(self.failure or AssistantUnavailableError(), self.skipped)
        failure.is_unspent = unsettled is None
        failure.reported = unsettled.error.reported if unsettled is not None else None
        return failure


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

    def stream(self, request: GenerationRequest) -> AsyncGenerator[GatewayEvent, None]:
        """Yield who is asked, text in batches, then how the answer ended.

        Raises:
            UpstreamError: after text had come, or where no model could answer; then it is the
                first one's error.
        """
        return self._run(request, _course())

    async def _run(
        self, request: GenerationRequest, course: _Course
    ) -> AsyncGenerator[GatewayEvent, None]:
        clock = course.patience.clock
        async with aclosing(self._in_turn(request, course)) as candidates:
            async for line, asked, model, turn in candidates:
                error: UpstreamError | None = None
                has_text, began = False, clock()
                try:
                    async with aclosing(line.stream(asked, model, turn)) as events:
                        async for event in events:
                            if isinstance(event, Answering):
                                began = clock()
                            has_text = has_text or isinstance(event, TextBatch)
                            yield event
                except UpstreamError as problem:
                    error = problem
                if error is None:
                    return
                course.note_failure(asked, error, clock() - began)
                if has_text:
                    raise error
                yield Unanswered(error.is_unspent)
        raise course.error()

    async def _in_turn(
        self, request: GenerationRequest, course: _Course
    ) -> AsyncGenerator[tuple[ProviderLine, GenerationRequest, LiveModel, Turn], None]:
        """Yield the models to ask, one after the other while there is time; note who is not."""
        known = await catalogue.current()
        models, patience = models_for(known, request), course.patience
        for place, model in enumerate(models):
            if patience.is_over:
                return
            asked = request
            if place or request.chat_model_id not in (None, model.id):
                admitted = await stand_ins.admit(request, model, former=course.unsettled)
                if isinstance(admitted, stand_ins.Skip):
                    course.skipped.add(admitted)
                    continue
                asked = admitted.request
                if request.reserved is not None:
                    course.unsettled = None
            line = await self.line(known.providers[model.provider_id])
            yield line, fit(asked, model), model, patience.turn(is_last=model is models[-1])

    async def complete(self, request: GenerationRequest) -> Completion:
        """Return a whole answer; that of the same small call of the same person again, if kept.

        One that fails and may have used something has its line of the ledger, where something was
        reserved for it.

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
        course = _course()
        try:
            async with aclosing(self._run(request, course)) as events:
                async for event in events:
                    if isinstance(event, TextBatch):
                        texts.append(event.text)
                    elif isinstance(event, Answering):
                        asked, asked_id = event.model, event.chat_model_id
                    elif isinstance(event, Finished):
                        finished = event
        except UpstreamError:
            await stand_ins.settle(course.unsettled)
            raise
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


def _course() -> _Course:
    clock = asyncio.get_running_loop().time
    return _Course(Patience(settings.LLM_FIRST_TOKEN_TIMEOUT_SECONDS, clock=clock))


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
