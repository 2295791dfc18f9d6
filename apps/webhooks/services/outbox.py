"""The one function by which other apps tell programs elsewhere of a fact."""

from __future__ import annotations

from collections.abc import Mapping

from apps.webhooks import statements
from apps.webhooks.constants import EventType

Value = str | int | float | bool | None


def emit(event_type: EventType, data: Mapping[str, Value]) -> None:
    """Note a fact in the transaction that makes it: both are stored or neither.

    It is one statement, which finds out itself whether anybody listens. Statements that are made a
    thousand times a minute take `statements.noted` into themselves instead.

    Args:
        event_type: what happened.
        data: numbers and words about it; never what a person or a model wrote.
    """
    statements.note(event_type=event_type, data=data)
