import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from apps.conversations.models import Conversation, Message, Reply
from apps.users.models import User
from tests.api.conftest import Program
from tests.conversations.conftest import Worker, running_worker
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text

STREAM = {"Accept": "text/event-stream"}
Events = list[tuple[str | None, str, dict[str, Any]]]


@pytest.fixture
def conversation(transactional_db: None, author: User) -> Conversation:
    """An empty conversation of the author."""
    made: Conversation = ConversationFactory(owner=author)
    return made


async def read_events(answered: Any) -> Events:
    """Read a stream to its end as id, type and data."""
    body = b"".join([part async for part in answered.streaming_content])
    return parse(body)


def parse(body: bytes) -> Events:
    events: Events = []
    for frame in body.decode().split("\n\n"):
        lines = [line for line in frame.split("\n") if line and not line.startswith(":")]
        fields = dict(line.split(": ", 1) for line in lines)
        if fields:
            events.append((fields.get("id"), fields["event"], orjson.loads(fields["data"])))
    return events


def text_of(events: Events) -> str:
    """Put the text together as a client does, and check every cursor."""
    text = ""
    for number, kind, data in events:
        if kind == "reply.delta":
            text += data["text"]
        elif kind == "reply.snapshot":
            text = data["text"]
        else:
            continue
        assert data["cursor"] == len(text)
        assert number == str(len(text))
    return text


@asynccontextmanager
async def answering() -> AsyncIterator[Worker]:
    """Run a worker that takes every answer that is queued."""
    async with running_worker() as worker:
        taker = asyncio.create_task(take_all(worker))
        try:
            yield worker
        finally:
            taker.cancel()
            await asyncio.gather(taker, return_exceptions=True)


async def take_all(worker: Worker) -> None:
    taken: set[int] = set()
    while True:
        async for reply in Reply.objects.live():
            if reply.pk not in taken:
                taken.add(reply.pk)
                worker.begin(reply.pk)
        await asyncio.sleep(0.01)


async def test_a_message_is_accepted_with_its_queued_answer(
    program: Program, conversation: Conversation
) -> None:
    answered = await program.post(
        f"conversations/{conversation.pk}/messages",
        {"content": "Hello", "metadata": {"a": [1]}, "context": {"b": 2}},
    )
    assert answered.status_code == 202
    data = answered.json()["data"]
    assert data["message"]["content"] == "Hello"
    assert (data["message"]["role"], data["message"]["metadata"]) == ("user", {"a": [1]})
    assert data["message"]["reply"] is None
    assert data["reply"]["state"] == "queued"
    stored = await Message.objects.aget(pk=data["message"]["id"])
    assert (stored.content, stored.context) == ("Hello", {"b": 2})
    assert await Reply.objects.acount() == 1


async def test_the_same_key_is_the_same_message(
    program: Program, conversation: Conversation
) -> None:
    path, key = f"conversations/{conversation.pk}/messages", {"Idempotency-Key": "my-key-1"}
    first = await program.post(path, {"content": "Hello"}, **key)
    again = await program.post(path, {"content": "Hello"}, **key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["data"] == first.json()["data"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    other = await program.post(path, {"content": "Other"}, **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert await Message.objects.filter(role="user").acount() == 1


@pytest.mark.parametrize("key", ["", "x" * 65, "with space", "é"])
async def test_a_key_that_is_none_is_refused(
    program: Program, conversation: Conversation, key: str
) -> None:
    path = f"conversations/{conversation.pk}/messages"
    answered = await program.post(path, {"content": "Hello"}, **{"Idempotency-Key": key})
    assert answered.status_code == 400
    assert await Message.objects.acount() == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": ""}, "validation_failed"),
        ({"content": "   "}, "invalid_message"),
        ({"content": "x" * 4001}, "validation_failed"),
        ({"content": "a\x00b"}, "validation_failed"),
        ({"content": "a", "context": {"x": "y" * 20_000}}, "invalid_message"),
        ({"content": "a", "metadata": {"x": "y" * 20_000}}, "invalid_message"),
        ({"content": "a", "metadata": {"x": "\x00"}}, "validation_failed"),
        ({"content": "a", "context": "text"}, "validation_failed"),
        ({"content": "a", "role": "assistant"}, "validation_failed"),
        ({}, "validation_failed"),
    ],
)
async def test_a_message_that_does_not_fit_stores_nothing(
    program: Program, conversation: Conversation, body: object, code: str
) -> None:
    answered = await program.post(f"conversations/{conversation.pk}/messages", body)
    assert (answered.status_code, answered.json()["code"]) == (400, code)
    assert await Message.objects.acount() == 0


async def test_a_second_message_waits_for_the_first_answer(
    program: Program, conversation: Conversation
) -> None:
    path = f"conversations/{conversation.pk}/messages"
    await program.post(path, {"content": "One"})
    second = await program.post(path, {"content": "Two"})
    assert (second.status_code, second.json()["code"]) == (409, "reply_in_progress")


async def test_messages_come_from_either_end(program: Program, conversation: Conversation) -> None:
    made = [await make(MessageFactory, conversation=conversation) for _ in range(5)]
    numbers = [message.pk for message in made]
    base = f"conversations/{conversation.pk}/messages?limit=2"
    assert await walk(program, base) == [numbers[:2], numbers[2:4], numbers[4:]]
    newest = f"{base}&order=newest"
    assert await walk(program, newest) == [numbers[:2:-1], numbers[2:0:-1], numbers[:1]]


async def walk(program: Program, path: str) -> list[list[int]]:
    pages, cursor = [], ""
    while True:
        data = (await program.get(f"{path}{cursor}")).json()["data"]
        pages.append([item["id"] for item in data["items"]])
        if data["next_cursor"] is None:
            return pages
        cursor = f"&cursor={data['next_cursor']}"


async def test_a_hidden_message_shows_its_notice_and_not_its_text(
    program: Program, conversation: Conversation
) -> None:
    hidden = await make(
        MessageFactory, conversation=conversation, hidden=True, hidden_reason="Spam."
    )
    data = (await program.get(f"messages/{hidden.pk}")).json()["data"]
    assert (data["content"], data["is_hidden"]) == ("", True)
    assert data["notice"] == "This message was removed by moderation. Reason: Spam."
    page = await program.get(f"conversations/{conversation.pk}/messages")
    assert "A question?" not in page.content.decode()


async def test_an_answer_streams_at_once_where_it_is_asked_for(
    program: Program, conversation: Conversation, upstream: ScriptedUpstream
) -> None:
    path = f"conversations/{conversation.pk}/messages"
    async with answering():
        answered = await program.post(path, {"content": "[[stream tokens=30]]"}, **STREAM)
        assert (answered.status_code, answered["Content-Type"]) == (200, "text/event-stream")
        events = await read_events(answered)
    kinds = [kind for _, kind, _ in events]
    assert kinds[0] == "message.accepted"
    assert "reply.started" in kinds
    assert text_of(events) == answer_text(30)
    number, kind, finished = events[-1]
    assert (kind, finished["state"], number) == (
        "reply.finished",
        "complete",
        str(finished["cursor"]),
    )
    assert kinds.count("reply.finished") == 1


async def test_an_ended_answer_can_be_followed_from_any_place(
    program: Program, conversation: Conversation
) -> None:
    message = await make(
        MessageFactory, conversation=conversation, assistant=True, content="Héllo 👋"
    )
    await make(ReplyFactory, message=message)
    path = f"messages/{message.pk}/events"
    whole = await read_events(await program.get(path))
    assert text_of(whole) == "Héllo 👋"
    for rest in (
        await read_events(await program.get(f"{path}?cursor=6")),
        await read_events(await program.get(f"{path}?cursor=1", **{"Last-Event-ID": "6"})),
    ):
        assert [(kind, data.get("text")) for _, kind, data in rest] == [
            ("reply.delta", "👋"),
            ("reply.finished", None),
        ]
    assert [kind for _, kind, _ in await read_events(await program.get(f"{path}?cursor=7"))] == [
        "reply.finished"
    ]
    longer = await read_events(await program.get(f"{path}?cursor=99"))
    assert longer[0][1:] == (
        "reply.snapshot",
        {"type": "reply.snapshot", "reply_id": message.pk, "text": "Héllo 👋", "cursor": 7},
    )


@pytest.mark.parametrize(
    ("fields", "state", "left"),
    [
        (
            {"content": "My number is \u2588\u2588\u2588\u2588.", "redacted_at": timezone.now()},
            "complete",
            18,
        ),
        ({"content": "My number is 4711.", "hidden_at": timezone.now()}, "complete", 0),
        ({"content": "My number is 4711."}, "withheld", 18),
    ],
)
async def test_what_was_taken_back_between_two_connections_is_replaced_and_not_continued(
    program: Program, conversation: Conversation, fields: dict[str, Any], state: str, left: int
) -> None:
    message = await make(MessageFactory, conversation=conversation, assistant=True, **fields)
    await make(ReplyFactory, message=message, state=state)
    path = f"messages/{message.pk}/events"
    whole = text_of(await read_events(await program.get(path)))
    for cursor in ("15", "18"):
        events = await read_events(await program.get(path, **{"Last-Event-ID": cursor}))
        assert [kind for _, kind, _ in events] == ["reply.snapshot", "reply.finished"]
        assert text_of(events) == whole
        assert (len(whole), events[-1][2]["cursor"]) == (left, left)


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?cursor=-1", {}),
        ("?cursor=x", {}),
        ("", {"Last-Event-ID": "x"}),
        ("", {"Last-Event-ID": "-1"}),
    ],
)
async def test_a_place_that_is_none_is_refused_before_the_stream(
    program: Program, conversation: Conversation, query: str, headers: dict[str, str]
) -> None:
    reply = await make(ReplyFactory, message__conversation=conversation)
    answered = await program.get(f"messages/{reply.pk}/events{query}", **headers)
    assert (answered.status_code, answered.json()["code"]) == (400, "validation_failed")


async def test_a_persons_message_is_no_answer_to_follow_stop_or_ask_again(
    program: Program, conversation: Conversation
) -> None:
    message = await make(MessageFactory, conversation=conversation)
    assert (await program.get(f"messages/{message.pk}/events")).status_code == 404
    assert (await program.post(f"messages/{message.pk}/stop")).status_code == 404
    again = await program.post(f"messages/{message.pk}/regenerate")
    assert (again.status_code, again.json()["code"]) == (409, "reply_not_retryable")


async def test_a_viewer_who_comes_back_gets_exactly_the_rest(
    program: Program, conversation: Conversation, upstream: ScriptedUpstream
) -> None:
    path = f"conversations/{conversation.pk}/messages"
    async with answering():
        posted = await program.post(path, {"content": "[[stream tokens=80 rate=400]]"})
        number = posted.json()["data"]["reply"]["id"]
        first = await program.get(f"messages/{number}/events")
        seen: Events = []
        async for part in first.streaming_content:
            seen += parse(part)
            if text_of(seen):
                break
        await first.streaming_content.aclose()
        cursor = {"Last-Event-ID": str(len(text_of(seen)))}
        rest = await read_events(await program.get(f"messages/{number}/events", **cursor))
    assert text_of(seen) + "".join(d["text"] for _, k, d in rest if k == "reply.delta") == (
        answer_text(80)
    )
    assert rest[-1][2]["state"] == "complete"


async def test_an_answer_is_stopped_and_asked_again(
    program: Program, conversation: Conversation, upstream: ScriptedUpstream
) -> None:
    path = f"conversations/{conversation.pk}/messages"
    posted = await program.post(path, {"content": "[[stream tokens=5]]"})
    number = posted.json()["data"]["reply"]["id"]
    stopped = await program.post(f"messages/{number}/stop")
    assert (stopped.status_code, stopped.json()["data"]["state"]) == (200, "stopped")
    assert stopped.json()["message"] == "The answer is stopped."
    assert (await program.post(f"messages/{number}/stop")).json()["data"]["state"] == "stopped"
    async with answering():
        again = await program.post(f"messages/{number}/regenerate", **STREAM)
        events = await read_events(again)
    assert text_of(events) == answer_text(5)
    assert events[0][2]["reply_id"] != number
    late = (await program.post(f"messages/{events[0][2]['reply_id']}/stop")).json()
    assert (late["data"]["state"], late["message"]) == (
        "complete",
        "There was nothing to stop: the answer had ended before, as `complete`.",
    )
    shown = (await program.get(path)).json()["data"]["items"]
    assert [item["id"] for item in shown][-1] == events[0][2]["reply_id"]


async def make(factory: Any, **fields: Any) -> Any:
    """Make a row in the test's own thread."""
    return await sync_to_async(factory)(**fields)
