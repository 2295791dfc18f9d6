from __future__ import annotations

from typing import Any

from channels.layers import get_channel_layer
from django.db import transaction

from apps.core.correlation import get_correlation_id
from apps.core.realtime import bells
from apps.core.realtime.layer import HintLayer


def user_group(user_id: int) -> str:
    """Name the group of all open sockets of a person."""
    return f"user.{user_id}"


def announce(user_id: int, event: dict[str, Any]) -> None:
    """Tell every open page of a person that something changed; a hint that may be lost.

    Args:
        user_id: whose pages.
        event: a plain mapping with its `type`, as in docs/protocol.md.
    """
    announce_to(user_group(user_id), event)


def announce_to(group: str, event: dict[str, Any]) -> None:
    """Tell every open page of a group that something changed; a hint that may be lost.

    It carries the correlation id of what caused it, so that a socket which has told its own page
    already does not tell it twice.
    """
    layer: HintLayer = get_channel_layer()
    message = layer.serialize({"type": "page.event", "event": event, "cause": get_correlation_id()})
    bells.publish(layer.group_channel(group), message)


def announce_on_commit(user_id: int, event: dict[str, Any]) -> None:
    """Announce once the surrounding transaction is committed; not if it is rolled back."""
    transaction.on_commit(lambda: announce(user_id, event))
