"""SQL by hand: a fact is noted for whoever listens, and due deliveries are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection
from psycopg.types.json import Jsonb

from apps.core.postgresql.statements import Statement
from apps.webhooks.constants import (
    ADDING_KEY,
    CHANNEL,
    LEASE_SECONDS,
    MAX_AT_ONCE_PER_ENDPOINT,
    NOTED_DAYS,
    REST_AFTER_FAILURES,
    DeliveryState,
    EventType,
)

_IS_TOLD = f"""
    endpoint.removed_at IS NULL AND (
        endpoint.is_enabled
        OR endpoint.failing_since > statement_timestamp() - interval '{NOTED_DAYS} days'
    )
"""
"""Whether something is noted for an endpoint: while it is on, and for as long as events are kept
where it was not switched off by staff, which ends `failing_since`, but by its failures."""


def noted(*, event_type: str, source: str, data: str) -> str:
    """Return parts of a WITH clause that note a fact for each endpoint that listens to it.

    It joins the statement that makes the fact, so that telling costs no round trip, and nothing but
    one look at a handful of rows where nobody listens.

    Args:
        event_type: SQL of the type, as text.
        source: name of the part of the WITH clause that has one row for each fact.
        data: SQL of the fact as jsonb, over the columns of `source`.
    """
    listens = f"{_IS_TOLD} AND {event_type} = ANY(endpoint.event_types)"
    return f"""
    webhook_event AS (
        INSERT INTO webhooks_webhookevent (id, type, data, created_at)
        SELECT gen_random_uuid(), {event_type}, {data}, statement_timestamp()
        FROM {source}
        WHERE EXISTS (SELECT FROM webhooks_webhookendpoint AS endpoint WHERE {listens})
        RETURNING id, created_at
    ), webhook_delivery AS (
        INSERT INTO webhooks_webhookdelivery (
            event_id, endpoint_id, state, tries, next_at, created_at
        )
        SELECT
            event.id, endpoint.id, '{DeliveryState.PENDING}', 0, event.created_at, event.created_at
        FROM webhook_event AS event CROSS JOIN webhooks_webhookendpoint AS endpoint
        WHERE {listens}
        RETURNING pg_notify('{CHANNEL}', '')
    )"""  # noqa: S608  text of ours


def literal(event_type: EventType) -> str:
    """Return an event's type as SQL."""
    return f"'{event_type}'::text"


_FACT = noted(event_type="%(type)s::text", source="fact", data="fact.data")
_NOTE = Statement(
    f"""
    WITH fact AS (SELECT %(data)s::jsonb AS data), {_FACT}
    SELECT count(*) FROM webhook_delivery
    """  # noqa: S608  text of ours
)


def note(*, event_type: EventType, data: Mapping[str, Any]) -> int:
    """Note one fact; returns how many endpoints will be told."""
    row = _NOTE.row(type=event_type.value, data=Jsonb(dict(data), orjson.dumps))
    return int(row[0]) if row is not None else 0


_WAKE = Statement(f"SELECT pg_notify('{CHANNEL}', '')")


def wake() -> None:
    """Tell workers at the commit that a delivery is due."""
    _WAKE.run()


class Due(NamedTuple):
    """A delivery that this process holds for the length of a lease."""

    delivery_id: int
    endpoint_id: int
    tries: int
    event_id: UUID
    type: str
    data: dict[str, Any]
    created_at: datetime
    url: str
    secrets: list[str]


_TAKE = f"""
    WITH due AS (
        SELECT picked.id
        FROM webhooks_webhookendpoint AS endpoint
        CROSS JOIN LATERAL (
            SELECT id FROM webhooks_webhookdelivery
            WHERE endpoint_id = endpoint.id AND state = %(pending)s
                AND next_at <= statement_timestamp()
            ORDER BY next_at
            LIMIT CASE WHEN endpoint.failures < {REST_AFTER_FAILURES} THEN %(at_once)s ELSE 1 END
            FOR UPDATE SKIP LOCKED
        ) AS picked
        WHERE endpoint.is_enabled AND endpoint.id <> ALL(%(busy)s)
            AND (endpoint.rests_until IS NULL OR endpoint.rests_until <= statement_timestamp())
    )
    UPDATE webhooks_webhookdelivery AS delivery
    SET tries = delivery.tries + 1,
        next_at = statement_timestamp() + interval '{LEASE_SECONDS} seconds'
    FROM due, webhooks_webhookevent AS event, webhooks_webhookendpoint AS endpoint
    WHERE delivery.id = due.id AND event.id = delivery.event_id
        AND endpoint.id = delivery.endpoint_id
    RETURNING
        delivery.id, delivery.endpoint_id, delivery.tries, event.id, event.type, event.data,
        event.created_at, endpoint.url,
        CASE WHEN endpoint.former_until > statement_timestamp()
            THEN ARRAY[endpoint.sealed_secret, endpoint.former_secret]
            ELSE ARRAY[endpoint.sealed_secret] END
"""  # noqa: S608  text of ours


def take(*, busy: Sequence[int]) -> list[Due]:
    """Take what is due, a few for each endpoint, for the length of a lease.

    A slow receiver holds up nobody else: what waits for others is taken beside it. Of one that
    refuses all, one at a time is taken, and none while it rests. A process that
    dies leaves its deliveries to whoever looks after the lease.

    Args:
        busy: endpoints that this process is telling of something already.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE,
            {
                "pending": DeliveryState.PENDING,
                "at_once": MAX_AT_ONCE_PER_ENDPOINT,
                "busy": list(busy),
            },
        )
        return [Due(*_parsed(row)) for row in cursor.fetchall()]


def _parsed(row: Sequence[Any]) -> list[Any]:
    values = list(row)
    if isinstance(values[5], str):
        values[5] = orjson.loads(values[5])
    return values


_PRUNE = Statement(
    """
    WITH old AS (
        SELECT id FROM webhooks_webhookevent WHERE created_at < %(before)s
        ORDER BY created_at LIMIT %(limit)s
    ), attempts AS (
        DELETE FROM webhooks_webhookattempt USING webhooks_webhookdelivery AS delivery
        WHERE delivery.id = webhooks_webhookattempt.delivery_id
            AND delivery.event_id IN (SELECT id FROM old)
    ), deliveries AS (
        DELETE FROM webhooks_webhookdelivery WHERE event_id IN (SELECT id FROM old)
    )
    DELETE FROM webhooks_webhookevent WHERE id IN (SELECT id FROM old)
    """
)


def prune(*, before: datetime, limit: int) -> int:
    """Remove events of before a moment with all that was tried; returns how many."""
    return _PRUNE.run(before=before, limit=limit)


_TAKE_TURNS = Statement("SELECT pg_advisory_xact_lock(%(key)s)")


def take_turns_to_add() -> None:
    """Let nobody else add a webhook until the transaction ends, so that their number is true."""
    _TAKE_TURNS.rows(key=ADDING_KEY)
