"""How PostgreSQL and Redis are reached, from their addresses."""

from collections.abc import Mapping
from typing import Any

Config = dict[str, dict[str, Any]]


def databases_of(config: Mapping[str, Any], *, pool_size: int | None) -> Config:
    """Return the one database.

    Args:
        config: address, name and options, as read from DATABASE_URL.
        pool_size: most connections of a process; None for connections without a pool.
    """
    pool = {"min_size": 1, "max_size": pool_size, "timeout": 5, "reconnect_timeout": 5}
    return {
        "default": {
            **config,
            "ENGINE": "apps.core.postgresql",
            "CONN_MAX_AGE": 0,
            "CONN_HEALTH_CHECKS": False,
            "OPTIONS": {
                **config.get("OPTIONS", {}),
                "application_name": "parley",
                "prepare_threshold": 5,
                **({} if pool_size is None else {"pool": pool}),
            },
        }
    }


def caches_of(redis_url: str, *, seconds: int) -> Config:
    """Return the cache, which is Redis and may be away.

    Args:
        redis_url: where it is.
        seconds: how long something is kept where nothing else is said.
    """
    return {
        "default": {
            "BACKEND": "apps.core.cache.HintCache",
            "LOCATION": redis_url,
            "TIMEOUT": seconds,
            "KEY_PREFIX": "parley",
            "OPTIONS": {
                "IGNORE_EXCEPTIONS": True,
                "LOCAL_KEY_PREFIX": "allauth:rl:",
                "SOCKET_CONNECT_TIMEOUT": 1,
                "SOCKET_TIMEOUT": 1,
            },
        }
    }


def channel_layers_of(redis_url: str) -> Config:
    """Return the layer by which processes tell each other coarse facts."""
    return {
        "default": {
            "BACKEND": "apps.core.realtime.layer.HintLayer",
            "CONFIG": {"hosts": [redis_url], "prefix": "parley"},
        }
    }
