"""The scripted upstream and gateways on it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from apps.llm.errors import UpstreamError
from apps.llm.gateway.config import GatewayConfig
from apps.llm.gateway.contract import ChatGateway, Finished, GenerationRequest, TextBatch
from apps.llm.gateway.factory import build_gateway
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_connection import Book

API_KEY = "sk-key-that-nobody-may-see"


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    """A scripted model server of this test."""
    with ScriptedUpstream() as server:
        yield server


def make_config(base_url: str, **changes: object) -> GatewayConfig:
    """Return a configuration whose deadlines a busy machine meets."""
    values = {
        "connect_timeout_seconds": 20.0,
        "first_token_timeout_seconds": 20.0,
        "idle_timeout_seconds": 20.0,
        "total_timeout_seconds": 60.0,
        "batch_window_seconds": 0.02,
    }
    return GatewayConfig(base_url=base_url, api_key=API_KEY, user_key=b"k", **(values | changes))


@asynccontextmanager
async def open_gateway(base_url: str, **changes: object) -> AsyncIterator[ChatGateway]:
    """Give a gateway to a server, and close it afterwards."""
    gateway = build_gateway(make_config(base_url, **changes))
    try:
        yield gateway
    finally:
        await gateway.aclose()


def make_request(question: str = "Hello", **changes: object) -> GenerationRequest:
    """Return a request whose question may hold a directive for the scripted upstream."""
    values = {
        "system_prompt": "You are a test.",
        "history": (),
        "question": question,
        "context": None,
        "model": "scripted",
        "temperature": 0.5,
        "max_prompt_tokens": 4_000,
        "max_completion_tokens": None,
        "user_id": 41,
        "purpose": "reply",
        "correlation_id": "correlation-of-the-test",
    }
    return GenerationRequest(**(values | changes))


@dataclass(slots=True)
class Seen:
    """What came out of one stream."""

    batches: list[str] = field(default_factory=list)
    finished: Finished | None = None
    error: UpstreamError | None = None

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.batches)


async def collect(gateway: ChatGateway, request: GenerationRequest) -> Seen:
    """Follow a stream to its end, whatever that is."""
    seen = Seen()
    try:
        async with aclosing(gateway.stream(request)) as events:
            async for event in events:
                assert seen.finished is None
                if isinstance(event, TextBatch):
                    seen.batches.append(event.text)
                else:
                    seen.finished = event
    except UpstreamError as error:
        seen.error = error
    return seen


async def until(
    upstream: ScriptedUpstream, is_true: Callable[[Book], bool], *, seconds: float = 5.0
) -> bool:
    """Wait, without blocking the loop, until the upstream has seen something."""
    return await asyncio.to_thread(upstream.wait_until, is_true, seconds=seconds)
