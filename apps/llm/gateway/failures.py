"""Turns whatever the model server or the network does into one of a closed set of errors."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from apps.llm import errors
from apps.llm.gateway.config import MAX_RETRY_AFTER_SECONDS


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed try.

    Attributes:
        error: what the caller is told.
        is_retryable: whether the same request may succeed at once.
        retry_after: seconds that the server asked to wait.
    """

    error: errors.UpstreamError
    is_retryable: bool = False
    retry_after: float | None = None


def connection_failure(exception: Exception) -> Failure:
    """Return what a failure before the response's head means."""
    match exception:
        case TimeoutError():
            return Failure(errors.UpstreamTimeoutError())
        case aiohttp.ClientConnectorCertificateError():
            return Failure(errors.UpstreamUnreachableError())
        case aiohttp.ClientConnectorError():
            return Failure(errors.UpstreamUnreachableError(), is_retryable=True)
        case aiohttp.ClientConnectionError() | OSError():
            return Failure(errors.UpstreamCutError(), is_retryable=True)
        case _:
            return Failure(errors.UpstreamInvalidError())


def reading_failure(exception: Exception) -> errors.UpstreamError:
    """Return what a failure in the response's body means."""
    match exception:
        case errors.UpstreamError():
            return exception
        case aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError() | OSError():
            return errors.UpstreamCutError()
        case _:
            return errors.UpstreamInvalidError()


def response_failure(response: aiohttp.ClientResponse) -> Failure | None:
    """Return what is wrong with a response's head; None if an event stream follows."""
    failure = answer_failure(response)
    if failure is None and response.content_type != "text/event-stream":
        return Failure(errors.UpstreamInvalidError())
    return failure


def answer_failure(response: aiohttp.ClientResponse) -> Failure | None:
    """Return what is wrong with a response's head, whatever its type; None if it can be read."""
    if response.status != 200:
        return _status_failure(response.status, response.headers.get("Retry-After"))
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        return Failure(errors.UpstreamInvalidError())
    return None


def _status_failure(status: int, header: str | None) -> Failure:
    wait = read_retry_after(header)
    seconds = None if wait is None else math.ceil(wait)
    if status in (401, 403):
        return Failure(errors.UpstreamUnauthorizedError())
    if status == 429:
        limited = errors.UpstreamRateLimitedError(retry_after_seconds=seconds)
        return Failure(limited, is_retryable=True, retry_after=wait)
    if status >= 500:
        failed = errors.UpstreamError.unspent()
        failed.retry_after_seconds = seconds
        return Failure(failed, is_retryable=True, retry_after=wait)
    if 300 <= status < 500:
        return Failure(errors.UpstreamRejectedError())
    return Failure(errors.UpstreamInvalidError())


def read_retry_after(header: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, capped; None if it names none."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            moment = parsedate_to_datetime(header)
        except (ValueError, OverflowError):
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
