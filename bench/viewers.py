"""The people: raw connections that cost as little as possible, so that the servers are measured.

A viewer only notes bytes and the time of their arrival; they are read as text after the run.
"""

import asyncio
import base64
import os
import time
from dataclasses import dataclass, field
from typing import cast

import orjson

from bench.formats import EventReader, FrameParser, ResponseParser, read_parley, take
from bench.work import Seen

END_OF_BODY = b"0\r\n\r\n"
END_FRAME = b'"type":"reply.finished"'
ERROR_FRAME = b'"type":"error"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where and how one viewer asks.

    Attributes:
        port: on this machine.
        path: of the request or socket.
        headers: beyond Host and length.
        is_socket: whether it is a WebSocket that stands before the message is sent.
        body: what carries the message, as JSON; `MESSAGE` and `MESSAGE_ID` stand for it.
        read: how the events of a stream are read.
    """

    port: int
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    is_socket: bool = False
    body: dict[str, object] = field(default_factory=dict)
    read: EventReader = read_parley


MESSAGE = "{message}"
MESSAGE_ID = "{message_id}"


class Viewer(asyncio.Protocol):
    """One person at one door."""

    def __init__(self, door: Door, message: str) -> None:
        self.door = door
        self.seen = Seen(message)
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrivals: list[tuple[float, bytes]] = []
        self._tail = b""
        self._transport: asyncio.Transport | None = None

    async def open(self) -> None:
        """Open the socket; a plain request is opened when it is sent."""
        if self.door.is_socket:
            await self._connect()
            self._write(self._handshake())
            await self.opened
            self._arrivals.clear()

    async def ask(self) -> None:
        """Send the message and wait for the end of its answer."""
        if not self.door.is_socket:
            await self._connect()
        payload = orjson.dumps(self._fill(self.door.body))
        self.seen.sent_at = time.monotonic()
        self._write(_masked(payload) if self.door.is_socket else self._request(payload))
        await self.ended

    def close(self) -> None:
        """Let go of the connection."""
        if self._transport is not None:
            self._transport.abort()

    def read(self) -> Seen:
        """Return what was seen, after the run."""
        if self.door.is_socket:
            self._read_frames()
        else:
            parser = ResponseParser(self.door.read)
            for when, data in self._arrivals:
                for piece in parser.feed(data):
                    take(self.seen, when, piece)
        if self.seen.ended_at is None:
            self.seen.problem = self.seen.problem or "no end"
        return self.seen

    def _read_frames(self) -> None:
        parser = FrameParser()
        for when, data in self._arrivals:
            for opcode, payload in parser.feed(data):
                piece = read_parley("", payload) if opcode == 1 else None
                if piece is not None:
                    take(self.seen, when, piece)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Note what arrived and when; nothing else happens during a run."""
        self._arrivals.append((time.monotonic(), data))
        self._tail = self._tail[-64:] + data
        if not self.door.is_socket:
            if self._tail.endswith(END_OF_BODY):
                self._finish()
        elif not self.opened.done():
            if b"\r\n\r\n" in self._tail:
                self.opened.set_result(None)
        elif END_FRAME in self._tail or ERROR_FRAME in self._tail:
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that ends early ends the answer."""
        if not self.opened.done():
            self.opened.set_result(None)
        self._finish()

    def _finish(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, "127.0.0.1", self.door.port)

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def _fill(self, value: object) -> object:
        if isinstance(value, str):
            identity = "-".join(self.seen.message.split())
            return value.replace(MESSAGE, self.seen.message).replace(MESSAGE_ID, identity)
        if isinstance(value, dict):
            return {key: self._fill(one) for key, one in value.items()}
        return [self._fill(one) for one in value] if isinstance(value, list) else value

    def _request(self, payload: bytes) -> bytes:
        lines = [
            f"POST {self.door.path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.door.port}",
            "Content-Type: application/json",
            "Accept: text/event-stream",
            f"Content-Length: {len(payload)}",
            *(f"{name}: {value}" for name, value in self.door.headers.items()),
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + payload

    def _handshake(self) -> bytes:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {self.door.path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.door.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            *(f"{name}: {value}" for name, value in self.door.headers.items()),
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"


def _masked(payload: bytes) -> bytes:
    """Return a client's text frame; a mask of zeros is valid and costs nothing."""
    head = b"\x81"
    if len(payload) < 126:
        return head + bytes([128 | len(payload)]) + bytes(4) + payload
    return head + bytes([128 | 126]) + len(payload).to_bytes(2, "big") + bytes(4) + payload
