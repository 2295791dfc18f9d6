"""Hashing passwords: slow on purpose, so it has threads of its own and never a database's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from django.contrib.auth.hashers import check_password, make_password

T = TypeVar("T")

THREADS = 2


async def verify(password: str, encoded: str | None) -> bool:
    """Tell whether a password is the one that was hashed.

    Args:
        password: what was given.
        encoded: the hash; None costs as much time as a wrong password and is never right.
    """
    if encoded is None:
        await hashed(password)
        return False
    stored = encoded
    return await _in_threads_of_its_own(lambda: check_password(password, stored))


async def hashed(password: str) -> str:
    """Return what is stored of a password."""
    return await _in_threads_of_its_own(lambda: make_password(password))


async def _in_threads_of_its_own(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads(), work)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
