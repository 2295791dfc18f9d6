"""The index of words: what fills it, and what is found in it; see docs/decisions/0090."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from apps.conversations import constants

SETTLED_SECONDS = 60
MAX_AHEAD = 100_000

_LIVE = [state.value for state in constants.LIVE_STATES]

_LOCK_PROGRESS = """
    WITH made AS (
        INSERT INTO conversations_searchprogress (id, through_id) VALUES (1, 0)
        ON CONFLICT (id) DO NOTHING
    )
    SELECT through_id FROM conversations_searchprogress WHERE id = 1 FOR UPDATE SKIP LOCKED
"""

_MISSING = """
    SELECT message.id, conversation.owner_id, message.content
    FROM conversations_message AS message
    JOIN conversations_conversation AS conversation ON conversation.id = message.conversation_id
    LEFT JOIN conversations_reply AS reply ON reply.message_id = message.id
    LEFT JOIN conversations_searchentry AS entry ON entry.message_id = message.id
    WHERE message.id > %(through_id)s AND entry.message_id IS NULL
        AND (reply.state IS NULL OR reply.state <> ALL(%(live)s))
    ORDER BY message.id
    LIMIT %(limit)s
"""

_STORE = """
    INSERT INTO conversations_searchentry (message_id, words)
    SELECT fresh.id, array_to_tsvector(string_to_array(fresh.words, ' '))
    FROM unnest(%(ids)s::bigint[], %(words)s::text[]) AS fresh (id, words)
    JOIN conversations_message AS message ON message.id = fresh.id
    ON CONFLICT (message_id) DO {on_conflict}
"""
_ADD = _STORE.format(on_conflict="NOTHING")
_REPLACE = _STORE.format(on_conflict="UPDATE SET words = excluded.words")

_ADVANCE = """
    UPDATE conversations_searchprogress
    SET through_id = greatest(through_id, settled.id)
    FROM (
        SELECT coalesce(min(id) FILTER (WHERE is_open) - 1, max(id)) AS id
        FROM (
            SELECT message.id,
                entry.message_id IS NULL
                OR message.created_at > statement_timestamp() - %(settled)s * interval '1 second'
                AS is_open
            FROM conversations_message AS message
            LEFT JOIN conversations_searchentry AS entry ON entry.message_id = message.id
            WHERE message.id > %(through_id)s
            ORDER BY message.id
            LIMIT %(ahead)s
        ) AS following
    ) AS settled
    WHERE conversations_searchprogress.id = 1
"""

_FIND = """
    WITH found AS MATERIALIZED (
        SELECT message_id FROM conversations_searchentry
        WHERE words @@ %(query)s::tsquery
            AND (%(before)s::bigint IS NULL OR message_id < %(before)s)
    ), nearest AS MATERIALIZED (
        SELECT message_id FROM found ORDER BY message_id DESC LIMIT %(looked_at)s
    )
    SELECT
        nearest.message_id,
        message.id IS NOT NULL AND conversation.id IS NOT NULL AS is_shown,
        message.conversation_id, conversation.title, message.role, message.content,
        message.created_at
    FROM nearest
    LEFT JOIN conversations_reply AS reply ON reply.message_id = nearest.message_id
    LEFT JOIN conversations_message AS message
        ON message.id = nearest.message_id AND message.is_current AND message.hidden_at IS NULL
        AND reply.state IS DISTINCT FROM %(withheld)s
    LEFT JOIN conversations_conversation AS conversation
        ON conversation.id = message.conversation_id AND conversation.owner_id = %(viewer_id)s
        AND conversation.deleted_at IS NULL AND conversation.origin = %(origin)s
    ORDER BY nearest.message_id DESC
"""


class Missing(NamedTuple):
    """A message that is not in the index yet, with whose conversation it is in."""

    id: int
    owner_id: int
    content: str


class Found(NamedTuple):
    """A message with the searched words; only an `is_shown` one may be told of."""

    message_id: int
    is_shown: bool
    conversation_id: int
    title: str
    role: str
    content: str
    created_at: datetime


def lock_progress() -> int | None:
    """Return how far the index goes, locked; None while another worker fills it."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_PROGRESS)
        row = cursor.fetchone()
        if row is None:
            # The row that this statement made is seen by the next one.
            cursor.execute(_LOCK_PROGRESS)
            row = cursor.fetchone()
    return row[0] if row is not None else None


def find_missing(*, through_id: int, limit: int) -> list[Missing]:
    """Return the oldest messages that have an end and are not in the index."""
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, {"through_id": through_id, "limit": limit, "live": _LIVE})
        return [Missing(*row) for row in cursor.fetchall()]


def store_words(entries: Sequence[tuple[int, Sequence[str]]], *, is_newer: bool = False) -> None:
    """Put messages into the index.

    Args:
        entries: message and its words.
        is_newer: whether the words take the place of what the index has. Words that were read some
            time ago do not: staff may have changed the text meanwhile.
    """
    parameters: dict[str, Any] = {
        "ids": [number for number, _ in entries],
        "words": [" ".join(words) for _, words in entries],
    }
    with connection.cursor() as cursor:
        cursor.execute(_REPLACE if is_newer else _ADD, parameters)


def advance(*, through_id: int) -> None:
    """Note how far every message is in the index.

    A message younger than a minute is not passed: one with a smaller number may still be on its
    way in another transaction.
    """
    parameters = {"through_id": through_id, "settled": SETTLED_SECONDS, "ahead": MAX_AHEAD}
    with connection.cursor() as cursor:
        cursor.execute(_ADVANCE, parameters)


def find(*, viewer_id: int, query: str, before: int | None, looked_at: int) -> list[Found]:
    """Return the newest messages with the searched words, shown or not.

    Args:
        viewer_id: whose; the query names them too.
        query: words in PostgreSQL's notation.
        before: only messages with a smaller number.
        looked_at: at most this many.
    """
    parameters: dict[str, Any] = {
        "viewer_id": viewer_id,
        "query": query,
        "before": before,
        "looked_at": looked_at,
        "withheld": constants.ReplyState.WITHHELD.value,
        "origin": constants.Origin.CHAT.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FIND, parameters)
        return [Found(*row) for row in cursor.fetchall()]
