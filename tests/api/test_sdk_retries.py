"""OpenAI's own client repeats by itself only what costs nothing and may help."""

from __future__ import annotations

import asyncio

import httpx2
import openai
import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from apps.conversations.models import Reply
from apps.conversations.services import stopping
from apps.users.models import User
from project.asgi import application
from tests.api.test_messages import answering
from tests.factories import ApiTokenFactory
from tests.llm.conftest import until
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.usefixtures("transactional_db")
KEY = {"Idempotency-Key": "my-key-1"}


@pytest.fixture
def client(author: User, settings: Settings) -> openai.AsyncOpenAI:
    """OpenAI's client as it comes: it repeats twice what it takes for passing."""
    settings.LLM_MAX_RETRIES = 0
    return openai.AsyncOpenAI(
        base_url="http://testserver/openai/v1",
        api_key=ApiTokenFactory(user=author).secret,
        http_client=httpx2.AsyncClient(transport=httpx2.ASGITransport(app=application)),
    )


async def ask(client: openai.AsyncOpenAI, content: str, **headers: str) -> str:
    completion = await client.chat.completions.create(
        model="scripted",
        messages=[{"role": "user", "content": content}],
        extra_headers=headers,
    )
    return completion.choices[0].message.content or ""


async def test_what_was_stopped_is_not_asked_again(
    client: openai.AsyncOpenAI, author: User, upstream: ScriptedUpstream
) -> None:
    async with answering():
        asked = asyncio.create_task(ask(client, "[[stream tokens=5000 rate=100]]"))
        assert await until(upstream, lambda book: book.running == 1)
        reply = await Reply.objects.aget()
        await sync_to_async(stopping.stop_reply)(actor=author, reply_id=reply.pk)
        with pytest.raises(openai.ConflictError) as refused:
            await asked
    assert refused.value.code == "reply_stopped"
    assert (len(upstream.requests), await Reply.objects.acount()) == (1, 1)


@pytest.mark.parametrize(
    ("content", "code", "calls"),
    [
        ("[[cut after=5]]", "upstream_cut", 1),
        ("[[status status=400]]", "upstream_rejected", 1),
        ("[[status status=503]]", "upstream_error", 3),
    ],
)
async def test_what_used_tokens_or_was_refused_is_asked_once_and_what_is_passing_again(
    client: openai.AsyncOpenAI, upstream: ScriptedUpstream, content: str, code: str, calls: int
) -> None:
    async with answering():
        with pytest.raises(openai.InternalServerError) as failed:
            await ask(client, content)
    assert (failed.value.code, len(upstream.requests)) == (code, calls)


async def test_what_no_quota_allows_is_stored_once(
    client: openai.AsyncOpenAI, upstream: ScriptedUpstream, settings: Settings
) -> None:
    async with answering(), asyncio.timeout(30):
        settings.USER_DAILY_TOKENS = 50_000
        await ask(client, "[[stream tokens=3]]")
        settings.USER_DAILY_TOKENS = 1
        with pytest.raises(openai.RateLimitError) as refused:
            await ask(client, "Hello")
    assert refused.value.code == "out_of_quota"
    assert refused.value.request_id == refused.value.response.headers["X-Correlation-ID"]
    assert refused.value.response.headers["x-should-retry"] == "false"
    assert (len(upstream.requests), await Reply.objects.acount()) == (1, 2)


async def test_what_waits_for_other_answers_is_told_to_come_again_in_seconds(
    client: openai.AsyncOpenAI, upstream: ScriptedUpstream, settings: Settings
) -> None:
    settings.USER_DAILY_TOKENS = 1
    async with answering(), asyncio.timeout(30):
        first = asyncio.create_task(ask(client, "[[hang]]"))
        assert await until(upstream, lambda book: book.running == 1)
        with pytest.raises(openai.RateLimitError) as refused:
            await ask(client.with_options(max_retries=0), "Hello")
        first.cancel()
    assert refused.value.code == "out_of_quota"
    assert 1 <= int(refused.value.response.headers["Retry-After"]) <= 5
    assert "x-should-retry" not in refused.value.response.headers


async def test_another_request_under_the_same_key_is_told_so_once(
    client: openai.AsyncOpenAI, upstream: ScriptedUpstream
) -> None:
    async with answering():
        await ask(client, "[[stream tokens=3]]", **KEY)
        with pytest.raises(openai.ConflictError) as refused:
            await ask(client, "Another", **KEY)
    assert refused.value.code == "idempotency_conflict"
    assert refused.value.response.headers["x-should-retry"] == "false"
    assert len(upstream.requests) == 1
