from __future__ import annotations

import logging

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from apps.core.logging import log_event
from apps.core.realtime.connection import CONTROL_CHANNEL, TEXT_CHANNEL
from apps.core.realtime.frames import EndFrame, encoder

logger = logging.getLogger(__name__)


def announce_end(*reply_ids: int) -> None:
    """Tell every follower that these answers ended, from code that is no worker; only a hint."""
    _publish(TEXT_CHANNEL, encoder.encode([EndFrame(reply_id) for reply_id in reply_ids]))


def ring_workers(reply_id: int, state: str) -> None:
    """Ask whichever worker writes this answer to end it in this state; the row says so as well."""
    _publish(CONTROL_CHANNEL, f"{reply_id}:{state}".encode())


def parse_ring(data: bytes) -> tuple[int, str]:
    """Read what `ring_workers` sent: the answer's number and the state to end in."""
    reply_id, _, state = data.decode().partition(":")
    return int(reply_id), state


def _publish(channel: str, data: bytes) -> None:
    try:
        with Redis.from_url(
            settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1
        ) as redis:
            redis.publish(channel, data)
    except RedisError as error:
        log_event(logger, "PUBLISH_FAILED", level=logging.WARNING, error=type(error).__name__)
