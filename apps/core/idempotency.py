"""What came with an idempotency key, and what was answered to it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import timedelta

from cryptography.fernet import Fernet
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.core.errors import (
    AppError,
    IdempotencyConflictError,
    IdempotencyInProgressError,
    IdempotencyLostError,
)
from apps.core.models import IdempotentRequest

KEPT_FOR = timedelta(hours=24)
LOST_AFTER = timedelta(minutes=15)
"""No request takes so long, its answer's five minutes of waiting for PostgreSQL included."""
PURGED_AT_ONCE = 20

BEGIN = """
INSERT INTO core_idempotentrequest (caller, operation, key_hash, fingerprint, created_at)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (caller, operation, key_hash) DO UPDATE
SET fingerprint = excluded.fingerprint, created_at = excluded.created_at,
    status_code = NULL, answer = NULL
WHERE core_idempotentrequest.created_at < %s
RETURNING id
"""
PURGE = """
DELETE FROM core_idempotentrequest WHERE id IN (
    SELECT id FROM core_idempotentrequest WHERE created_at < %s
    ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED
)
"""


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request with a key.

    Attributes:
        caller: `user:<id>`, or `address:<address>` where nobody is signed in.
        operation: what is asked for.
        key: the caller's own id of the request.
        content: everything that makes it the same request: address, rights and body.
    """

    caller: str
    operation: str
    key: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered: the status, and the JSON of the data."""

    status_code: int
    data: bytes


def begin(request: KeyedRequest) -> int | Answer:
    """Note that a request came; return its number, or what it was answered when it came before.

    Raises:
        IdempotencyConflictError: the key came with another request.
        IdempotencyInProgressError: the same request has not been answered yet.
        IdempotencyLostError: it never will be; the process that had it is gone.
    """
    now = timezone.now()
    key_hash, fingerprint = _digest("key", request.key.encode()), fingerprint_of(request.content)
    named = (request.caller, request.operation, key_hash)
    with connection.cursor() as cursor:
        cursor.execute(PURGE, [now - KEPT_FOR, PURGED_AT_ONCE])
        cursor.execute(BEGIN, [*named, fingerprint, now, now - KEPT_FOR])
        inserted = cursor.fetchone()
    if inserted is not None:
        return int(inserted[0])
    known = IdempotentRequest.objects.with_key(
        caller=request.caller, operation=request.operation, key_hash=key_hash
    ).first()
    if known is not None and known.fingerprint != fingerprint:
        raise IdempotencyConflictError
    if known is None or known.status_code is None or known.answer is None:
        raise _unanswered(now - known.created_at if known is not None else timedelta())
    return Answer(known.status_code, _cipher(request.key).decrypt(bytes(known.answer)))


def _unanswered(age: timedelta) -> AppError:
    """Return what is told of a request without an answer: how long to wait, or that it is lost."""
    if age >= LOST_AFTER:
        return IdempotencyLostError()
    return IdempotencyInProgressError(retry_after_seconds=max(1, round(age.total_seconds())))


def finish(number: int, request: KeyedRequest, answer: Answer) -> None:
    """Keep what a request was answered."""
    IdempotentRequest.objects.filter(pk=number).update(
        status_code=answer.status_code, answer=_cipher(request.key).encrypt(answer.data)
    )


def forget(number: int) -> None:
    """Forget a request that was refused, so that it may come again with the same key."""
    IdempotentRequest.objects.filter(pk=number).unanswered().delete()


def fingerprint_of(content: bytes) -> str:
    """Return a word by which the same request is known again, and which tells nothing of it."""
    return _digest("body", content)


def _digest(purpose: str, value: bytes) -> str:
    key = hashlib.sha256(f"idempotency:{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return hashlib.blake2b(value, key=key, digest_size=32).hexdigest()


def _cipher(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(bytes.fromhex(_digest("answer", key.encode()))))
