"""The caller's own id for what it does: sending the same again does nothing twice."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec

from django.http import HttpRequest
from ninja.params.functions import Header

from apps.core import db, idempotency
from apps.core.api.responses import add_header
from apps.core.errors import FieldProblem, ValidationFailedError
from apps.core.idempotency import Answer, KeyedRequest
from apps.core.logging import log_event

P = ParamSpec("P")
logger = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
WRITE_RETRY_SECONDS = 0.5
WRITE_ATTEMPTS = 600
PATTERN = r"^[\x21-\x7e]{1,64}$"
SENTENCE = "Use 1 to 64 visible ASCII characters."

IDEMPOTENCY_KEY: Any = Header(
    None,
    alias=HEADER,
    pattern=PATTERN,
    description="1 to 64 visible ASCII characters. The same key is the same message.",
)
_STREAM = "parley.kept_for_stream"
_running: set[asyncio.Task[Any]] = set()


def mark_replay(request: HttpRequest) -> None:
    """Say on the answer that nothing was created, because the key had come before."""
    add_header(request, REPLAYED_HEADER, "true")


def keep_for_stream(request: HttpRequest, value: object) -> None:
    """Say what is answered when a request comes again whose answer is a stream."""
    request.META[_STREAM] = value


def kept_for_stream(request: HttpRequest, result: object) -> object:
    """Return what an operation returned, or what it keeps in the place of a stream."""
    return request.META.get(_STREAM, result)


def key_of(request: HttpRequest) -> str | None:
    """Return the request's key, or None.

    Raises:
        ValidationFailedError: it is no key.
    """
    key = request.headers.get(HEADER)
    if key is not None and not re.fullmatch(PATTERN[1:-1], key):
        problem = FieldProblem(field=HEADER, message=SENTENCE, type="idempotency_key")
        raise ValidationFailedError(details=[problem])
    return key


def fingerprint_of(request: HttpRequest) -> str:
    """Return what a request with a key is known again by, where its operation keeps the key itself.

    It is made of address and body; a request without a key has none.
    """
    if HEADER not in request.headers:
        return ""
    return idempotency.fingerprint_of(request.get_full_path().encode() + b"\0" + request.body)


def keyed(
    request: HttpRequest, *, caller: str, operation: str, key: str, rights: str
) -> KeyedRequest:
    """Return a request as it is remembered; another address, body or rights are another request.

    An operation checks rights where it does its work, which a request that comes again never
    reaches: whoever may not do any more what they did then is told nothing of it.
    """
    parts = (request.get_full_path().encode(), rights.encode(), request.body)
    return KeyedRequest(caller, operation, key, b"\0".join(parts))


async def once(
    wanted: KeyedRequest, work: Callable[[], Awaitable[Any]], data_of: Callable[[Any], Answer]
) -> Any | Answer:  # noqa: ANN401
    """Do something once for a key, to its end even when the caller leaves meanwhile.

    Args:
        wanted: the request with its key.
        work: does it; where it raises, nothing was done, and the key may be used again.
        data_of: writes what it returned, to be kept.

    Returns:
        What `work` returned, or the `Answer` that the same request had before.

    Raises:
        IdempotencyConflictError: the key came with another request.
        IdempotencyInProgressError: the same request has not been answered yet.
        IdempotencyLostError: it never will be.
    """
    begun = await db.call(idempotency.begin, wanted)
    if isinstance(begun, Answer):
        return begun
    task = asyncio.ensure_future(_finish(begun, wanted, work, data_of))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return await asyncio.shield(task)


async def _finish(
    number: int,
    wanted: KeyedRequest,
    work: Callable[[], Awaitable[Any]],
    data_of: Callable[[Any], Answer],
) -> Any:  # noqa: ANN401
    try:
        result = await work()
        answer = data_of(result)
    except BaseException:
        await _store(idempotency.forget, number)
        raise
    await _store(idempotency.finish, number, wanted, answer)
    return result


async def _store(write: Callable[P, None], /, *args: P.args, **kwargs: P.kwargs) -> None:
    """Write how a request ended; while PostgreSQL is away it is tried again, up to five minutes.

    Raises:
        OperationalError, InterfaceError: it was away all the time.
    """
    for _ in range(WRITE_ATTEMPTS - 1):
        try:
            return await db.call(write, *args, **kwargs)
        except db.AWAY as error:
            log_event(logger, "KEY_WAITS", level=logging.WARNING, error=type(error).__name__)
            await asyncio.sleep(WRITE_RETRY_SECONDS)
    return await db.call(write, *args, **kwargs)
