"""An answer that waits for its turn at the model says so, and says when its turn has come."""

from __future__ import annotations

import asyncio
from itertools import groupby
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async

from apps.conversations.services import stopping, turns
from apps.conversations.services.turn_requests import TurnRequest
from apps.core import db
from apps.llm.models import Provider
from apps.llm.services import catalogue
from apps.users.models import User
from tests.api.conftest import Program
from tests.api.test_messages import parse
from tests.conversations.conftest import running_worker
from tests.conversations.test_socket import socket_of
from tests.llm.conftest import until
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)
ASK = b'{"type":"message.send","client_id":"12345678","content":"[[stream tokens=3]]"}'
IN_TURN = ["reply.started", "reply.waiting", "reply.started", "reply.delta", "reply.finished"]


def one_call_at_a_time() -> None:
    catalogue.read()
    Provider.objects.filter(follows_settings=True).update(max_concurrency=1)
    catalogue.forget()


class Ear:
    """The kinds of events that one follower hears, until the last one."""

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.hears_waiting = asyncio.Event()

    def hear(self, kind: str) -> None:
        self.kinds.append(kind)
        if kind == "reply.waiting":
            self.hears_waiting.set()

    @property
    def in_order(self) -> list[str]:
        """What was heard of the answer; several in a row as one."""
        return [kind for kind, _ in groupby(self.kinds) if kind.startswith("reply.")]

    async def listen_to_socket(self, socket: Any) -> None:
        while "reply.finished" not in self.kinds:
            self.hear(orjson.loads(await socket.receive_from(timeout=20))["type"])

    async def listen_to_stream(self, program: Program, reply_id: int) -> None:
        answered: Any = await program.get(f"messages/{reply_id}/events")
        async for part in answered.streaming_content:
            for _, kind, _ in parse(part):
                self.hear(kind)


async def test_socket_and_stream_hear_that_an_answer_waits_and_when_it_does_not_any_more(
    person: User, stranger: User, upstream: ScriptedUpstream
) -> None:
    await sync_to_async(one_call_at_a_time)()
    program = await sync_to_async(Program)(person)
    page, stream = Ear(), Ear()
    async with running_worker() as worker, socket_of(person) as socket:
        ahead = await turns.start_turn(
            actor=stranger, request=TurnRequest(conversation_id=None, content="[[hang]]")
        )
        worker.begin(ahead.reply.pk)
        assert await until(upstream, lambda book: book.running == 1)
        await socket.send_to(text_data=ASK.decode())
        reply_id = orjson.loads(await socket.receive_from())["reply_id"]
        listening = [
            asyncio.create_task(page.listen_to_socket(socket)),
            asyncio.create_task(stream.listen_to_stream(program, reply_id)),
        ]
        worker.begin(reply_id)
        async with asyncio.timeout(20):
            await page.hears_waiting.wait()
            await stream.hears_waiting.wait()
            await db.call(stopping.stop_reply, actor=stranger, reply_id=ahead.reply.pk)
            await asyncio.gather(*listening)
    assert page.in_order == IN_TURN
    assert stream.in_order == IN_TURN
