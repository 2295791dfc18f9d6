"""The worker process: `python -m project.worker` writes answers and does everything later."""

import asyncio
import contextlib
import logging
import os
import signal
import sys

import django

logger = logging.getLogger("project.worker")
RESTART_SECONDS = 1.0


async def run_worker() -> None:
    """Work until SIGTERM or SIGINT; when PostgreSQL goes away, wait for it and go on."""
    from django.conf import settings
    from procrastinate.contrib.django import app as queue

    from apps.conversations.services import reaping, runtime
    from apps.core.logging import log_event
    from apps.llm.gateway.factory import default_gateway, warm

    await asyncio.to_thread(warm)
    worker_runtime = runtime.WorkerRuntime(gateway=default_gateway())
    worker_runtime.start()
    runtime.install(worker_runtime)
    reaper = asyncio.create_task(reaping.reap_forever(), name="reaper")
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopping.set)
    log_event(logger, "WORKER_READY", owner=worker_runtime.owner)
    while not stopping.is_set():
        worker_app = queue.with_connector(queue.connector.get_worker_connector())
        try:
            async with worker_app.open_async():
                await _work(worker_app, stopping, settings.WORKER_CONCURRENCY)
        except Exception as error:  # noqa: BLE001  whatever ends the queue's loop, the worker goes on
            log_event(
                logger, "QUEUE_AWAY", level=logging.WARNING, error=type(error).__name__
            )
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RESTART_SECONDS):
                    await stopping.wait()
    reaper.cancel()
    await worker_runtime.aclose()
    log_event(logger, "WORKER_STOPPED")


async def _work(worker_app: object, stopping: asyncio.Event, concurrency: int) -> None:
    work = asyncio.create_task(
        worker_app.run_worker_async(  # type: ignore[attr-defined]
            concurrency=concurrency,
            install_signal_handlers=False,
            listen_notify=True,
            fetch_job_polling_interval=5.0,
            delete_jobs="successful",
        )
    )
    stop = asyncio.create_task(stopping.wait())
    done, _ = await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if work in done:
        await work
        return
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work


def main() -> None:
    """Set Django up and run the worker on the fastest loop that is installed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    if sys.platform == "win32":
        asyncio.run(run_worker())
        return
    import uvloop

    uvloop.run(run_worker())


if __name__ == "__main__":
    main()
