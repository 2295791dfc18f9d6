"""A receiver of webhooks: real HTTP on a real port, in a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import orjson


@dataclass(frozen=True)
class Received:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, object]:
        """The body's JSON."""
        parsed: dict[str, object] = orjson.loads(self.body)
        return parsed


@dataclass(frozen=True)
class Reaction:
    """How a request is answered; with `hangs` it is not, until the receiver ends.

    With `stalls` the status comes at once, and the body not before the receiver ends.
    """

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    stalls: bool = False


class Receiver:
    """The server; a context manager that starts and stops it.

    Attributes:
        received: every request so far, oldest first.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._reactions: deque[Reaction] = deque()
        self._over = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The address to give to a webhook."""
        return f"http://127.0.0.1:{self.port}/hook"

    def react(self, *reactions: Reaction) -> None:
        """Answer the next requests like this; all others with 200."""
        self._reactions.extend(reactions)

    def events(self) -> list[dict[str, object]]:
        """Return what was told, oldest first."""
        return [one.event for one in self.received]

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(request.path, headers, body))
        reaction = self._reactions.popleft() if self._reactions else Reaction()
        if reaction.hangs:
            self._over.wait(10)
            return
        request.send_response(reaction.status)
        for name, value in {"Content-Length": str(len(reaction.body)), **reaction.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        if reaction.stalls:
            self._over.wait(10)
            return
        request.wfile.write(reaction.body)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
