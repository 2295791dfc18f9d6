"""Looks after who was let in and stays, while Redis is away: one look a second for all of them.

The word that rights changed comes by Redis. Without it each web process asks PostgreSQL whose
rights changed, however many sockets it holds, and passes the word on to those alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from apps.core import db
from apps.core.correlation import begin_anew
from apps.core.logging import log_event
from apps.core.realtime.layer import HintLayer, current_layer
from apps.users.constants import AUTH_REVOKED_EVENT
from apps.users.services import principals
from apps.users.services.principals import Principal

logger = logging.getLogger(__name__)

PERIOD_SECONDS = 1.0
IDLE_SECONDS = 5.0
WORD = {"type": "page.event", "event": {"type": AUTH_REVOKED_EVENT}}


@dataclass(slots=True)
class _Vigil:
    """Those whom one event loop looks after, by the channel where each hears the word."""

    seats: dict[str, Callable[[], Principal]] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None


_vigils: dict[asyncio.AbstractEventLoop, _Vigil] = {}


def enter(channel: str, principal: Callable[[], Principal]) -> None:
    """Look after somebody who was let in, until `leave`.

    Args:
        channel: of the layer, where they hear that they should look whether they may stay.
        principal: returns as whom they are in, as of their last look.
    """
    loop = asyncio.get_running_loop()
    if loop not in _vigils:
        for dead in [known for known in _vigils if known.is_closed()]:
            del _vigils[dead]
    vigil = _vigils.setdefault(loop, _Vigil())
    vigil.seats[channel] = principal
    if vigil.task is None or vigil.task.done():
        vigil.task = asyncio.create_task(_watch(vigil.seats), name="vigil")


def leave(channel: str) -> None:
    """Look after somebody no more."""
    vigil = _vigils.get(asyncio.get_running_loop())
    if vigil is not None:
        vigil.seats.pop(channel, None)


@contextmanager
def entered(channel: str, principal: Callable[[], Principal]) -> Iterator[None]:
    """Look after somebody for as long as the block runs."""
    enter(channel, principal)
    try:
        yield
    finally:
        leave(channel)


async def _watch(seats: Mapping[str, Callable[[], Principal]]) -> None:
    """Look while Redis is away; ends some seconds after the last one has left."""
    layer = current_layer()
    while seats:
        begin_anew()
        if layer.is_connected:
            await layer.wait_until_lost(timeout_seconds=IDLE_SECONDS)
            continue
        try:
            await _look(layer, {channel: principal() for channel, principal in seats.items()})
        except Exception as error:  # noqa: BLE001  the next look is in a second, whatever failed
            log_event(logger, "VIGIL_FAILED", level=logging.WARNING, error=type(error).__name__)
        await asyncio.sleep(PERIOD_SECONDS)


async def _look(layer: HintLayer, asked: Mapping[str, Principal]) -> None:
    doubtful = await db.call(principals.in_doubt, list(asked.values()))
    for channel, is_doubtful in zip(asked, doubtful, strict=True):
        if is_doubtful:
            layer.tell_here(channel, WORD)
