"""What has one cause carries one id, and what has another carries another."""

import asyncio
import contextvars
import logging

import orjson
import pytest
from procrastinate import App

from apps.core import db, jobs
from apps.core.correlation import (
    bound_correlation_id,
    get_correlation_id,
    set_correlation_id,
)
from apps.core.logging import JsonFormatter
from apps.core.postgresql.queue import make_worker_connector


def line() -> str:
    record = logging.LogRecord("parley", logging.INFO, "file", 1, "EVENT", None, None)
    return str(orjson.loads(JsonFormatter().format(record))["correlation_id"])


def test_reading_an_id_or_writing_a_line_binds_none() -> None:
    def read() -> list[str]:
        return [line(), get_correlation_id(), get_correlation_id(), line(), bound_correlation_id()]

    before, first, second, after, bound = contextvars.Context().run(read)
    assert (before, after, bound) == ("", "", "")
    assert first != second


@pytest.mark.django_db(transaction=True)
async def test_a_job_has_the_id_of_what_queued_it_also_when_tried_again_or_else_its_own() -> None:
    worker = App(connector=make_worker_connector())
    seen: dict[int, list[str]] = {1: [], 2: [], 3: []}

    @worker.task(name="tests.look", retry=1)
    async def look(*, number: int) -> None:
        await asyncio.sleep(0)
        assert line() == get_correlation_id()
        seen[number].append(line())
        if number == 1 and len(seen[1]) == 1:
            raise OSError

    def ask(number: int, cause: str) -> None:
        set_correlation_id(cause)
        jobs.defer("tests.look", {"number": number}, queue="tests")

    for number, cause in ((1, "of-a-request"), (2, ""), (3, "")):
        await db.call(ask, number, cause)
    async with worker.open_async():
        await worker.run_worker_async(
            queues=["tests"],
            wait=False,
            listen_notify=False,
            install_signal_handlers=False,
            delete_jobs="successful",
            worker_middleware=[jobs.under_its_cause],
        )
    assert seen[1] == ["of-a-request", "of-a-request"]
    assert all(len(fresh) == 32 for fresh in (*seen[2], *seen[3]))
    assert len({*seen[2], *seen[3]}) == 2


def test_what_a_stored_job_gives_its_task_is_told_from_its_cause() -> None:
    assert jobs.given_to({"number": 1, "correlation_id": "of-a-request"}) == {"number": 1}
