"""One connection of the scripted upstream, and the book of what happened."""

import asyncio
import heapq
import itertools
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from tests.support.upstream_frames import response
from tests.support.upstream_scripts import (
    Close,
    Cut,
    Hang,
    Pace,
    Repeat,
    Script,
    Step,
    Wait,
    Write,
    plan,
    read_script,
    whole_completion,
)

_WRITES_AT_ONCE = 64
_MODELS = {"object": "list", "data": [{"id": "scripted", "object": "model", "owned_by": "tests"}]}


@dataclass(slots=True)
class SeenRequest:
    """What the upstream saw of one request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    started_at: float
    chunks_written: int = 0
    answered_at: float | None = None
    closed_by_client_at: float | None = None


class Pacer:
    """One timer for all paced streams of a loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: list[tuple[float, int, Callable[[], float | None]]] = []
        self._serial = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, when: float, act: Callable[[], float | None]) -> None:
        """Call `act` at the time; what it returns is the time of its next call."""
        heapq.heappush(self._due, (when, next(self._serial), act))
        if self._due[0][2] is act:
            self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._due:
            self._timer = self._loop.call_at(self._due[0][0], self._run)

    def _run(self) -> None:
        limit = self._loop.time() + 0.001
        while self._due and self._due[0][0] <= limit:
            _, serial, act = self._due[0]
            again = act()
            if again is None:
                heapq.heappop(self._due)
            else:
                heapq.heapreplace(self._due, (again, serial, act))
        self._timer = None
        self._arm()


@dataclass(slots=True)
class Book:
    """What happened, shared between the server's thread and the tests'."""

    requests: list[SeenRequest] = field(default_factory=list)
    open_connections: int = 0
    total_connections: int = 0
    queued: deque[Script] = field(default_factory=deque)
    default: Script = field(default_factory=Script)
    changed: threading.Condition = field(default_factory=threading.Condition)
    transports: set[asyncio.Transport] = field(default_factory=set)

    def note(self) -> None:
        """Wake whoever waits for a change."""
        with self.changed:
            self.changed.notify_all()

    async def hang_up(self) -> None:
        """Cut every connection and let the loop say so to each."""
        for transport in self.transports:
            transport.abort()
        for _ in range(3):
            await asyncio.sleep(0)

    @property
    def running(self) -> int:
        """Number of requests whose answer is neither whole nor given up by the client."""
        return sum(r.answered_at is None and r.closed_by_client_at is None for r in self.requests)


class Connection(asyncio.Protocol):
    """One connection: reads requests one after the other and plays their scripts."""

    def __init__(self, book: Book, pacer: Pacer, loop: asyncio.AbstractEventLoop) -> None:
        self._book, self._pacer, self._loop = book, pacer, loop
        self._received = b""
        self._steps: deque[Step] = deque()
        self._seen: SeenRequest | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._writable = True
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the new connection into account."""
        self._transport = transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._book.transports.add(self._transport)
        self._book.open_connections += 1
        self._book.total_connections += 1
        self._book.note()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is gone, and whether an answer was still running."""
        if self._timer is not None:
            self._timer.cancel()
        if self._seen is not None and self._seen.answered_at is None:
            self._seen.closed_by_client_at = time.monotonic()
        self._steps.clear()
        self._book.transports.discard(self._transport)
        self._seen = self._transport = None
        self._book.open_connections -= 1
        self._book.note()

    def pause_writing(self) -> None:
        """Stop repeating: the client does not read."""
        self._writable = False

    def resume_writing(self) -> None:
        """Go on repeating."""
        self._writable = True
        if self._timer is None and self._steps and isinstance(self._steps[0], Repeat):
            self._advance()

    def data_received(self, data: bytes) -> None:
        """Collect a request and start its answer."""
        self._received += data
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        request_line, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self._received = rest[length:]
        self._answer(request_line.split(" ")[1], headers, rest[:length])

    def _answer(self, path: str, headers: dict[str, str], raw: bytes) -> None:
        if path == "/v1/models":
            self._transport.write(response(200, orjson.dumps(_MODELS)))
        elif path == "/_requests":
            self._transport.write(response(200, self._summary()))
        elif not path.endswith("/chat/completions"):
            self._transport.write(response(404, b"{}"))
        else:
            body = orjson.loads(raw)
            self._seen = SeenRequest(path, headers, body, time.monotonic())
            self._book.requests.append(self._seen)
            self._start(body)

    def _start(self, body: dict[str, Any]) -> None:
        if self._book.queued:
            script = self._book.queued.popleft()
        else:
            script = read_script(body["model"], _question(body))
            script = self._book.default if script == Script() else script
        if not body.get("stream_options", {}).get("include_usage"):
            script = replace(script, usage=False)
        limit = body.get("max_tokens") or body.get("max_completion_tokens")
        if limit and limit < script.tokens:
            finish = script.finish if script.text else "length"
            script = replace(script, tokens=limit, finish=finish)
        whole = not body.get("stream") and script.name == "stream"
        self._steps = deque([Write(whole_completion(script))] if whole else plan(script))
        self._book.note()
        self._advance()

    def _summary(self) -> bytes:
        rows = [
            {
                "message": _question(r.body)[:80],
                "started_at": r.started_at,
                "chunks_written": r.chunks_written,
                "answered_at": r.answered_at,
                "closed_by_client_at": r.closed_by_client_at,
            }
            for r in self._book.requests
        ]
        return orjson.dumps({"open_connections": self._book.open_connections, "requests": rows})

    def _advance(self) -> None:
        self._timer = None
        while self._steps and self._transport is not None:
            if not self._play(self._steps[0]):
                return
            if self._steps:
                self._steps.popleft()
        if self._seen is not None and self._transport is not None:
            self._seen.answered_at = time.monotonic()
            self._book.note()

    def _play(self, step: Step) -> bool:
        """Do one step; returns whether the next may follow at once."""
        match step:
            case Write(data=data):
                self._write(data)
                return True
            case Wait(seconds=seconds):
                self._steps[0] = Write(b"")
                self._timer = self._loop.call_later(seconds, self._advance)
            case Pace():
                self._pace(step)
            case Repeat():
                return self._repeat(step)
            case Hang():
                pass
            case Cut() | Close():
                if self._seen is not None:
                    self._seen.answered_at = time.monotonic()
                self._transport.abort() if isinstance(step, Cut) else self._transport.close()
        return False

    def _write(self, data: bytes) -> None:
        if data:
            self._transport.write(data)
            if self._seen is not None:
                self._seen.chunks_written += 1

    def _pace(self, step: Pace) -> None:
        frames, interval, start = step.frames, step.interval, self._loop.time()
        sent = 0

        def send() -> float | None:
            nonlocal sent
            if self._transport is None:
                return None
            due = min(len(frames), int((self._loop.time() - start + 0.001) / interval) + 1)
            if due > sent:
                self._write(frames[sent] if due == sent + 1 else b"".join(frames[sent:due]))
                sent = due
            if sent < len(frames):
                return start + sent * interval
            self._steps[0] = Write(b"")
            self._advance()
            return None

        self._pacer.add(start, send)

    def _repeat(self, step: Repeat) -> bool:
        if step.interval:
            self._write(step.data)
            self._timer = self._loop.call_later(step.interval, self._advance)
            return False
        left = step.count
        for _ in range(_WRITES_AT_ONCE):
            if not self._writable or left == 0:
                break
            self._write(step.data)
            left = None if left is None else left - 1
        self._steps[0] = replace(step, count=left)
        if self._writable and left != 0:
            self._timer = self._loop.call_later(0, self._advance)
        return left == 0


def _question(body: dict[str, Any]) -> str:
    """Return the text of the last message that a person wrote."""
    texts = [str(m["content"]) for m in body["messages"] if m["role"] == "user"]
    return texts[-1] if texts else ""
