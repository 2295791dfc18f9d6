"""A catalogue with two providers, each a scripted server, and a desk on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from pytest_django import Settings

from apps.llm.constants import Capability
from apps.llm.models import ChatModel, ModelFallback, Provider
from apps.llm.services import catalogue, keys
from apps.llm.services.desk import ModelDesk
from tests.support.upstream import ScriptedUpstream

SECRET = "sk-of-the-second-provider"


class Clock:
    """A time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def first(settings: Settings) -> Iterator[ScriptedUpstream]:
    """The model server of the environment."""
    with ScriptedUpstream() as server:
        settings.OPENAI_BASE_URL = server.base_url
        settings.LLM_MAX_RETRIES = 0
        settings.LLM_BATCH_WINDOW_MS = 5
        yield server


@pytest.fixture
def second() -> Iterator[ScriptedUpstream]:
    """Another model server."""
    with ScriptedUpstream() as server:
        yield server


@dataclass(frozen=True)
class Two:
    """The model of the environment, and another one of another provider that stands in for it."""

    main: ChatModel
    spare: ChatModel


def make_spare(url: str) -> Two:
    """Put a second provider into the catalogue, whose model is the first one's fallback."""
    catalogue.read()
    main = ChatModel.objects.get(follows_settings=True)
    provider = Provider.objects.create(
        code="second",
        name="Second",
        base_url=url,
        key_source="stored",
        sealed_key=keys.seal(key=SECRET, url=url),
    )
    spare = ChatModel.objects.create(
        provider=provider,
        code="spare",
        name="spare-at-the-provider",
        label="Spare",
        capabilities=[Capability.TEMPERATURE],
    )
    ModelFallback.objects.create(model=main, fallback=spare, position=0)
    catalogue.forget()
    return Two(main, spare)


@pytest.fixture
def two(db: None, first: ScriptedUpstream, second: ScriptedUpstream) -> Two:
    return make_spare(second.base_url)


@asynccontextmanager
async def open_desk(clock: Clock) -> AsyncIterator[ModelDesk]:
    """Give a desk whose breakers go by the clock, and close it afterwards."""
    desk = ModelDesk(clock=clock)
    try:
        yield desk
    finally:
        await desk.aclose()


async def let_others_run() -> None:
    """Give every task that can run a chance to."""
    for _ in range(20):
        await asyncio.sleep(0)
