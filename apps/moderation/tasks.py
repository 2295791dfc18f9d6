"""The queue's entry points."""

import asyncio
import time

from procrastinate import RetryDecision, RetryStrategy
from procrastinate.contrib.django import app as queue
from procrastinate.jobs import Job

from apps.core import db
from apps.moderation.services.rules import back_tests, later, scorecards

BREATH_SECONDS = 0.02
MOST_ATTEMPTS = 8


class _Retries(RetryStrategy):
    """Tries again after an error of the database, and at once after a worker that was stopped."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when the job is tried again; None where it is given up."""
        if isinstance(exception, asyncio.CancelledError) and job.attempts < MOST_ATTEMPTS:
            return RetryDecision(retry_in={"seconds": 0})
        return super().get_retry_decision(exception=exception, job=job)


@queue.task(
    name=later.TASK,
    queue=later.QUEUE,
    retry=_Retries(max_attempts=MOST_ATTEMPTS, exponential_wait=3, retry_exceptions=db.AWAY),
)
async def check_later(
    *,
    message_id: int,
    is_checked: bool,
    is_lost: bool = False,
    version_ids: list[int] | None = None,
) -> None:
    """Look at an exchange with the rules that nobody waited for.

    A job whose worker is gone is queued again with all others; what is given up becomes a hit of
    outcome error.
    """
    await later.check_later(
        message_id=message_id, is_checked=is_checked, is_lost=is_lost, version_ids=version_ids
    )


@queue.task(name=back_tests.TASK, queue=back_tests.QUEUE)
async def back_test(*, back_test_id: int) -> None:
    """Do one slice of a back-test and queue the next; answers that stream go on between steps.

    While the database is away the job is lost, and the sweep takes the back-test up again; whatever
    else goes wrong would go wrong again, and ends it.
    """
    try:
        await _do_slice(back_test_id)
    except db.AWAY:
        raise
    except Exception as error:  # noqa: BLE001  a rule that cannot be tried must not be tried for ever
        await db.call(back_tests.fail, back_test_id, type(error).__name__)


async def _do_slice(back_test_id: int) -> None:
    until = time.monotonic() + back_tests.SLICE_SECONDS
    has_more = True
    while has_more and time.monotonic() < until:
        has_more = await db.call(back_tests.step, back_test_id)
        await asyncio.sleep(BREATH_SECONDS)
    if has_more:
        await db.call(back_tests.defer, back_test_id)


@queue.periodic(cron="*/5 * * * *")
@queue.task(name="moderation.sweep_rules", queue=back_tests.QUEUE)
async def sweep_rules(timestamp: int) -> None:
    """Take power from rules by their figures, take lost back-tests up again, note failed checks."""
    del timestamp
    await db.call(scorecards.sweep)
    await db.call(back_tests.requeue_lost)
    await db.call(later.note_given_up)
