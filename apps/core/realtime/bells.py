from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple, cast

from redis.exceptions import RedisError

from apps.core.logging import log_event
from apps.core.realtime.connection import (
    CONTROL_CHANNEL,
    MISSED_CHANNEL,
    TEXT_CHANNEL,
    live_text_key,
)
from apps.core.realtime.frames import WITHHELD_TEXT, EndFrame, encoder, parse_live_text
from apps.core.redis import waiting_client

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0


class _Away:
    until = 0.0
    lock = threading.Lock()
    teller: threading.Thread | None = None


def announce_end(*reply_ids: int) -> None:
    """Tell every follower that these answers ended, from code that is no worker; only a hint."""
    publish(TEXT_CHANNEL, encoder.encode([EndFrame(reply_id) for reply_id in reply_ids]))


def ring_workers(reply_id: int, state: str) -> None:
    """Ask whichever worker writes this answer to end it in this state; the row says so as well."""
    publish(CONTROL_CHANNEL, f"{reply_id}:{state}".encode())


def parse_ring(data: bytes) -> tuple[int, str]:
    """Read what `ring_workers` sent: the answer's number and the state to end in."""
    reply_id, _, state = data.decode().partition(":")
    return int(reply_id), state


class LiveTexts(NamedTuple):
    """What Redis holds of some answers.

    Attributes:
        texts: as far as they are there.
        withheld: those whose worker knew that policy withholds them, whatever their row says.
        unknown: those of which it could not be asked, or has lost what it knew.
    """

    texts: dict[int, str]
    withheld: frozenset[int]
    unknown: frozenset[int]


def read_live_texts(reply_ids: Sequence[int]) -> LiveTexts:
    """Return what Redis holds of these answers, as far as it is there and knows."""
    try:
        values = waiting_client().mget([live_text_key(pk) for pk in reply_ids])
    except (RedisError, OSError) as error:
        log_event(logger, "LIVE_TEXT_AWAY", level=logging.WARNING, error=type(error).__name__)
        return LiveTexts({}, frozenset(), frozenset(reply_ids))
    held = dict(zip(reply_ids, cast("list[bytes | None]", values), strict=True))
    texts = {pk: text for pk, value in held.items() if (text := parse_live_text(value)) is not None}
    withheld = frozenset(pk for pk, value in held.items() if value == WITHHELD_TEXT)
    return LiveTexts(texts, withheld, frozenset(held) - withheld - frozenset(texts))


def publish(channel: str, data: bytes) -> None:
    """Send a hint from synchronous code; it never raises and hardly waits.

    A Redis that is away is left alone for a moment, so that nobody who writes pays for it again and
    again. Where a hint is lost, everybody is told to look again as soon as Redis answers.
    """
    if time.monotonic() >= _Away.until:
        try:
            waiting_client().publish(channel, data)
        except (RedisError, OSError) as error:
            _Away.until = time.monotonic() + PAUSE_SECONDS
            log_event(logger, "PUBLISH_FAILED", level=logging.WARNING, error=type(error).__name__)
        else:
            return
    _owe_word()


def _owe_word() -> None:
    """Have everybody told that they may have missed something, by one thread at a time."""
    with _Away.lock:
        if _Away.teller is None:
            _Away.teller = threading.Thread(target=_tell_missed, name="missed-teller", daemon=True)
            _Away.teller.start()


def _tell_missed() -> None:
    time.sleep(PAUSE_SECONDS)
    with _Away.lock:
        _Away.teller = None
    publish(MISSED_CHANNEL, b"")
