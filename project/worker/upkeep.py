"""Looks after rows that nobody comes back for, and looks prices up for models that need one."""

import asyncio
import logging

from procrastinate import App
from procrastinate.jobs import Job, Status

from apps.conversations.services import settling, title_costs
from apps.core.correlation import begin_anew
from apps.core.db import call
from apps.core.logging import log_event
from apps.llm.services import published_prices, quotas, usage_rollups

logger = logging.getLogger("project.worker")

PERIOD_SECONDS = 15.0
STALLED_SECONDS = 30.0
MAX_ATTEMPTS = 3
KEEP_HOURS = 24
ROUNDS_BETWEEN_CLEANINGS = 240
ROUNDS_BETWEEN_SETTLINGS = 20


async def tend_forever(worker_app: App) -> None:
    """Look every few seconds, for as long as the queue is there."""
    rounds = 0
    while True:
        await asyncio.sleep(PERIOD_SECONDS)
        begin_anew()
        try:
            await rescue_jobs(worker_app)
            await call(published_prices.refresh)
            if rounds % ROUNDS_BETWEEN_CLEANINGS == 0:
                await delete_old_jobs(worker_app)
            if rounds % ROUNDS_BETWEEN_SETTLINGS == 0:
                await settle_quotas()
                await call(usage_rollups.sum_up)
            rounds += 1
        except Exception as error:  # noqa: BLE001  the next look may find the queue again
            log_event(logger, "UPKEEP_FAILED", level=logging.WARNING, error=type(error).__name__)


async def delete_old_jobs(worker_app: App) -> None:
    """Remove jobs that failed long ago; those that succeeded remove themselves."""
    await worker_app.job_manager.delete_old_jobs(
        nb_hours=KEEP_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )


async def settle_quotas() -> None:
    """Settle what is reserved for what is gone or was lost, and remove counters of the past."""
    released = await call(settling.release_forgotten) + await call(title_costs.settle_forgotten)
    removed = await call(quotas.remove_old_counters)
    if released or removed:
        log_event(logger, "QUOTAS_SETTLED", released=released, removed=removed)


async def rescue_jobs(worker_app: App) -> None:
    """Queue the jobs of workers that do not beat any more again; give one up that ends its worker.

    A job that was done though nobody could write it down does no harm: answers are written under
    a lease, whoever asks for them again.
    """
    jobs = await worker_app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS)
    for job in jobs:
        await _rescue(worker_app, job)


async def _rescue(worker_app: App, job: Job) -> None:
    log_event(logger, "JOB_RESCUED", level=logging.WARNING, task=job.task_name, job_id=job.id)
    if job.attempts >= MAX_ATTEMPTS:
        await worker_app.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)
    else:
        await worker_app.job_manager.retry_job(job)
