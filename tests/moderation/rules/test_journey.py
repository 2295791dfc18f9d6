"""An enforcing rule takes a running answer back from everybody who watches it."""

import asyncio
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from apps.conversations.services import turns
from apps.moderation.models import CaseSnapshot, Decision, RuleHit
from apps.users.models import User
from tests.api.conftest import Program
from tests.api.test_messages import parse
from tests.conversations.conftest import running_worker
from tests.conversations.test_socket import socket_of
from tests.moderation.rules.conftest import MakeRule
from tests.support.upstream import ScriptedUpstream

SLOW = "[[stream tokens=400 rate=60]]"
SECONDS = 30


class Viewer:
    """What one tab shows of an answer, put together as a page does it."""

    def __init__(self) -> None:
        self.text = ""
        self.longest = ""
        self.state = ""

    def take(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "reply.snapshot":
            self.text = data["text"]
        elif kind == "reply.delta":
            self.text += data["text"]
        elif kind == "reply.finished":
            self.state = data["state"]
        self.longest = max(self.longest, self.text, key=len)


async def watch_by_socket(socket: WebsocketCommunicator, reply_id: int) -> Viewer:
    viewer = Viewer()
    await socket.send_to(text_data=f'{{"type": "reply.follow", "reply_id": {reply_id}}}')
    while not viewer.state:
        event = orjson.loads(await socket.receive_from(timeout=SECONDS))
        if event.get("reply_id") == reply_id:
            viewer.take(event["type"], event)
            acknowledged = {"type": "ack", "cursors": {str(reply_id): len(viewer.text)}}
            await socket.send_to(text_data=orjson.dumps(acknowledged).decode())
    return viewer


async def watch_by_events(program: Program, reply_id: int) -> Viewer:
    viewer = Viewer()
    answered: Any = await program.get(f"messages/{reply_id}/events", Accept="text/event-stream")
    body = b"".join([part async for part in answered.streaming_content])
    for _, kind, data in parse(body):
        viewer.take(kind, data)
    return viewer


async def test_an_enforcing_rule_retracts_a_running_answer_everywhere(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    rule = await make_live_rule(configuration={"terms": ["word90"], "match": "word"})
    program = await sync_to_async(Program)(person)
    async with running_worker() as worker, socket_of(person) as one, socket_of(person) as two:
        turn = await turns.start_turn(
            actor=person, request=turns.TurnRequest(conversation_id=None, content=SLOW)
        )
        reply_id = turn.reply.pk
        watching = asyncio.gather(
            watch_by_socket(one, reply_id),
            watch_by_socket(two, reply_id),
            watch_by_events(program, reply_id),
        )
        worker.begin(reply_id)
        async with asyncio.timeout(SECONDS):
            viewers = await watching
        for viewer in viewers:
            assert viewer.longest.startswith("word0 word1 ")
            assert "word90" not in viewer.longest
            assert (viewer.text, viewer.state) == ("", "withheld")
        assert await asyncio.to_thread(upstream.wait_until, lambda book: book.running == 0)
        assert upstream.requests[0].closed_by_client_at is not None
        assert upstream.requests[0].chunks_written < 200
        follow_up = await turns.start_turn(
            actor=person,
            request=turns.TurnRequest(
                conversation_id=turn.conversation.pk, content="[[stream tokens=2]] and now?"
            ),
        )
        await worker.finish(follow_up.reply.pk)
    assert "word" not in str(upstream.requests[-1].body["messages"]).replace("'word'", "")
    snapshot = await CaseSnapshot.objects.aget()
    assert "word90" in snapshot.text
    shown = max(len(viewer.longest) for viewer in viewers)
    assert snapshot.shown_chars is not None
    assert shown <= snapshot.shown_chars < snapshot.text.index("word90")
    hit = await RuleHit.objects.aget()
    assert snapshot.text[hit.start : hit.end] == "word90"
    assert (await Decision.objects.aget()).rule_version_id == rule.current_id
