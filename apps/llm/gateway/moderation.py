"""The wire of an OpenAI-compatible moderation endpoint: one question, scores by category.

The server is taken for hostile, as the model server is: no redirects, proxies, compression or
cookies, one deadline for everything and a cap on the answer.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import aiohttp
import msgspec
from django.conf import settings

from apps.llm import errors
from apps.llm.constants import MAX_MODEL_CHARS
from apps.llm.gateway import failures
from apps.llm.gateway.config import DNS_CACHE_SECONDS, KEEP_ALIVE_SECONDS
from apps.llm.gateway.contract import Usage
from apps.llm.gateway.estimates import size_of_text, tokens_in

MAX_ANSWER_BYTES = 262_144
NAMELESS = "moderation"
_CONNECTIONS = 20


class _Result(msgspec.Struct):
    category_scores: dict[str, float]


class _Answer(msgspec.Struct):
    results: list[_Result]
    model: str = ""


@dataclass(frozen=True, slots=True)
class Classification:
    """What an endpoint says of a text.

    Attributes:
        scores: from 0 to 1 for each category.
        model: that said it, by the endpoint's own word where it gives one.
        usage: about how many tokens it read; endpoints report none.
    """

    scores: Mapping[str, float]
    model: str
    usage: Usage


class Classifier(Protocol):
    """Whatever scores a text."""

    async def classify(self, text: str, *, model: str, seconds: float) -> Classification:
        """Return a score from 0 to 1 for each category.

        Raises:
            UpstreamError: one of `apps.llm.errors`.
        """
        ...


class ModerationClient:
    """A moderation endpoint; its connections are kept open between questions."""

    def __init__(self, *, base_url: str, api_key: str) -> None:
        self._url = f"{base_url.rstrip('/')}/moderations"
        self._api_key = api_key
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def classify(self, text: str, *, model: str, seconds: float) -> Classification:
        """Ask for the scores of a text.

        Args:
            text: what to score, all of it; the caller bounds its length.
            model: name of the classifier, or empty for the server's own choice.
            seconds: deadline of the whole question.

        Returns:
            A score from 0 to 1 for each category, and who gave them.

        Raises:
            UpstreamError: one of the closed set.
        """
        body = {"input": text, **({"model": model} if model else {})}
        try:
            async with asyncio.timeout(seconds):
                raw = await self._post(msgspec.json.encode(body))
        except (aiohttp.ClientError, OSError) as exception:
            raise failures.connection_failure(exception).error from None
        try:
            answer = msgspec.json.decode(raw, type=_Answer)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise errors.UpstreamInvalidError from None
        scores = answer.results[0].category_scores if answer.results else {}
        if not answer.results or not all(0 <= score <= 1 for score in scores.values()):
            raise errors.UpstreamInvalidError
        named = answer.model.replace("\x00", "")[:MAX_MODEL_CHARS]
        read = Usage(tokens_in(size_of_text(text)), 0, "estimated")
        return Classification(scores, named or model or NAMELESS, read)

    async def aclose(self) -> None:
        """Close the connections that are kept open."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, body: bytes) -> bytes:
        async with self._open().post(self._url, data=body, allow_redirects=False) as response:
            failure = failures.answer_failure(response)
            if failure is not None:
                raise failure.error
            parts: list[bytes] = []
            left = MAX_ANSWER_BYTES
            async for part in response.content.iter_any():
                left -= len(part)
                if left < 0:
                    raise errors.UpstreamTooLargeError
                parts.append(part)
            return b"".join(parts)

    def _open(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            headers = {"Accept-Encoding": "identity", "Content-Type": "application/json"}
            if self._api_key:
                headers["Authorization"] = f"Bearer {self._api_key}"
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=_CONNECTIONS,
                    ttl_dns_cache=DNS_CACHE_SECONDS,
                    keepalive_timeout=KEEP_ALIVE_SECONDS,
                ),
                headers={**headers, "User-Agent": "Parley"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


class _Default:
    """The process's own client, made at its first use and again when the settings change."""

    client: ModerationClient | None = None
    address: tuple[str, str] = ("", "")


def default_classifier() -> Classifier:
    """Return the client that Django's settings describe, the same one in the whole process."""
    address = (settings.MODERATION_BASE_URL or settings.OPENAI_BASE_URL, _default_key())
    if _Default.client is None or _Default.address != address:
        _Default.client = ModerationClient(base_url=address[0], api_key=address[1])
        _Default.address = address
    return _Default.client


def _default_key() -> str:
    """Return the endpoint's own key, or the model server's where it is the same server."""
    own: str = settings.MODERATION_API_KEY
    is_model_server = settings.MODERATION_BASE_URL in ("", settings.OPENAI_BASE_URL)
    return own or (settings.OPENAI_API_KEY if is_model_server else "")


async def close_default_classifier() -> None:
    """Close the process's client; the next use makes a new one."""
    client, _Default.client = _Default.client, None
    if client is not None:
        await client.aclose()
