"""The one HTTP client that calls receivers, which are taken for hostile.

No redirects, proxies, compression or cookies; a deadline for everything; of the answer, status and
a kilobyte are read. The host is looked up for each connection, and the addresses that came of it
are the only ones that are connected to: see docs/decisions/0084-webhooks.md.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from apps.webhooks.constants import (
    BODY_SECONDS,
    CONNECT_SECONDS,
    KEPT_RESPONSE_BYTES,
    TOTAL_SECONDS,
    AttemptOutcome,
)
from apps.webhooks.gateway.addresses import (
    BadUrlError,
    ForbiddenAddressError,
    check_resolved,
    check_url,
)

LookUp = Callable[[str, int], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Answer:
    """How one attempt ended.

    Attributes:
        outcome: what came of it.
        status: what the receiver answered, if it did.
        response: the beginning of its body.
        duration_ms: how long it took.
    """

    outcome: AttemptOutcome
    status: int | None = None
    response: str = ""
    duration_ms: int = 0


async def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host, as the operating system knows them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class WebhookClient:
    """Posts signed messages; no connection is kept, so each one is looked up and checked."""

    def __init__(self, *, look_up: LookUp = look_up, seconds: float = TOTAL_SECONDS) -> None:
        """Prepare; nothing is opened yet.

        Args:
            look_up: finds the addresses of a host.
            seconds: deadline of the status; what follows it gets a moment of its own.
        """
        self._look_up = look_up
        self._seconds = seconds

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Make one attempt; whatever goes wrong is told by the answer."""
        began = time.monotonic()
        status, text = None, ""
        try:
            status, text = await self._post(check_url(url), body, headers)
            outcome = AttemptOutcome.ACCEPTED if 200 <= status < 300 else AttemptOutcome.REFUSED
        except TimeoutError:
            outcome = AttemptOutcome.TIMED_OUT
        except (aiohttp.ClientError, OSError, BadUrlError) as error:
            outcome = _failure(error)
        return Answer(outcome, status, text, round((time.monotonic() - began) * 1000))

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(self._look_up),
            use_dns_cache=False,
            force_close=True,
            socket_factory=_checked_socket,
        )
        async with aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
            auto_decompress=False,
            trust_env=False,
            headers={
                "Accept-Encoding": "identity",
                "Content-Type": "application/json",
                "User-Agent": "Parley-Webhooks",
            },
        ) as session:
            async with asyncio.timeout(self._seconds):
                response = await session.post(
                    url, data=body, headers=headers, allow_redirects=False
                )
            async with response:
                return response.status, await _beginning(response)


class _Pinned(AbstractResolver):
    """Looks a host up and refuses it if any of its addresses is inside a network."""

    def __init__(self, find: LookUp) -> None:
        self._find = find

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses to connect to.

        Raises:
            ForbiddenAddressError: one of them is never called.
        """
        del family
        addresses = await self._find(host, port)
        check_resolved(addresses)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Close nothing."""


def _checked_socket(info: tuple[Any, ...]) -> socket.socket:
    """Make the socket for an address, the last moment at which it can be refused."""
    family, kind, protocol, _, address = info
    check_resolved([str(address[0])])
    return socket.socket(family=family, type=kind, proto=protocol)


async def _beginning(response: aiohttp.ClientResponse) -> str:
    """Read the beginning of an answer, as text that can be stored; the rest is never read.

    The status has said everything: a body that does not come changes nothing.
    """
    kept = b""
    with suppress(TimeoutError, aiohttp.ClientError, OSError):
        async with asyncio.timeout(BODY_SECONDS):
            while len(kept) < KEPT_RESPONSE_BYTES:
                part = await response.content.read(KEPT_RESPONSE_BYTES - len(kept))
                if not part:
                    break
                kept += part
    return kept.decode(errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _failure(error: BaseException) -> AttemptOutcome:
    """Name what went wrong, from a chain of errors whose words may quote the receiver."""
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, ForbiddenAddressError | BadUrlError):
            return AttemptOutcome.FORBIDDEN
        current = current.__cause__ or current.__context__
    if isinstance(error, aiohttp.ServerTimeoutError):
        return AttemptOutcome.TIMED_OUT
    return AttemptOutcome.UNREACHABLE
