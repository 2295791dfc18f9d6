"""A worker delivers what is due: rows are the queue, a word saves the waiting."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing, suppress
from functools import partial
from itertools import groupby

from apps.core import db
from apps.core.correlation import begin_anew
from apps.core.logging import log_event
from apps.core.postgresql.listening import listen
from apps.webhooks import statements
from apps.webhooks.constants import CHANNEL
from apps.webhooks.gateway.client import WebhookClient
from apps.webhooks.services.attempts import attempt
from apps.webhooks.statements import Due

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
LISTEN_AGAIN_SECONDS = 1.0
END_SECONDS = 2.0


class Courier:
    """Takes due deliveries of all endpoints side by side, a few of each at a time.

    Nothing depends on an announcement: what was missed is found at the next look. Several workers
    share the work by row locks. What is cut off by the end of the process is tried again after its
    lease, so a receiver may be told twice, under one id.
    """

    def __init__(
        self, *, client: WebhookClient | None = None, look_seconds: float = LOOK_SECONDS
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            client: the way out.
            look_seconds: time between two looks at what is due.
        """
        self._client = client or WebhookClient()
        self._look_seconds = look_seconds
        self._woken = asyncio.Event()
        self._telling: dict[int, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to listen and to deliver."""
        self._tasks = [
            asyncio.create_task(self._listen_forever(), name="webhooks-ear"),
            asyncio.create_task(self._deliver_forever(), name="webhooks"),
        ]

    async def aclose(self) -> None:
        """Take nothing more; what is on its way gets a moment to arrive."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        telling = set(self._telling.values())
        if telling:
            _, late = await asyncio.wait(telling, timeout=END_SECONDS)
            for task in late:
                task.cancel()

    async def deliver_due(self) -> int:
        """Take what is due now and begin to deliver it; returns how many were taken."""
        due = await db.call(statements.take, busy=list(self._telling))
        due.sort(key=lambda one: one.endpoint_id)
        for endpoint_id, group in groupby(due, key=lambda one: one.endpoint_id):
            task = asyncio.create_task(self._tell(list(group)))
            self._telling[endpoint_id] = task
            task.add_done_callback(partial(self._told, endpoint_id))
        return len(due)

    async def settle(self) -> None:
        """Deliver until nothing is due any more."""
        while await self.deliver_due() or self._telling:
            await asyncio.gather(*self._telling.values())

    async def _tell(self, group: Sequence[Due]) -> None:
        results = await asyncio.gather(
            *(attempt(due, client=self._client) for due in group), return_exceptions=True
        )
        for error in results:
            if isinstance(error, Exception):
                name = type(error).__name__
                log_event(logger, "WEBHOOK_ATTEMPT_LOST", level=logging.WARNING, error=name)

    def _told(self, endpoint_id: int, _: asyncio.Task[None]) -> None:
        self._telling.pop(endpoint_id, None)
        self._woken.set()

    async def _listen_forever(self) -> None:
        while True:
            try:
                async with aclosing(
                    listen(CHANNEL, period_seconds=self._look_seconds)
                ) as announced:
                    async for _ in announced:
                        self._woken.set()
            except Exception as error:  # noqa: BLE001  nobody else would hear what is due
                log_event(
                    logger, "WEBHOOKS_AWAY", level=logging.WARNING, error=type(error).__name__
                )
                await asyncio.sleep(LISTEN_AGAIN_SECONDS)

    async def _deliver_forever(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            begin_anew()
            try:
                await self.deliver_due()
            except Exception as error:  # noqa: BLE001  it is still due: the next look finds it
                log_event(
                    logger, "WEBHOOKS_LOST", level=logging.WARNING, error=type(error).__name__
                )
