from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

TEXT_CHANNEL = "parley:text"
CONTROL_CHANNEL = "parley:control"
MISSED_CHANNEL = "parley:missed"


def connect_redis(*, socket_timeout_seconds: float | None = 2.0) -> Redis:
    """Open a client of the shared Redis for the running event loop; the caller closes it.

    Args:
        socket_timeout_seconds: limit of one answer; None for a connection that only listens.
    """
    client: Redis = Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=2.0,
        socket_timeout=socket_timeout_seconds,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )
    return client


def live_text_key(reply_id: int) -> str:
    """Name the key under which the text of a running answer grows."""
    return f"parley:live:{reply_id}"
