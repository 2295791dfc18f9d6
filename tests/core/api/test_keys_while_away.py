"""A key does not stay taken because PostgreSQL, or this process, went away over its request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from apps.core import db, idempotency
from apps.core.api.idempotency import once
from apps.core.errors import IdempotencyInProgressError, IdempotencyLostError
from apps.core.idempotency import Answer, KeyedRequest
from apps.core.models import IdempotentRequest

pytestmark = pytest.mark.usefixtures("transactional_db")
WANTED = KeyedRequest("user:1", "make_thing", "my-key-1", b"content")
DONE = Answer(201, b'{"id":1}')


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.core.api.idempotency.WRITE_RETRY_SECONDS", 0)


def go_away() -> None:
    """Have the next three statements of this connection fail as if PostgreSQL were away."""
    left = iter(range(3))

    def refuse(execute: Callable[..., Any], *statement: Any) -> Any:
        if next(left, None) is not None:
            raise OperationalError("away")
        connection.execute_wrappers.remove(refuse)
        return execute(*statement)

    connection.execute_wrappers.append(refuse)


def data_of(result: Answer) -> Answer:
    return result


async def test_what_failed_for_want_of_postgresql_may_come_again() -> None:
    async def fail() -> Answer:
        await db.call(go_away)
        raise OperationalError("away")

    with pytest.raises(OperationalError):
        await once(WANTED, fail, data_of)
    assert not await IdempotentRequest.objects.aexists()


async def test_what_was_done_is_kept_once_postgresql_is_back() -> None:
    async def work() -> Answer:
        await db.call(go_away)
        return DONE

    assert await once(WANTED, work, data_of) == DONE
    assert await db.call(idempotency.begin, WANTED) == DONE


async def test_what_a_killed_process_leaves_is_waited_for_and_then_lost() -> None:
    await db.call(idempotency.begin, WANTED)
    for age, told in ((0, 1), (90, 90), (899, 899)):
        began = timezone.now() - timedelta(seconds=age)
        await IdempotentRequest.objects.aupdate(created_at=began)
        with pytest.raises(IdempotencyInProgressError) as waiting:
            await db.call(idempotency.begin, WANTED)
        assert waiting.value.retry_after_seconds == told
    await IdempotentRequest.objects.aupdate(created_at=timezone.now() - idempotency.LOST_AFTER)
    with pytest.raises(IdempotencyLostError):
        await db.call(idempotency.begin, WANTED)


async def test_what_the_end_of_the_process_cuts_off_may_come_again() -> None:
    begun: asyncio.Future[asyncio.Task[Any] | None] = asyncio.Future()

    async def hang() -> Answer:
        begun.set_result(asyncio.current_task())
        await asyncio.Event().wait()
        return DONE

    waiting = asyncio.ensure_future(once(WANTED, hang, data_of))
    working = await begun
    assert working is not None
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not await IdempotentRequest.objects.aexists()
