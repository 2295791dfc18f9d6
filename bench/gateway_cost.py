"""What a token costs in the gateway: CPU of this process for paced streams, against plain reading.

Run `python -m bench.gateway_cost --streams 50 --way gateway`; the scripted upstream runs beside it
in a process of its own, so that only the reading is counted.
"""

import argparse
import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
import orjson
import uvloop

from apps.core.warming import set_apart
from apps.llm.gateway.config import GatewayConfig
from apps.llm.gateway.contract import ChatGateway, GenerationRequest, PromptMessage, TextBatch
from apps.llm.gateway.factory import build_gateway, warm
from tests.support.upstream import unused_port
from tests.support.upstream_frames import answer_text


@dataclass(slots=True)
class Result:
    """Figures of one run."""

    us_per_token: float
    reference_ms: float
    first_ms: list[float]
    late_ms: list[float]


class Arrivals:
    """When text came, to tell how late each token was."""

    def __init__(self, rate: float) -> None:
        self.started = time.perf_counter()
        self._rate = rate
        self._first: float | None = None
        self._tokens = 0
        self.late_ms: list[float] = []
        self.first_ms = 0.0

    def note(self, text: str) -> None:
        """Take a piece of the answer into account."""
        now = time.perf_counter()
        if self._first is None:
            self._first = now
            self.first_ms = (now - self.started) * 1000
        count = text.count(" ")
        for index in range(self._tokens, self._tokens + count):
            self.late_ms.append((now - self._first - index / self._rate) * 1000)
        self._tokens += count


Reader = Callable[[Arrivals], Awaitable[str]]
REQUEST = GenerationRequest(
    system_prompt="You are a helpful AI assistant.",
    history=tuple(
        PromptMessage(role, "A message of an earlier turn. " * 8)
        for _ in range(5)
        for role in ("user", "assistant")
    ),
    question="What does a token cost?",
    context=None,
    model="scripted",
    temperature=0.7,
    max_prompt_tokens=4_000,
    max_completion_tokens=None,
    user_id=1,
    purpose="reply",
    correlation_id="benchmark",
)


async def read_plainly(session: aiohttp.ClientSession, url: str, seen: Arrivals) -> str:
    """Read one answer with nothing but aiohttp and orjson: the floor."""
    body = {"model": "scripted", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    texts: list[str] = []
    rest = b""
    async with session.post(f"{url}/chat/completions", data=orjson.dumps(body)) as response:
        async for data in response.content.iter_any():
            *events, rest = (rest + data).split(b"\n\n")
            for event in events:
                if event != b"data: [DONE]":
                    delta = orjson.loads(event[6:])["choices"][0]["delta"]
                    if text := delta.get("content"):
                        seen.note(text)
                        texts.append(text)
    return "".join(texts)


def open_gateway(url: str, window_ms: int) -> ChatGateway:
    """Return the product's gateway on the scripted upstream, warmed as the worker does."""
    warm()
    set_apart()
    return build_gateway(GatewayConfig(base_url=url, batch_window_seconds=window_ms / 1000))


async def read_through(gateway: ChatGateway, seen: Arrivals) -> str:
    """Read one answer through the product's gateway."""
    texts: list[str] = []
    async for event in gateway.stream(REQUEST):
        if isinstance(event, TextBatch):
            seen.note(event.text)
            texts.append(event.text)
    return "".join(texts)


def reference_ms() -> float:
    """Return how long a fixed piece of work takes now, to compare runs on a busy machine."""
    before = time.process_time()
    total = 0
    for number in range(1_000_000):
        total += number
    return (time.process_time() - before) * 1000


async def measure(arguments: argparse.Namespace, read: Reader) -> Result:
    """Read all answers at once, their starts spread over two seconds."""
    expected = answer_text(arguments.tokens)
    arrivals: list[Arrivals] = []

    async def read_one(delay: float) -> None:
        await asyncio.sleep(delay)
        seen = Arrivals(arguments.rate)
        arrivals.append(seen)
        if await read(seen) != expected:
            raise SystemExit("An answer was not exact.")

    await read(Arrivals(arguments.rate))
    gc.collect()
    gc.freeze()
    reference = reference_ms()
    before = time.process_time()
    delays = (2.0 * number / arguments.streams for number in range(arguments.streams))
    await asyncio.gather(*(read_one(delay) for delay in delays))
    used = time.process_time() - before
    return Result(
        used / arguments.streams / arguments.tokens * 1e6,
        (reference + reference_ms()) / 2,
        sorted(a.first_ms for a in arrivals),
        sorted(late for a in arrivals for late in a.late_ms),
    )


async def run(arguments: argparse.Namespace, url: str) -> Result:
    """Measure one way of reading."""
    if arguments.way == "plain":
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            return await measure(arguments, lambda seen: read_plainly(session, url, seen))
    gateway = open_gateway(url, arguments.window)
    try:
        return await measure(arguments, lambda seen: read_through(gateway, seen))
    finally:
        await gateway.aclose()


def percentile(values: list[float], share: float) -> float:
    """Return a percentile of sorted values."""
    return values[min(int(len(values) * share), len(values) - 1)]


def main() -> None:
    """Start the upstream, run, print one line."""
    arguments = read_arguments()
    port = unused_port()
    command = [sys.executable, "-m", "tests.support.upstream", "--port", str(port)]
    command += ["--tokens", str(arguments.tokens), "--rate", str(arguments.rate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as upstream:
        try:
            if upstream.stdout is not None:
                upstream.stdout.readline()
            loop_factory = uvloop.new_event_loop if arguments.loop == "uvloop" else None
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                result = runner.run(run(arguments, f"http://127.0.0.1:{port}/v1"))
        finally:
            upstream.terminate()
    print(
        f"{arguments.way:8}{arguments.loop:8} {arguments.streams:4} streams, "
        f"window {arguments.window} ms: {result.us_per_token:6.1f} us/token "
        f"(reference {result.reference_ms:.0f} ms), "
        f"first text p50 {percentile(result.first_ms, 0.5):.1f} "
        f"p99 {percentile(result.first_ms, 0.99):.1f} ms, "
        f"late p50 {percentile(result.late_ms, 0.5):.0f} "
        f"p99 {percentile(result.late_ms, 0.99):.0f} ms"
    )


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", choices=["plain", "gateway"], default="gateway")
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--tokens", type=int, default=400)
    parser.add_argument("--rate", type=float, default=50.0, help="tokens a second")
    parser.add_argument("--window", type=int, default=90, help="milliseconds")
    parser.add_argument("--loop", choices=["asyncio", "uvloop"], default="uvloop")
    return parser.parse_args()


if __name__ == "__main__":
    main()
