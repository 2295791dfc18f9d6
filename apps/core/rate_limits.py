"""How often somebody may do something: one atomic step in Redis, and a local one while it is away.

The algorithm is the generic cell rate algorithm: a limit of N in a window lets N through at once
and then one every window / N. It keeps one number for each caller, decides and counts in one
script, and knows without a second question how much is left. See docs/decisions/0031.
"""

import hashlib
import logging
import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from redis.commands.core import AsyncScript

from apps.core import limits
from apps.core.errors import RateLimitedError
from apps.core.limits import Limit
from apps.core.logging import log_event
from apps.core.redis import RedisFailure, redis_client

logger = logging.getLogger(__name__)

PERIOD_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
REDIS_PAUSE_SECONDS = 2.0
MAX_LOCAL_CALLERS = 10_000
KEY_PREFIX = "parley:rate:"

SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local step = tonumber(ARGV[1])
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
if full_at < now then full_at = now end
local after = full_at + step
local earliest = after - step * tonumber(ARGV[2])
if earliest > now then
  return {0, 0, math.ceil(earliest - now), math.ceil(full_at - now)}
end
redis.call('SET', KEYS[1], string.format('%.3f', after), 'PX', math.ceil(after - now))
return {1, math.floor((now - earliest) / step + 0.000001), 0, math.ceil(after - now)}
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many times in a window of so many seconds."""

    limit: int
    seconds: int


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """Where a caller stands after one more request.

    Attributes:
        scope: what is limited.
        rate: the limit.
        is_allowed: whether this request may go on.
        remaining: how many more may follow at once.
        retry_after_seconds: when the next one may come; 0 if at once.
        reset_after_seconds: when the whole limit is free again.
    """

    scope: str
    rate: Rate
    is_allowed: bool
    remaining: int
    retry_after_seconds: int
    reset_after_seconds: int

    @property
    def limit(self) -> Limit:
        """The status as headers tell it."""
        return Limit(
            self.scope,
            "requests",
            self.rate.limit,
            self.rate.seconds,
            self.remaining,
            self.reset_after_seconds,
        )


class TooManyRequestsError(RateLimitedError):
    """A caller passed a limit; carries where they stand.

    Attributes:
        status: the caller's standing.
    """

    def __init__(self, status: RateLimitStatus) -> None:
        super().__init__(retry_after_seconds=status.retry_after_seconds)
        self.status = status


def parse_rate(text: str) -> Rate:
    """Read a limit such as `600/minute`.

    Raises:
        ValueError: it is not `<number>/<second, minute, hour or day>`.
    """
    count, _, period = text.partition("/")
    if period not in PERIOD_SECONDS or not count.isdecimal() or int(count) < 1:
        msg = f"{text!r} is not a limit. Write for example 600/minute."
        raise ValueError(msg)
    return Rate(limit=int(count), seconds=PERIOD_SECONDS[period])


async def check(scope: str, identity: str, rate: str) -> RateLimitStatus:
    """Count one request and refuse it when the caller passed the limit; its answer will tell so.

    Args:
        scope: what is limited, for example `api` or `chat`.
        identity: who is calling: `user:<id>`, or `address:<address>`.
        rate: the limit, such as `600/minute`.

    Returns:
        Where the caller stands.

    Raises:
        TooManyRequestsError: the limit is passed; a `RateLimitedError`.
    """
    status = await count(scope, identity, parse_rate(rate))
    limits.tell(status.limit)
    if not status.is_allowed:
        raise TooManyRequestsError(status)
    return status


async def count(scope: str, identity: str, rate: Rate) -> RateLimitStatus:
    """Count one request, and tell where the caller stands."""
    key = _key(scope, identity)
    now = time.monotonic()
    result = None
    if now >= _redis_pause.until:
        result = await _count_in_redis(key, rate)
    if result is None:
        result = local_counter.count(key, rate, now=time.time() * 1000)
    allowed, remaining, wait_ms, reset_ms = (int(value) for value in result)
    return RateLimitStatus(
        scope=scope,
        rate=rate,
        is_allowed=bool(allowed),
        remaining=remaining,
        retry_after_seconds=math.ceil(wait_ms / 1000),
        reset_after_seconds=math.ceil(reset_ms / 1000),
    )


async def _count_in_redis(key: str, rate: Rate) -> Any | None:  # noqa: ANN401
    try:
        script = AsyncScript(await redis_client(), SCRIPT)
        return await script(keys=[key], args=[rate.seconds * 1000 / rate.limit, rate.limit])
    except RedisFailure as error:
        _redis_pause.until = time.monotonic() + REDIS_PAUSE_SECONDS
        log_event(
            logger,
            "RATE_LIMIT_WITHOUT_REDIS",
            level=logging.WARNING,
            error_class=type(error).__name__,
        )
        return None


def _key(scope: str, identity: str) -> str:
    digest = hashlib.blake2b(f"{scope}\0{identity}".encode(), digest_size=16).hexdigest()
    return f"{KEY_PREFIX}{digest}"


class LocalCounter:
    """The same algorithm in this process, for the time that Redis is away; bounded in memory."""

    def __init__(self) -> None:
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def count(self, key: str, rate: Rate, *, now: float) -> tuple[int, int, float, float]:
        """Count one request at a time in milliseconds.

        Returns:
            Whether it may go on, how many remain, and how long until the next and until all.
        """
        step = rate.seconds * 1000 / rate.limit
        full_at = max(self._full_at.pop(key, now), now)
        after = full_at + step
        earliest = after - step * rate.limit
        is_allowed = earliest <= now
        self._full_at[key] = after if is_allowed else full_at
        while len(self._full_at) > MAX_LOCAL_CALLERS:
            self._full_at.popitem(last=False)
        if not is_allowed:
            return 0, 0, math.ceil(earliest - now), math.ceil(full_at - now)
        return 1, math.floor((now - earliest) / step + 1e-6), 0, math.ceil(after - now)

    def __len__(self) -> int:
        return len(self._full_at)

    def clear(self) -> None:
        """Forget everybody."""
        self._full_at.clear()


@dataclass(slots=True)
class _Pause:
    until: float = 0.0


_redis_pause = _Pause()
local_counter = LocalCounter()
