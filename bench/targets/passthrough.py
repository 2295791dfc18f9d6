"""Baseline 1: bytes from the model to the viewer, nothing kept, nobody known."""

import subprocess

from bench.formats import read_openai
from bench.model import end, free_port
from bench.targets.base import Target
from bench.targets.server import serve
from bench.viewers import MESSAGE, Door


class Passthrough(Target):
    """A bare ASGI application with aiohttp behind it."""

    name = "passthrough"
    title = "bare ASGI + aiohttp pass-through"
    keeps = False
    _process: subprocess.Popen[bytes] | None = None
    _port = 0

    def start(self) -> None:
        """Start it."""
        self._port = free_port()
        self._process = serve(
            "bench.baselines.passthrough_app:application",
            port=self._port,
            environment={"OPENAI_BASE_URL": self.model.base_url},
        )

    def stop(self) -> None:
        """Stop it."""
        end(self._process)

    def roots(self) -> dict[str, int]:
        """Return the one process."""
        assert self._process is not None
        return {"web": self._process.pid}

    def doors(self, count: int) -> list[Door]:
        """Return a request that is passed on as it is."""
        body: dict[str, object] = {
            "model": "scripted",
            "stream": True,
            "messages": [{"role": "user", "content": MESSAGE}],
        }
        return [Door(port=self._port, path="/chat", body=body, read=read_openai)] * count
