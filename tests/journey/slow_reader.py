"""A client of the socket that takes nothing off the wire."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
from typing import Any, Self

import orjson

from tests.journey.person import Person

RECEIVE_BYTES = 4_096


class SlowReader:
    """Opens the chat socket by hand, and reads nothing after the handshake."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        connection.setblocking(False)
        port = self._person.site.web.port
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        reader, self._writer = await asyncio.open_connection(sock=connection, limit=RECEIVE_BYTES)
        key = base64.b64encode(os.urandom(16)).decode()
        token = self._person.headers["Authorization"]
        self._writer.write(
            f"GET /ws/chat/ HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: {token}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head
        return self

    async def send(self, frame: dict[str, Any]) -> None:
        """Write one frame; gives up where the server takes no more."""
        data = orjson.dumps(frame)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        assert len(data) < 126
        assert self._writer is not None
        self._writer.write(bytes([0x81, 0x80 | len(data)]) + mask + masked)
        try:
            async with asyncio.timeout(0.5):
                await self._writer.drain()
        except TimeoutError:
            return

    async def __aexit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
