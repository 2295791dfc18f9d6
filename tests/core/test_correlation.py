"""What has one cause carries one id, and what has another carries another."""

import asyncio
import contextvars
import logging

import orjson
from procrastinate import App
from procrastinate.testing import InMemoryConnector

from apps.core.correlation import (
    bound_correlation_id,
    get_correlation_id,
    set_correlation_id,
)
from apps.core.logging import JsonFormatter
from project.worker.process import as_a_cause_of_its_own


def line() -> str:
    record = logging.LogRecord("parley", logging.INFO, "file", 1, "EVENT", None, None)
    return str(orjson.loads(JsonFormatter().format(record))["correlation_id"])


def test_reading_an_id_or_writing_a_line_binds_none() -> None:
    def read() -> list[str]:
        return [line(), get_correlation_id(), get_correlation_id(), line(), bound_correlation_id()]

    before, first, second, after, bound = contextvars.Context().run(read)
    assert (before, after, bound) == ("", "", "")
    assert first != second


async def test_each_job_of_a_worker_has_an_id_of_its_own() -> None:
    app = App(connector=InMemoryConnector())
    seen: list[tuple[str, str]] = []

    @app.task(name="look")
    async def look() -> None:
        await asyncio.sleep(0)
        seen.append((get_correlation_id(), line()))

    set_correlation_id("of-the-process")
    async with app.open_async():
        for _ in range(2):
            await look.defer_async()
        await app.run_worker_async(
            wait=False, install_signal_handlers=False, worker_middleware=[as_a_cause_of_its_own]
        )
    (first, first_line), (second, second_line) = seen
    assert (first, second) == (first_line, second_line)
    assert len({first, second, "of-the-process"}) == 3
