"""A stream ends when its caller may not be here any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async

from apps.conversations.models import Conversation, Reply
from apps.users.models import ApiToken, User
from apps.users.services import accounts, standing, token_ends
from tests.api.conftest import Program
from tests.api.test_messages import STREAM, conversation, parse  # noqa: F401  a fixture


def suspend(user: User) -> None:
    standing.suspend(actor=None, user_id=user.pk, reason="x", reason_for_user="Come back later.")


def close(user: User) -> None:
    accounts.set_active(actor=None, user_id=user.pk, is_active=False)


def revoke(user: User) -> None:
    token_ends.revoke_token(actor=user, token_id=ApiToken.objects.get(user=user).pk)


@pytest.mark.parametrize(
    ("deed", "code"),
    [(suspend, "account_suspended"), (close, "invalid_token"), (revoke, "invalid_token")],
)
async def test_a_stream_ends_within_two_seconds_of_its_callers_rights(
    program: Program,
    author: User,
    conversation: Conversation,  # noqa: F811
    deed: Callable[[User], None],
    code: str,
) -> None:
    answered = await program.post(
        f"conversations/{conversation.pk}/messages", {"content": "Hello"}, **STREAM
    )
    stream = aiter(answered.streaming_content)
    first = await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.wait({waiting}, timeout=0.5)
    assert not waiting.done()
    await sync_to_async(deed)(author)
    async with asyncio.timeout(2):
        last = await waiting
    rest = [part async for part in stream]
    events = parse(first + last + b"".join(rest))
    assert [kind for _, kind, _ in events] == ["message.accepted", "error"]
    assert events[-1][2]["code"] == code


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("door", ["chat", "completions"])
async def test_a_call_that_waits_for_an_answer_ends_when_its_token_is_revoked(
    program: Program, author: User, door: str
) -> None:
    if door == "chat":
        url, body = f"/api/v1/users/{author.pk}/chat", {"message": "Hello"}
    else:
        asked = [{"role": "user", "content": "Hello"}]
        url, body = "/openai/v1/chat/completions", {"model": "scripted", "messages": asked}
    waiting = asyncio.ensure_future(
        program.client.post(url, body, content_type="application/json", headers=program.headers)
    )
    async with asyncio.timeout(20):
        while not await Reply.objects.aexists() and not waiting.done():
            await asyncio.wait({waiting}, timeout=0.02)
        await sync_to_async(revoke)(author)
        answered = await waiting
    told = answered.json()
    assert answered.status_code == 401
    assert (told if door == "chat" else told["error"])["code"] == "invalid_token"
