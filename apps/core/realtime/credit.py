import asyncio
from collections.abc import Mapping

MAX_UNACKNOWLEDGED = 262_144
MAX_ID_DIGITS = 19


class CreditWindow:
    """How much text one client may have on the way; a client that never reads costs no memory.

    Past the limit the sender waits. What it would have sent meanwhile is not queued: the follower
    falls behind, notices the gap, and reads the missing text at once when the client is back.
    """

    def __init__(self, *, limit: int = MAX_UNACKNOWLEDGED) -> None:
        self._limit = limit
        self._sent: dict[int, int] = {}
        self._acknowledged: dict[int, int] = {}
        self._freed = asyncio.Event()

    @property
    def unacknowledged(self) -> int:
        """Code points that are on the way."""
        return sum(
            max(cursor - self._acknowledged.get(reply_id, 0), 0)
            for reply_id, cursor in self._sent.items()
        )

    async def spend(self, reply_id: int, cursor: int, length: int) -> None:
        """Wait until there is room, then count this text as on the way.

        Args:
            reply_id: the answer.
            cursor: code points of the answer after this text.
            length: code points of this text.
        """
        if reply_id not in self._sent:
            self._acknowledged[reply_id] = cursor - length
            self._sent[reply_id] = cursor - length
        while self.unacknowledged > 0 and self.unacknowledged + length > self._limit:
            self._freed.clear()
            await self._freed.wait()
        self._sent[reply_id] = max(cursor, self._sent.get(reply_id, 0))

    def acknowledge(self, cursors: Mapping[str, int]) -> None:
        """Take a client's word for what has arrived; unknown answers and numbers are ignored."""
        for key, cursor in cursors.items():
            if not key.isdecimal() or len(key) > MAX_ID_DIGITS:
                continue
            reply_id = int(key)
            if reply_id in self._sent:
                arrived = min(cursor, self._sent[reply_id])
                self._acknowledged[reply_id] = max(arrived, self._acknowledged[reply_id])
        self._freed.set()

    def forget(self, reply_id: int) -> None:
        """Drop an answer that is followed no more."""
        self._sent.pop(reply_id, None)
        self._acknowledged.pop(reply_id, None)
        self._freed.set()
