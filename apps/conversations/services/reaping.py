"""Ends answers whose worker is gone, from whichever process notices first."""

from __future__ import annotations

import asyncio
import logging

from apps.conversations import constants
from apps.conversations.services import lost
from apps.core import db
from apps.core.correlation import begin_anew
from apps.core.logging import log_event
from apps.core.realtime import bells

logger = logging.getLogger(__name__)


class Reaper:
    """Looks twice before it ends an answer.

    After an outage of PostgreSQL every lease looks lost, though the workers are alive and about to
    beat again: an answer is ended only when two looks in a row, one period apart, find it lost.
    """

    def __init__(self) -> None:
        self._suspects: set[int] = set()

    def look(self) -> list[int]:
        """End what was lost at the last look and still is; returns what was ended."""
        suspects = lost.suspects()
        confirmed = [reply_id for reply_id in suspects if reply_id in self._suspects]
        self._suspects = set(suspects)
        ended = _reap(confirmed) if confirmed else []
        ended += lost.expire_queue()
        if ended:
            bells.announce_end(*ended)
            log_event(logger, "REPLIES_REAPED", level=logging.WARNING, count=len(ended))
        return ended


def _reap(reply_ids: list[int]) -> list[int]:
    """End lost answers with all that their viewers saw: the live text outlives its worker.

    So does the word that an answer is withheld, and then nothing of it is kept in view; nor is it
    where nobody can say so.
    """
    live = bells.read_live_texts(reply_ids)
    return lost.reap(
        reply_ids=reply_ids,
        live_texts=live.texts,
        withheld=live.withheld,
        unknown=live.unknown,
    )


async def reap_forever() -> None:
    """Look every few seconds, for as long as the process lives; survives the loss of PostgreSQL."""
    reaper = Reaper()
    while True:
        begin_anew()
        try:
            await db.call(reaper.look)
        except Exception as error:  # noqa: BLE001  nobody else would end what is lost
            log_event(logger, "REAPER_FAILED", level=logging.WARNING, error=type(error).__name__)
            reaper = Reaper()
        await asyncio.sleep(constants.REAPER_SECONDS)
