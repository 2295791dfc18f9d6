"""Lets all calls of a process read in step."""

import asyncio

_TICKS_IN_A_WINDOW = 2


class Metronome:
    """Stops the reading of a connection for a window, and starts it again on a shared tick.

    Meanwhile the kernel collects what arrives, so a token wakes nobody; and because the windows of
    all calls end on the same ticks, many streams cost few wake-ups of the process.
    """

    def __init__(self, window_seconds: float) -> None:
        self._window = window_seconds
        self._tick = window_seconds / _TICKS_IN_A_WINDOW
        self._held: dict[int, list[asyncio.Transport]] = {}

    def hold(self, transport: asyncio.Transport | None) -> None:
        """Read nothing from the connection until its window has ended."""
        if self._tick <= 0 or transport is None or transport.is_closing():
            return
        loop = asyncio.get_running_loop()
        tick = int((loop.time() + self._window) / self._tick)
        held = self._held.get(tick)
        if held is None:
            held = self._held[tick] = []
            loop.call_at(tick * self._tick, self._release, tick)
        transport.pause_reading()
        held.append(transport)

    def _release(self, tick: int) -> None:
        for transport in self._held.pop(tick):
            if not transport.is_closing():
                transport.resume_reading()
