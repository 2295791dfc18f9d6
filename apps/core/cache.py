"""Redis as a cache that may be away: no page waits for it again and again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from django_redis.exceptions import ConnectionInterrupted

from apps.core.logging import log_event

logger = logging.getLogger(__name__)

T = TypeVar("T")

PAUSE_SECONDS = 2.0
MAX_LOCAL_ENTRIES = 10_000


@dataclass(slots=True)
class _Pause:
    until: float = 0.0


_pause = _Pause()


class HintCache(RedisCache):  # type: ignore[misc]
    """Keeps in this process what begins with the option LOCAL_KEY_PREFIX while Redis is away.

    Everything else is not cached meanwhile: a session that was signed out on another process must
    never be found here. After a failure Redis is left alone for a moment, so that a page does not
    wait for it at each of its steps.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._local_prefix = params["OPTIONS"]["LOCAL_KEY_PREFIX"]
        self._local = LocMemCache("hints", {"OPTIONS": {"MAX_ENTRIES": MAX_LOCAL_ENTRIES}})

    def get(
        self,
        key: str,
        default: object = None,
        version: int | None = None,
        client: object = None,
    ) -> Any:  # noqa: ANN401
        """Return what is stored, or the default."""
        return self._ask(
            key,
            lambda: self.client.get(key, default=default, version=version, client=client),
            lambda: self._local.get(key, default, version),
            default,
        )

    def set(
        self,
        key: str,
        value: object,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        """Store a value."""
        self._ask(
            key,
            lambda: self.client.set(key, value, timeout=timeout, version=version),
            lambda: self._local.set(key, value, timeout, version),
            None,
        )

    def add(
        self,
        key: str,
        value: object,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Store a value unless there is one; tells whether it was stored."""
        return bool(
            self._ask(
                key,
                lambda: self.client.add(key, value, timeout=timeout, version=version),
                lambda: self._local.add(key, value, timeout, version),
                False,  # noqa: FBT003
            )
        )

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget a value; tells whether there was one."""
        return bool(
            self._ask(
                key,
                lambda: self.client.delete(key, version=version),
                lambda: self._local.delete(key, version),
                False,  # noqa: FBT003
            )
        )

    def _ask(
        self, key: str, ask_redis: Callable[[], T], ask_process: Callable[[], T], otherwise: T
    ) -> T:
        if time.monotonic() >= _pause.until:
            try:
                return ask_redis()
            except ConnectionInterrupted as error:
                _pause.until = time.monotonic() + PAUSE_SECONDS
                kind = type(error.__cause__).__name__
                log_event(logger, "CACHE_AWAY", level=logging.WARNING, error=kind)
        return ask_process() if key.startswith(self._local_prefix) else otherwise
