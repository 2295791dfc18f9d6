"""The queue's entry points."""

import asyncio
import time

from django.db import InterfaceError, OperationalError
from procrastinate.contrib.django import app as queue

from apps.core import db
from apps.moderation.services import back_tests, later, scorecards

BREATH_SECONDS = 0.02


@queue.task(name=later.TASK, queue=later.QUEUE)
async def check_later(
    *,
    message_id: int,
    is_checked: bool,
    is_lost: bool = False,
    version_ids: list[int] | None = None,
) -> None:
    """Look at an exchange with the rules that nobody waited for."""
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
    except (OperationalError, InterfaceError):
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
    """Take power from rules whose figures say so; take lost back-tests up again."""
    del timestamp
    await db.call(scorecards.sweep)
    await db.call(back_tests.requeue_lost)
