"""The only HTTP client that talks to the model server, and one call on it.

The server is taken for hostile: no redirects, no proxies, no compression, no cookies, four
deadlines and caps on everything. See docs/decisions/0020-read-the-model-stream-ourselves.md.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from contextlib import suppress

import aiohttp

from apps.llm import errors
from apps.llm.gateway import failures
from apps.llm.gateway.budget import RetryBudget
from apps.llm.gateway.config import (
    DNS_CACHE_SECONDS,
    KEEP_ALIVE_SECONDS,
    RETRY_AFTER_WORTH_WAITING_SECONDS,
    GatewayConfig,
)
from apps.llm.gateway.contract import AskedToWait, Progress
from apps.llm.gateway.events import EventReader
from apps.llm.gateway.metronome import Metronome

_READ_BUFFER_BYTES = 65_536
_FINISH_GRACE_SECONDS = 2.0
_REUSE_GRACE_SECONDS = 0.05


def _ignore(_seconds: float) -> None:
    """Take no notice of a server that asks to wait."""


class ModelServer:
    """The model server: one session a process, its connections kept open between calls.

    Attributes:
        asked_to_wait: is told of the seconds that the server asks to wait, before anybody waits.
    """

    def __init__(self, config: GatewayConfig, *, asked_to_wait: AskedToWait = _ignore) -> None:
        self.config = config
        self.asked_to_wait = asked_to_wait
        self.metronome = Metronome(config.batch_window_seconds)
        self.budget = RetryBudget(config.retry_reserve)
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start_call(
        self, *, first_text_until: float | None = None, progress: Progress | None = None
    ) -> "Call":
        """Return a call; its deadlines run from now.

        Args:
            first_text_until: an earlier end of the time for the first text, by the loop's clock.
            progress: is told what comes of it.
        """
        return Call(self, first_text_until, progress or Progress())

    def session(self) -> aiohttp.ClientSession:
        """Return the session of the running loop."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            self._session, self._loop = self._open_session(), loop
            self.metronome = Metronome(self.config.batch_window_seconds)
        return self._session

    async def aclose(self) -> None:
        """Close the connections that are kept open."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        if self.config.api_key:
            headers["Authorization"] = f"Bearer {self.config.api_key}"
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, ttl_dns_cache=DNS_CACHE_SECONDS, keepalive_timeout=KEEP_ALIVE_SECONDS
            ),
            timeout=aiohttp.ClientTimeout(total=None, connect=self.config.connect_timeout_seconds),
            headers={**headers, "Content-Type": "application/json", "User-Agent": "Parley"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            read_bufsize=_READ_BUFFER_BYTES,
        )


class Call:
    """One request to the model server and the reading of its answer.

    Attributes:
        reader: what was read so far: finish reason, model, usage.
    """

    def __init__(
        self, server: ModelServer, first_text_until: float | None, progress: Progress
    ) -> None:
        self._server = server
        self._config = server.config
        self._loop = asyncio.get_running_loop()
        started = self._loop.time()
        self._total_at = started + self._config.total_timeout_seconds
        usual = min(started + self._config.first_token_timeout_seconds, self._total_at)
        self._first_at = usual if first_text_until is None else min(usual, first_text_until)
        self._quiet_until = self._first_at
        self._bytes_left = self._config.max_response_bytes
        self._has_started = False
        self._has_ended = False
        self._response: aiohttp.ClientResponse | None = None
        self._late_error: errors.UpstreamError | None = None
        self._watchdog: asyncio.TimerHandle | None = None
        progress.begin_anew()
        self._progress = progress
        self.reader = EventReader(self._config, progress)

    def close(self) -> None:
        """Close the connection now, unless the answer was read to its end."""
        if self._watchdog is not None:
            self._watchdog.cancel()
        response, self._response = self._response, None
        if response is not None:
            response.close()

    async def batches(self, body: bytes) -> AsyncGenerator[str, None]:
        """Send the request and yield the answer's text in batches.

        Raises:
            UpstreamError: one of the closed set, after the text that had arrived was yielded.
        """
        error: errors.UpstreamError | None = None
        reader = self.reader
        try:
            self._response = response = await self._open(body)
            self._progress.head_at = time.monotonic()
            self._watch()
            while error is None and not (reader.is_done or self._has_ended):
                error = await self._read(response.content)
                text = reader.take_text()
                if text:
                    if self._progress.text_at is None:
                        self._progress.text_at = time.monotonic()
                    self._collect_for_a_window(response)
                    self._quiet_until = self._total_at
                    yield text
                    self._allow_silence()
            if error is None and not self._has_ended:
                await self._keep_connection(response.content)
        finally:
            self.close()
        if not reader.finish_reason:
            raise error or errors.UpstreamTruncatedError

    async def _open(self, body: bytes) -> aiohttp.ClientResponse:
        tries_left = self._config.max_retries
        budget = self._server.budget
        budget.note_call()
        while True:
            answer = await self._post(body)
            if isinstance(answer, aiohttp.ClientResponse):
                return answer
            if answer.retry_after:
                self._server.asked_to_wait(answer.retry_after)
            wait = _time_to_wait(answer.retry_after)
            is_soon = (answer.retry_after or 0) <= RETRY_AFTER_WORTH_WAITING_SECONDS
            is_in_time = self._loop.time() + wait < self._first_at
            may_try = tries_left > 0 and answer.is_retryable and is_soon and is_in_time
            if not (may_try and budget.take()):
                raise answer.error
            tries_left -= 1
            await asyncio.sleep(wait)

    async def _post(self, body: bytes) -> aiohttp.ClientResponse | failures.Failure:
        url = f"{self._config.base_url}/chat/completions"
        try:
            async with asyncio.timeout_at(self._first_at):
                response = await self._server.session().post(url, data=body, allow_redirects=False)
        except Exception as exception:  # noqa: BLE001
            return failures.connection_failure(exception)
        failure = failures.response_failure(response)
        if failure is None:
            return response
        response.close()
        return failure

    async def _read(self, content: aiohttp.StreamReader) -> errors.UpstreamError | None:
        """Read what has arrived, or wait for it; returns the error that ends the answer."""
        try:
            data = await content.readany()
        except Exception as exception:  # noqa: BLE001
            return self._late_error or failures.reading_failure(exception)
        within = data[: self._bytes_left]
        self._bytes_left -= len(data)
        self._has_ended = not data
        error: errors.UpstreamError | None = None
        if self._bytes_left < 0:
            error = errors.UpstreamTooLargeError()
        try:
            self.reader.feed(within if data else b"\n\n")
        except errors.UpstreamError as problem:
            error = problem
        if self.reader.has_progressed:
            self._has_started = True
            self._allow_silence()
        return error

    def _allow_silence(self) -> None:
        """Start the idle deadline anew; time that our caller takes for a batch is not counted."""
        config = self._config
        allowed = (
            _FINISH_GRACE_SECONDS if self.reader.finish_reason else config.idle_timeout_seconds
        )
        self._quiet_until = min(self._loop.time() + allowed, self._total_at)
        if self._watchdog is not None and self._quiet_until < self._watchdog.when():
            self._watchdog.cancel()
            self._watch()

    def _watch(self) -> None:
        """End the call if its deadline has passed: one timer a call is cheaper than one a read."""
        if self._loop.time() < self._quiet_until:
            self._watchdog = self._loop.call_at(self._quiet_until, self._watch)
            return
        is_stall = self._has_started and self._quiet_until < self._total_at
        late = errors.UpstreamStalledError if is_stall else errors.UpstreamTimeoutError
        self._late_error = late()
        if self._response is not None:
            self._response.close()

    def _collect_for_a_window(self, response: aiohttp.ClientResponse) -> None:
        """Let the kernel collect what follows, so that a token costs no wake-up of this process."""
        connection = response.connection
        if connection is None or self.reader.finish_reason:
            return
        self._server.metronome.hold(connection.transport)

    async def _keep_connection(self, content: aiohttp.StreamReader) -> None:
        """Read the end of a whole response, so that its connection can serve the next call."""
        with suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(_REUSE_GRACE_SECONDS):
                await content.readany()


def _time_to_wait(asked: float | None) -> float:
    """Return the seconds before the next try, scattered so that calls do not come back together."""
    if asked is None:
        return random.uniform(0.1, 0.5)  # noqa: S311
    return asked * random.uniform(1.0, 1.25)  # noqa: S311
