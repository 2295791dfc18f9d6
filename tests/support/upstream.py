"""A scripted OpenAI-compatible server: real HTTP on a real port, in a thread of its own.

A request says what shall happen, by a directive in its last user message such as
`[[stream tokens=40 rate=50]]`, by its model name such as `scripted:cut;after=5`, or a test queues
scripts beforehand. `python -m tests.support.upstream --port 9100 --tokens 400 --rate 50` runs it
alone; `GET /_requests` then tells what it saw.
"""

import argparse
import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Self

import uvloop

from tests.support.upstream_connection import Book, Connection, Pacer, SeenRequest
from tests.support.upstream_scripts import Script


class ScriptedUpstream:
    """The server; a context manager that starts and stops it.

    Attributes:
        book: what it saw, and the scripts that wait for requests.
    """

    def __init__(self, *, port: int = 0, default: Script | None = None) -> None:
        self.book = Book(default=default or Script())
        self._socket = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.port: int = self._socket.getsockname()[1]
        self._loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="upstream", daemon=True)

    @property
    def base_url(self) -> str:
        """The address to give to a client as OPENAI_BASE_URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def requests(self) -> list[SeenRequest]:
        """Every request so far, oldest first."""
        return self.book.requests

    def queue(self, *scripts: Script) -> None:
        """Answer the next requests with these scripts, whatever they say."""
        self.book.queued.extend(scripts)

    def wait_until(self, is_true: Callable[[Book], bool], *, seconds: float = 5.0) -> bool:
        """Wait for a state of the book; returns whether it came in time."""
        with self.book.changed:
            return self.book.changed.wait_for(lambda: is_true(self.book), timeout=seconds)

    def serve_forever(self) -> None:
        """Serve in the current thread until it is interrupted."""
        self._serve()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        pacer = Pacer(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(
                lambda: Connection(self.book, pacer, self._loop), sock=self._socket
            )
        )
        try:
            self._loop.run_forever()
        finally:
            server.close()
            self._loop.run_until_complete(self.book.hang_up())
            self._loop.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)


def unused_port() -> int:
    """Return a port on which nobody listens, for connections that are refused."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def main() -> None:
    """Run the server alone, for benchmarks and for trying things by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--tokens", type=int, default=20)
    parser.add_argument("--rate", type=float, default=0.0, help="tokens a second; 0: at once")
    arguments = parser.parse_args()
    default = Script(tokens=arguments.tokens, rate=arguments.rate)
    upstream = ScriptedUpstream(port=arguments.port, default=default)
    print(f"Scripted upstream on {upstream.base_url}", flush=True)  # noqa: T201
    try:
        upstream.serve_forever()
    except KeyboardInterrupt:
        print("Stopped.", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
