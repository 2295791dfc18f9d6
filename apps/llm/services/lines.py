"""The way to one provider: its gateway, its queue and its breaker, in one process."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from django.conf import settings

from apps.llm import errors
from apps.llm.gateway.breaker import Attempt, Breaker
from apps.llm.gateway.config import RETRY_AFTER_WORTH_WAITING_SECONDS, GatewayConfig, read_config
from apps.llm.gateway.contract import (
    Answering,
    ChatGateway,
    Finished,
    GatewayEvent,
    GenerationRequest,
    Waiting,
)
from apps.llm.gateway.factory import build_gateway
from apps.llm.gateway.lanes import Lane, Place
from apps.llm.services import catalogue
from apps.llm.services.health import Reporter
from apps.llm.services.live import LiveModel, LiveProvider
from apps.llm.services.patience import Turn

TELL_SECONDS = 1.0
JUDGES_SHARE = 4
"""Rules may have so many calls beside those of people: the limit divided by this."""
ALIVE = (errors.UpstreamRejectedError, errors.UpstreamTooLargeError)


def config_of(provider: LiveProvider) -> GatewayConfig:
    """Return the configuration of a provider's gateway: its address and key, our limits."""
    ours = read_config(settings)
    return replace(ours, base_url=provider.base_url, api_key=provider.api_key)


@dataclass(slots=True, eq=False)
class _Connection:
    """A gateway under one configuration, and how many calls use it."""

    config: GatewayConfig
    gateway: ChatGateway
    calls: int = 0
    is_retired: bool = False


class ProviderLine:
    """The way to one provider.

    Attributes:
        breaker: of this process; `clock` tells its time.
        reporter: tells staff how the provider fares.
    """

    def __init__(self, provider: LiveProvider, *, clock: Callable[[], float]) -> None:
        self.breaker = Breaker()
        self.reporter = Reporter(provider.id)
        self._clock = clock
        self._provider = provider
        self._lane = Lane(limit=provider.max_concurrency, max_waiting=provider.max_waiting)
        self._judges = Lane(limit=_judges_limit(provider), max_waiting=provider.max_waiting)
        self._connection = self._connect(config_of(provider))
        self._state = self.breaker.state(clock())

    async def follow(self, provider: LiveProvider) -> None:
        """Take what the catalogue says now; calls that run keep what they began with."""
        if provider is self._provider:
            return
        known, self._provider = self._provider, provider
        self._lane.reshape(limit=provider.max_concurrency, max_waiting=provider.max_waiting)
        self._judges.reshape(limit=_judges_limit(provider), max_waiting=provider.max_waiting)
        if provider.breaker_closed_at != known.breaker_closed_at:
            self.breaker.close()
            self._tell()
        config = config_of(provider)
        if config != self._connection.config:
            former, self._connection = self._connection, self._connect(config)
            former.is_retired = True
            await _close_if_idle(former)

    async def stream(
        self, request: GenerationRequest, model: LiveModel, turn: Turn
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Ask a model of this provider, as soon as it is this person's turn.

        What a rule asks has a lane of its own: an answer, which may take minutes, would keep its
        own judge waiting (docs/decisions/0174).

        Args:
            request: in the words of the model.
            model: of this provider.
            turn: how long the first text may take.

        Raises:
            UpstreamError: one of the closed set; at once where the provider is left alone.
        """
        self._refuse_where_left_alone()
        lane = self._judges if request.purpose == "judge" else self._lane
        place = lane.enter(request.user_id)
        try:
            async with aclosing(self._wait(place, model, turn)) as waiting:
                async for moment in waiting:
                    yield moment
            await self._sit_out_pause(turn)
            await _refuse_where_switched_off(model)
            attempt = self._begin()
            request = replace(request, first_text_until=turn.begin())
            async with aclosing(self._ask(request, model, attempt, turn)) as events:
                async for event in events:
                    yield event
        finally:
            place.leave()
            self._tell()

    async def aclose(self) -> None:
        """Close the connections that are kept open for later calls."""
        await self.reporter.aclose()
        await self._connection.gateway.aclose()

    def _connect(self, config: GatewayConfig) -> _Connection:
        return _Connection(config, build_gateway(config, asked_to_wait=self._asked_to_wait))

    def _asked_to_wait(self, seconds: float) -> None:
        """Keep every other call from the provider as well, while the one that heard it waits."""
        self.breaker.pause(self._clock(), seconds)
        self._tell(is_news=True)

    async def _wait(
        self, place: Place, model: LiveModel, turn: Turn
    ) -> AsyncGenerator[Waiting, None]:
        """Say every moment how many are before this call, until it is let through."""
        until = self._clock() + self._provider.max_wait_seconds
        while not place.is_through:
            if place.is_turned_away:
                raise errors.UpstreamBusyError
            yield Waiting(place.ahead)
            left = min(until - self._clock(), turn.left)
            if left <= 0:
                raise errors.UpstreamBusyError
            await place.is_let_through(seconds=min(TELL_SECONDS, left))
            await _refuse_where_switched_off(model)

    async def _sit_out_pause(self, turn: Turn) -> None:
        """Wait as the server asked, and scattered; what takes too long is refused at once.

        The server may ask again, or break, while this call waits for its place or for the pause.
        """
        waited = 0.0
        while True:
            self._refuse_where_left_alone()
            if turn.left <= 0:
                raise errors.UpstreamTimeoutError.unspent()
            left = self.breaker.pause_left(self._clock())
            if not left:
                return
            pause = left * random.uniform(1, 1.25)  # noqa: S311
            waited += left
            if waited > RETRY_AFTER_WORTH_WAITING_SECONDS or pause > turn.left:
                raise errors.UpstreamRateLimitedError(retry_after_seconds=math.ceil(pause))
            await asyncio.sleep(pause)

    async def _ask(
        self, request: GenerationRequest, model: LiveModel, attempt: Attempt, turn: Turn
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Ask, and tell the breaker what became of it, wherever the caller leaves."""
        held = request.reserved is not None and request.reserved.answer_tokens is not None
        connection = self._connection
        connection.calls += 1
        has_begun = has_ended = False
        request.progress.begin(
            model=model.name, chat_model_id=model.id, answer_limit=request.max_completion_tokens
        )
        try:
            yield Answering(model.id, model.name, is_held_short=held)
            async with aclosing(connection.gateway.stream(request)) as events:
                async for event in events:
                    if not has_begun:
                        has_begun = True
                        self._note_answer(attempt)
                    if isinstance(event, Finished):
                        self.breaker.succeeded(attempt)
                    yield event
        except errors.UpstreamError as error:
            has_ended = True
            self._note_failure(attempt, error, turn, has_begun=has_begun)
            if error.is_unspent:
                request.progress.clear()
            raise
        finally:
            if not (has_begun or has_ended):
                self.breaker.given_up(attempt)
            connection.calls -= 1
            await _close_if_idle(connection)

    def _refuse_where_left_alone(self) -> None:
        now = self._clock()
        pause = self.breaker.pause_left(now)
        if pause > RETRY_AFTER_WORTH_WAITING_SECONDS:
            raise errors.UpstreamRateLimitedError(retry_after_seconds=math.ceil(pause))
        left = self.breaker.seconds_left(now)
        if left > 0:
            raise errors.UpstreamPausedError(retry_after_seconds=math.ceil(left))

    def _begin(self) -> Attempt:
        attempt = self.breaker.begin(self._clock())
        if attempt is None:
            left = self.breaker.seconds_left(self._clock())
            raise errors.UpstreamPausedError(retry_after_seconds=max(math.ceil(left), 1))
        return attempt

    def _note_answer(self, attempt: Attempt) -> None:
        self.breaker.began(attempt)
        self.reporter.note_success()
        self._tell()

    def _note_failure(
        self, attempt: Attempt, error: errors.UpstreamError, turn: Turn, *, has_begun: bool
    ) -> None:
        now = self._clock()
        if isinstance(error, errors.UpstreamRateLimitedError):
            self.breaker.asked_to_wait(attempt, now, error.retry_after_seconds)
        elif isinstance(error, ALIVE):
            self.breaker.succeeded(attempt)
        elif has_begun:
            self.breaker.cut(now)
        elif turn.is_hurried and isinstance(error, errors.UpstreamTimeoutError):
            self.breaker.given_up(attempt)
        else:
            self.breaker.failed(attempt, now)
        self.reporter.note_error(error.code)
        self._tell(is_news=True)

    def _note_load(self) -> None:
        health, lanes = self.reporter.health, (self._lane, self._judges)
        health.running = sum(lane.running for lane in lanes)
        health.waiting = sum(lane.waiting for lane in lanes)

    def _tell(self, *, is_news: bool = False) -> None:
        now = self._clock()
        state = self.breaker.state(now)
        health = self.reporter.health
        left = max(self.breaker.seconds_left(now), self.breaker.pause_left(now))
        health.state = state.value
        health.open_until = time.time() + left if left else 0.0
        self._note_load()
        self.reporter.tell(is_news=is_news or state != self._state)
        self._state = state


def _judges_limit(provider: LiveProvider) -> int:
    """Return how many calls of rules go out at a time; 0 for no limit."""
    most = provider.max_concurrency
    return max(1, most // JUDGES_SHARE) if most else 0


async def _refuse_where_switched_off(model: LiveModel) -> None:
    """Let no call out that waited while staff switched its model or provider off."""
    known = (await catalogue.current()).models.get(model.id)
    if known is None or not known.is_usable:
        raise errors.AssistantUnavailableError


async def _close_if_idle(connection: _Connection) -> None:
    if connection.is_retired and not connection.calls:
        await connection.gateway.aclose()
