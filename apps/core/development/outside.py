"""Parts that a person brings along: whether they answer is said before anything begins."""

import os
import socket
from urllib.parse import urlsplit

import psycopg
import redis

from apps.core.development.console import Console
from apps.core.development.environment import Wanted
from apps.core.development.errors import DevelopmentError

ANSWER_SECONDS = 5
DEFAULT_PORTS = {"http": 80, "https": 443}


def check_outside_parts(wanted: Wanted, console: Console) -> None:
    """Try the servers that variables name in the place of the embedded ones.

    A model server may come later: where it does not answer, that is only said.

    Raises:
        DevelopmentError: the database or the Redis-protocol server does not answer.
    """
    if not wanted.postgres:
        _try_postgres(os.environ["DATABASE_URL"])
    if not wanted.redis:
        _try_redis(os.environ["REDIS_URL"])
    if wanted.model and os.environ.get("OPENAI_MODEL"):
        console.warning(
            "OPENAI_MODEL is not used: the included model answers. "
            "Set OPENAI_BASE_URL or OPENAI_API_KEY too."
        )
    address = os.environ.get("OPENAI_BASE_URL", "")
    if not wanted.model and address and not _is_open(address):
        console.warning(
            f"Nothing answers at {_place(address)} yet. Answers will fail until it does; "
            "see OPENAI_BASE_URL."
        )


def _try_postgres(address: str) -> None:
    try:
        psycopg.connect(address, connect_timeout=ANSWER_SECONDS).close()
    except psycopg.Error as error:
        why = (str(error).splitlines() or ["no reason given"])[0].rstrip(".")
        raise DevelopmentError(
            f"PostgreSQL at {_place(address)} cannot be used: {why}. "
            "Check DATABASE_URL, or leave it out for the server that is included."
        ) from error


def _try_redis(address: str) -> None:
    try:
        redis.from_url(address, socket_connect_timeout=ANSWER_SECONDS).ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise DevelopmentError(
            f"The Redis-protocol server at {_place(address)} cannot be used: "
            f"{str(error).rstrip('.')}. "
            "Check REDIS_URL, or leave it out for the server that is included."
        ) from error


def _is_open(address: str) -> bool:
    parts = urlsplit(address)
    try:
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 443)
        socket.create_connection((parts.hostname or "", port), timeout=ANSWER_SECONDS).close()
    except (OSError, ValueError):
        return False
    return True


def _place(address: str) -> str:
    """Return an address without names and passwords."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
