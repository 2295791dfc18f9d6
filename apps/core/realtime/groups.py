from __future__ import annotations

import asyncio
import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from apps.core.logging import log_event

logger = logging.getLogger(__name__)

ANNOUNCE_TIMEOUT_SECONDS = 2.0


def user_group(user_id: int) -> str:
    """Name the group of all open sockets of a person."""
    return f"user.{user_id}"


async def announce(user_id: int, event: dict[str, Any]) -> None:
    """Tell every open page of a person that something changed; a hint that may be lost.

    Args:
        user_id: whose pages.
        event: a plain mapping with its `type`, as in docs/protocol.md.
    """
    layer = get_channel_layer()
    try:
        async with asyncio.timeout(ANNOUNCE_TIMEOUT_SECONDS):
            await layer.group_send(user_group(user_id), {"type": "page.event", "event": event})
    except Exception as error:  # noqa: BLE001  a hint must never fail what it hints at
        log_event(logger, "ANNOUNCE_FAILED", level=logging.WARNING, error=type(error).__name__)


def announce_on_commit(user_id: int, event: dict[str, Any]) -> None:
    """Announce after the surrounding transaction's commit, and not at all if it is rolled back."""
    transaction.on_commit(lambda: async_to_sync(announce)(user_id, event))
