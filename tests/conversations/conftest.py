"""A worker and a scripted model server for tests of the turn."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from apps.conversations.models import Reply
from apps.conversations.services import intake, runtime
from apps.llm.constants import NANO, Period, QuotaKind, QuotaUnit
from apps.llm.services import prices
from apps.llm.services.desk import ModelDesk
from apps.llm.services.prices import PriceRequest
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from apps.users.models import User
from tests.support.upstream import ScriptedUpstream


@pytest.fixture
def upstream(settings: Settings) -> Iterator[ScriptedUpstream]:
    """A model server that does what a message's [[directive]] says."""
    with ScriptedUpstream() as server:
        settings.OPENAI_BASE_URL = server.base_url
        settings.OPENAI_MODEL = "scripted"
        settings.LLM_BATCH_WINDOW_MS = 20
        yield server


@pytest.fixture
def person(transactional_db: None) -> User:
    """Somebody who chats."""
    return User.objects.create(email="uma@example.org", name="Uma")


@pytest.fixture
def stranger(transactional_db: None) -> User:
    """Somebody else."""
    return User.objects.create(email="sam@example.org", name="Sam")


class Worker:
    """A worker in the test's own loop."""

    def __init__(self) -> None:
        self.runtime = runtime.WorkerRuntime(gateway=ModelDesk())
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, reply_id: int) -> asyncio.Task[None]:
        """Write an answer in the background."""
        task = asyncio.create_task(self._write(reply_id))
        self._tasks.append(task)
        return task

    async def _write(self, reply_id: int) -> None:
        """Do what the queue's job does, and wait for what it began."""
        task = await intake.take(reply_id=reply_id, runtime=self.runtime)
        if task is not None:
            await task

    async def finish(self, reply_id: int) -> Reply:
        """Write an answer to its end and return its row."""
        await self.begin(reply_id)
        return await read_reply(reply_id)

    async def aclose(self) -> None:
        """End the worker as its process would."""
        await self.runtime.aclose()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def running_worker() -> AsyncIterator[Worker]:
    """Run a worker for as long as the block runs."""
    worker = Worker()
    worker.runtime.start()
    try:
        yield worker
    finally:
        await worker.aclose()


@sync_to_async
def read_reply(reply_id: int) -> Reply:
    """Return an answer's row with its message, as it is now."""
    return Reply.objects.select_related("message", "conversation").get(pk=reply_id)


@pytest.fixture
def has_a_price(transactional_db: None) -> None:
    """The scripted models have a price."""
    wanted = PriceRequest(model_name="script*", input_nano=NANO, output_nano=2 * NANO)
    prices.add_price(actor=None, wanted=wanted)


@pytest.fixture
def quota(has_a_price: None) -> int:
    """Everybody has a hard quota of tokens a day; its number."""
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=100_000)
    return set_quota(actor=None, subject=Subject(QuotaKind.EVERYONE), limit=wanted).pk


@pytest.fixture
def policy(settings: Settings) -> None:
    """A guardrail knows some words."""
    settings.GUARDRAILS = ["tests.conversations.test_guardrails.WordGuardrail"]
