"""What the worker process does from its start to its end."""

import asyncio
import contextlib
import logging
import signal

from django.conf import settings
from procrastinate import App
from procrastinate.contrib.django import app as queue

from apps.conversations.services import indexing, reaping, runtime
from apps.conversations.services.intake import Intake
from apps.core.jobs import under_its_cause
from apps.core.logging import log_event
from apps.core.postgresql.queue import make_worker_connector
from apps.core.warming import set_apart, warm_addresses
from apps.llm.gateway.factory import warm
from apps.llm.services.desk import default_desk
from apps.webhooks.services.courier import Courier
from project.worker.upkeep import tend_forever

logger = logging.getLogger("project.worker")

RESTART_SECONDS = 1.0
POLLING_SECONDS = 5.0
JOBS_AT_ONCE = 50
JOB_END_SECONDS = 2.0


def _warm() -> None:
    """Load what answers need, so that no answer waits for it."""
    warm()
    warm_addresses()
    set_apart()


async def run_worker() -> None:
    """Work until SIGTERM or SIGINT; when PostgreSQL goes away, wait for it and go on.

    At the end nothing new is taken, running answers get WORKER_DRAIN_SECONDS to finish, and what is
    left then ends as interrupted with its text kept.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopping.set)
    await asyncio.to_thread(_warm)
    worker_runtime = runtime.WorkerRuntime(gateway=default_desk())
    worker_runtime.start()
    runtime.install(worker_runtime)
    intake = Intake(worker_runtime)
    intake.start()
    courier = Courier()
    courier.start()
    loops = [
        asyncio.create_task(reaping.reap_forever(), name="reaper"),
        asyncio.create_task(indexing.index_forever(), name="indexer"),
    ]
    log_event(logger, "WORKER_READY", owner=worker_runtime.owner)
    while not stopping.is_set():
        try:
            await _work(stopping)
        except Exception as error:  # noqa: BLE001  whatever ends the queue's loop, the worker goes on
            log_event(logger, "QUEUE_AWAY", level=logging.WARNING, error=type(error).__name__)
            await _wait(stopping, seconds=RESTART_SECONDS)
    await intake.aclose()
    await courier.aclose()
    await worker_runtime.drain(seconds=settings.WORKER_DRAIN_SECONDS)
    for endless in loops:
        endless.cancel()
    await worker_runtime.aclose()
    log_event(logger, "WORKER_STOPPED")


async def _work(stopping: asyncio.Event) -> None:
    """Take background jobs until told to stop or until the connection to the queue is lost.

    No answer depends on it, so the loop may end at any time. Jobs reach the database through
    `core.db` alone, which gives connections back itself: nothing looks for them around each job.
    """
    worker_app: App = queue.with_connector(make_worker_connector())
    async with worker_app.open_async():
        work = asyncio.create_task(
            worker_app.run_worker_async(
                concurrency=JOBS_AT_ONCE,
                install_signal_handlers=False,
                fetch_job_polling_interval=POLLING_SECONDS,
                delete_jobs="successful",
                task_middleware=[],
                worker_middleware=[under_its_cause],
                shutdown_graceful_timeout=JOB_END_SECONDS,
            )
        )
        stop = asyncio.create_task(stopping.wait())
        upkeep = asyncio.create_task(tend_forever(worker_app))
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        upkeep.cancel()
        if not work.done():
            work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


async def _wait(event: asyncio.Event, *, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
