"""A stream ends when its caller may not be here any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async

from apps.conversations.models import Conversation
from apps.users.models import ApiToken, User
from apps.users.services import accounts, standing, tokens
from tests.api.conftest import Program
from tests.api.test_messages import STREAM, conversation, parse  # noqa: F401  a fixture


def suspend(user: User) -> None:
    standing.suspend(actor=None, user_id=user.pk, reason="x", reason_for_user="Come back later.")


def close(user: User) -> None:
    accounts.set_active(actor=None, user_id=user.pk, is_active=False)


def revoke(user: User) -> None:
    tokens.revoke_token(actor=user, token_id=ApiToken.objects.get(user=user).pk)


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
