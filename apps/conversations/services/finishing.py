"""A worker stores the end of an answer, whatever fails on the way."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from apps.conversations import constants, guardrails
from apps.conversations.services import leases
from apps.conversations.services.leases import Claim, Ending
from apps.conversations.services.runtime import WorkerRuntime
from apps.core import db
from apps.core.logging import log_event

logger = logging.getLogger(__name__)

FINISH_RETRY_SECONDS = 0.5
FINISH_ATTEMPTS = 600


async def keep_back(claim: Claim, runtime: WorkerRuntime) -> None:
    """Make known that nothing of an answer may be shown, before its end is stored.

    In its row, which whoever ends it instead of this worker reads; and in Redis, for the time that
    PostgreSQL is away.
    """
    runtime.publisher.withhold(claim.reply_id)
    try:
        await db.call(leases.keep_back, claim=claim, owner=runtime.owner)
    except Exception as error:  # noqa: BLE001  the end itself says it too, and Redis does
        name = type(error).__name__
        log_event(logger, "WITHHOLDING_NOT_NOTED", level=logging.WARNING, error=name)


async def finish(claim: Claim, ending: Ending, runtime: WorkerRuntime) -> tuple[bool, Ending]:
    """Store the end; while PostgreSQL is away the text waits here, up to five minutes.

    An end that cannot be stored because something in it fails, such as the recording of what policy
    found, is stored once more without a text and without what was found: nothing is shown that
    could not be written down as it should.

    Returns:
        Whether it was stored, and as what.
    """
    is_bare = False
    for _ in range(FINISH_ATTEMPTS):
        try:
            stored = await db.call(leases.finish, claim=claim, owner=runtime.owner, ending=ending)
        except db.AWAY as error:
            log_event(logger, "FINISH_FAILED", level=logging.ERROR, error=type(error).__name__)
            await asyncio.sleep(FINISH_RETRY_SECONDS)
        except Exception as error:  # noqa: BLE001  whatever fails, the answer gets an end
            log_event(logger, "FINISH_BROKEN", level=logging.ERROR, error=type(error).__name__)
            await keep_back(claim, runtime)
            if is_bare:
                break
            is_bare, ending = True, _bare(ending)
        else:
            return stored, ending
    return False, ending


def _bare(ending: Ending) -> Ending:
    """Return the end of an answer of which nothing is shown and nothing recorded."""
    is_withheld = ending.state == constants.ReplyState.WITHHELD
    return replace(
        ending,
        state=constants.ReplyState.WITHHELD if is_withheld else constants.ReplyState.FAILED,
        text="",
        error_code=ending.error_code if is_withheld else "internal_error",
        notice=ending.notice if is_withheld else "",
        ruling=guardrails.NOTHING_FOUND,
        judged=None,
    )
