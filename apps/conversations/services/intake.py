"""A worker takes the answers that wait: their rows are the queue, a word saves the waiting."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress

from apps.conversations import constants
from apps.conversations.models import Reply
from apps.conversations.services import generation, leases
from apps.conversations.services.leases import Claim
from apps.conversations.services.runtime import WorkerRuntime
from apps.core import db
from apps.core.correlation import begin_anew
from apps.core.logging import log_event
from apps.core.postgresql.listening import listen

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
LISTEN_AGAIN_SECONDS = 1.0
END_SECONDS = 2.0
AT_ONCE = 500


async def take(*, reply_id: int, runtime: WorkerRuntime) -> asyncio.Task[None] | None:
    """Take an answer into this worker's hands, if it is still queued, and return.

    From here on its lease keeps it, and not the queue: the queue's loop may end and begin anew, as
    it does when PostgreSQL was away, without a word of the answer being lost.

    Returns:
        The task that writes the answer and ends it in exactly one state; None if it was not queued.
    """
    await runtime.slots.acquire()
    try:
        claim = await _claim(reply_id, runtime.owner)
    except BaseException:
        runtime.slots.release()
        raise
    if claim is None:
        runtime.slots.release()
        return None
    return runtime.carry(generation.write_answer(claim, runtime))


async def _claim(reply_id: int, owner: str) -> Claim | None:
    """Take an answer; where its taker is cancelled meanwhile, it goes back to the queue."""
    claiming = asyncio.ensure_future(db.call(leases.claim, reply_id=reply_id, owner=owner))
    try:
        return await asyncio.shield(claiming)
    except asyncio.CancelledError:
        claim = await claiming
        if claim is not None:
            await db.call(leases.put_back, reply_id=reply_id, owner=owner, fence=claim.fence)
        raise


class Intake:
    """Puts every queued answer that it hears of or finds into this worker's hands.

    Nothing depends on an announcement: what was missed is found at the next look. Several workers
    may reach for one answer; its lease goes to one of them. An answer that cannot be taken stays
    queued, and is reached for again.
    """

    def __init__(self, runtime: WorkerRuntime, *, look_seconds: float = LOOK_SECONDS) -> None:
        """Prepare; nothing is opened yet.

        Args:
            runtime: of this worker.
            look_seconds: time between two looks at what is queued.
        """
        self._runtime = runtime
        self._look_seconds = look_seconds
        self._reaching: dict[int, asyncio.Task[None]] = {}
        self._listening: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen and to look."""
        self._listening = asyncio.create_task(self._listen_forever(), name="intake")

    async def aclose(self) -> None:
        """Take nothing more; what is being taken arrives still, or goes back to the queue."""
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
        reaching = set(self._reaching.values())
        if reaching:
            _, late = await asyncio.wait(reaching, timeout=END_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=END_SECONDS)

    async def _listen_forever(self) -> None:
        while True:
            try:
                async with aclosing(
                    listen(constants.QUEUED_CHANNEL, period_seconds=self._look_seconds)
                ) as announced:
                    async for payload in announced:
                        if payload is None:
                            await self._look()
                        else:
                            self._reach(int(payload))
            except Exception as error:  # noqa: BLE001  nobody else would take what is queued
                log_event(logger, "INTAKE_AWAY", level=logging.WARNING, error=type(error).__name__)
                await asyncio.sleep(LISTEN_AGAIN_SECONDS)

    async def _look(self) -> None:
        for reply_id in await db.call(_queued):
            self._reach(reply_id)

    def _reach(self, reply_id: int) -> None:
        if reply_id in self._reaching:
            return
        task = asyncio.create_task(self._take(reply_id))
        self._reaching[reply_id] = task
        task.add_done_callback(lambda _: self._reaching.pop(reply_id, None))

    async def _take(self, reply_id: int) -> None:
        begin_anew()
        try:
            await take(reply_id=reply_id, runtime=self._runtime)
        except Exception as error:  # noqa: BLE001  it is still queued: the next look finds it
            log_event(logger, "TAKE_FAILED", level=logging.WARNING, error=type(error).__name__)


def _queued() -> list[int]:
    waiting = Reply.objects.queued().order_by("pk")
    return list(waiting.values_list("pk", flat=True)[:AT_ONCE])
