"""How long a model server asks to be left alone is told to whoever asks by program."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx2
import openai
import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.conversations.models import Reply
from apps.users.models import User
from project.asgi import application
from tests.api.conftest import Program
from tests.api.test_messages import answering, read_events
from tests.factories import ApiTokenFactory
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_scripts import Script

pytestmark = pytest.mark.usefixtures("transactional_db", "_no_second_try")


@pytest.fixture
def _no_second_try(settings: Settings) -> None:
    settings.LLM_MAX_RETRIES = 0


@pytest.fixture
def client(author: User) -> openai.AsyncOpenAI:
    """OpenAI's client, which repeats nothing here."""
    return openai.AsyncOpenAI(
        base_url="http://testserver/openai/v1",
        api_key=ApiTokenFactory(user=author).secret,
        max_retries=0,
        http_client=httpx2.AsyncClient(transport=httpx2.ASGITransport(app=application)),
    )


async def ask(program: Program, user: User) -> Any:
    return await program.post(f"users/{user.pk}/chat", {"message": "Hello"})


@pytest.mark.parametrize(
    ("status", "named", "told", "code"),
    [
        (429, "90", (503, range(85, 91)), "upstream_rate_limited"),
        (429, "999999", (503, range(3_590, 3_601)), "upstream_rate_limited"),
        (503, "30", (502, range(25, 31)), "upstream_error"),
    ],
)
async def test_a_program_is_told_how_long_the_model_server_asks_to_wait_and_an_hour_at_most(
    program: Program,
    author: User,
    upstream: ScriptedUpstream,
    status: int,
    named: str,
    told: tuple[int, range],
    code: str,
) -> None:
    upstream.queue(Script("status", status=status, retry_after=named))
    async with answering():
        refused = await ask(program, author)
    assert (refused.status_code, refused.json()["code"]) == (told[0], code)
    assert int(refused.headers["Retry-After"]) in told[1]
    reply = await Reply.objects.aget()
    state = (await program.get(f"messages/{reply.pk}")).json()["data"]["reply"]
    assert datetime.fromisoformat(state["retry_at"]) == reply.retry_at


@pytest.mark.parametrize("named", ["", "soon", "-5", "nan", "1e400", "Fri, 32 Foo 2026"])
async def test_what_names_no_time_is_not_passed_on(
    program: Program, author: User, upstream: ScriptedUpstream, named: str
) -> None:
    upstream.queue(Script("status", status=429, retry_after=named))
    async with answering():
        refused = await ask(program, author)
    assert (refused.status_code, refused.json()["code"]) == (503, "upstream_rate_limited")
    assert not refused.has_header("Retry-After")


async def test_openais_clients_are_told_it_too(
    client: openai.AsyncOpenAI, upstream: ScriptedUpstream
) -> None:
    upstream.queue(Script("status", status=429, retry_after="45"))
    async with answering():
        with pytest.raises(openai.InternalServerError) as refused:
            await client.chat.completions.create(
                model="scripted", messages=[{"role": "user", "content": "Hello"}]
            )
    assert (refused.value.status_code, refused.value.code) == (503, "upstream_rate_limited")
    assert 40 <= int(refused.value.response.headers["Retry-After"]) <= 45


async def test_a_stream_says_it_in_its_last_event_and_nothing_once_the_time_has_passed(
    program: Program, author: User, upstream: ScriptedUpstream
) -> None:
    upstream.queue(Script("status", status=429, retry_after="60"))
    async with answering():
        await ask(program, author)
    path = f"messages/{(await Reply.objects.aget()).pk}/events"
    assert 55 <= (await read_events(await program.get(path)))[-1][2]["retry_after"] <= 60
    await Reply.objects.aupdate(retry_at=timezone.now() - timedelta(seconds=1))
    assert (await read_events(await program.get(path)))[-1][2]["retry_after"] is None
