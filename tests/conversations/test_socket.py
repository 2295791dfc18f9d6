"""The chat socket as a program uses it: who is let in, and what a frame is answered."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from pytest_django import Settings

from apps.conversations.models import Message
from apps.core.realtime.groups import announce
from apps.core.redis import waiting_client
from apps.users.models import User
from project.asgi import application
from tests.factories import ApiTokenFactory, MessageFactory

PING = b'{"type": "ping"}'


def caller(*headers: tuple[bytes, bytes]) -> WebsocketCommunicator:
    return WebsocketCommunicator(application, "/ws/chat/", headers=list(headers))


@asynccontextmanager
async def socket_of(person: User) -> AsyncIterator[WebsocketCommunicator]:
    token = await sync_to_async(ApiTokenFactory)(user=person)
    socket = caller((b"authorization", f"Bearer {token.secret}".encode()))
    assert (await socket.connect())[0]
    try:
        yield socket
    finally:
        await socket.disconnect()


async def ask(socket: WebsocketCommunicator, frame: bytes) -> dict[str, Any]:
    await socket.send_to(text_data=frame.decode())
    answer: dict[str, Any] = orjson.loads(await socket.receive_from())
    return answer


@pytest.mark.parametrize(
    "extra",
    [
        (b"origin", b"http://evil.example"),
        (b"origin", b"null"),
        (b"cookie", b"sessionid=x"),
    ],
)
async def test_a_token_lets_nobody_in_from_a_foreign_page(
    person: User, extra: tuple[bytes, bytes]
) -> None:
    token = await sync_to_async(ApiTokenFactory)(user=person)
    socket = caller((b"authorization", f"Bearer {token.secret}".encode()), extra)
    await socket.connect()
    assert (await socket.receive_output())["code"] == 4401


@pytest.mark.parametrize(
    "frame",
    [
        b'{"type": "message.send", "client_id": "aaaaaaaa\\u0000", "content": "x"}',
        b'{"type": "message.send", "client_id": "aaaaaaaa", "content": "x\\u0000"}',
    ],
)
async def test_nul_in_a_frame_is_refused_in_a_sentence(person: User, frame: bytes) -> None:
    async with socket_of(person) as socket:
        assert (await ask(socket, frame))["code"] == "invalid_message"


async def test_numbers_that_are_no_ids_are_ignored_in_an_acknowledgement(person: User) -> None:
    async with socket_of(person) as socket:
        for key in ("9" * 5000, "-1", "x", ""):
            await socket.send_to(text_data=f'{{"type": "ack", "cursors": {{"{key}": 1}}}}')
        assert (await ask(socket, PING))["type"] == "pong"


async def test_a_fault_of_ours_is_told_without_words_and_logged_under_its_number(
    person: User, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.RATE_LIMIT_CHAT = "nonsense"
    frame = b'{"type": "message.send", "client_id": "aaaaaaaa", "content": "my words"}'
    async with socket_of(person) as socket:
        with caplog.at_level(logging.ERROR):
            answer = await ask(socket, frame)
    assert (answer["type"], answer["code"]) == ("error", "internal_error")
    logged = [record for record in caplog.records if record.getMessage() == "CONTROLLER_ERROR"]
    assert [getattr(record, "fields", {})["error_class"] for record in logged] == ["ValueError"]
    assert "my words" not in caplog.text


async def test_another_branch_is_shown_and_every_page_hears_of_it(person: User) -> None:
    def make() -> Message:
        first: Message = MessageFactory(conversation__owner=person, content="one")
        MessageFactory(conversation=first.conversation, content="uno")
        return first

    question = await sync_to_async(make)()
    frame = b'{"type": "branch.show", "message_id": %d}' % question.pk
    async with socket_of(person) as socket:
        answer = await ask(socket, frame)
    assert answer == {
        "type": "branch.shown",
        "conversation_id": question.conversation_id,
        "message_id": question.pk,
        "after_id": None,
    }
    shown = [row.content async for row in Message.objects.on_path()]
    assert shown == ["one"]


async def test_the_sender_hears_once_what_their_other_pages_hear_too(person: User) -> None:
    async with socket_of(person) as sender, socket_of(person) as other:
        frame = b'{"type": "message.send", "client_id": "aaaaaaaa", "content": "x"}'
        accepted = await ask(sender, frame)
        heard = await told_until(other, "message.accepted")
        assert heard[-1] == accepted
        stop = b'{"type": "reply.stop", "reply_id": %d}' % accepted["reply_id"]
        await sender.send_to(text_data=stop.decode())
        await told_until(sender, "reply.finished")
        retry = b'{"type": "reply.retry", "message_id": %d}' % accepted["reply_id"]
        again = await ask(sender, retry)
        assert (again["type"], again["message"]) == ("message.accepted", accepted["message"])
        await told_until(other, "message.accepted")
        await sync_to_async(announce)(person.pk, {"type": "the.end"})
        told = await told_until(sender, "the.end")
    assert "message.accepted" not in [event["type"] for event in told]


async def told_until(socket: WebsocketCommunicator, kind: str) -> list[dict[str, Any]]:
    """Return what a socket is told up to an event of this kind."""
    told: list[dict[str, Any]] = []
    while not told or told[-1]["type"] != kind:
        told.append(orjson.loads(await socket.receive_from()))
    return told


async def test_a_page_is_told_to_look_again_where_a_hint_was_lost_on_the_way(person: User) -> None:
    async with socket_of(person) as socket:
        assert (await ask(socket, PING))["type"] == "pong"
        redis = waiting_client()
        await sync_to_async(redis.execute_command)("CLIENT", "PAUSE", 800)
        await sync_to_async(announce)(person.pk, {"type": "conversation.activity"})
        event = orjson.loads(await socket.receive_from(timeout=10))
    assert event == {"type": "page.missed"}
