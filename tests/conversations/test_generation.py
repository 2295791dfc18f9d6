"""A worker writes an answer: it ends in exactly one state, and the text is what was shown."""

import asyncio

import pytest
import redis

from apps.conversations.events import ReplyDelta, ReplyFinished, ReplySnapshot, ReplyStarted
from apps.conversations.models import Message, Reply
from apps.conversations.services import following, leases, pages, reaping, stopping, turns
from apps.core import db
from apps.llm.models import UsageRecord
from apps.users.models import User
from tests.conversations.conftest import read_reply, running_worker
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text


async def send(person: User, content: str, conversation_id: int | None = None) -> turns.Turn:
    return await turns.start_turn(
        actor=person,
        request=turns.TurnRequest(conversation_id=conversation_id, content=content),
    )


async def test_an_answer_is_complete_with_text_usage_and_ledger(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=30]]")
        reply = await worker.finish(turn.reply.pk)
    assert reply.state == "complete"
    assert reply.message.content == answer_text(30)
    assert reply.finish_reason == "stop"
    assert reply.usage_source == "reported"
    record = await UsageRecord.objects.aget()
    assert (record.purpose, record.reference_id, record.user_id) == ("reply", reply.pk, person.pk)
    assert record.completion_tokens == reply.completion_tokens


@pytest.mark.parametrize(
    ("directive", "state", "code", "text"),
    [
        ("[[status status=500]]", "failed", "upstream_error", ""),
        ("[[status status=401]]", "failed", "upstream_unauthorized", ""),
        ("[[cut after=5]]", "failed", "upstream_cut", answer_text(5)),
        ("[[no_reason after=5]]", "failed", "upstream_truncated", answer_text(5)),
    ],
)
async def test_a_broken_model_server_ends_as_failed_and_keeps_what_arrived(
    person: User, upstream: ScriptedUpstream, directive: str, state: str, code: str, text: str
) -> None:
    async with running_worker() as worker:
        turn = await send(person, directive)
        reply = await worker.finish(turn.reply.pk)
    assert (reply.state, reply.error_code) == (state, code)
    assert reply.message.content == text
    assert reply.notice
    assert reply.finished_at is not None


async def test_a_follower_gets_every_character_once_and_one_end(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=60 rate=200]]")
        worker.begin(turn.reply.pk)
        events = [event async for event in following.follow(viewer=person, reply_id=turn.reply.pk)]
    deltas = [event for event in events if isinstance(event, ReplyDelta)]
    assert "".join(delta.text for delta in deltas) == answer_text(60)
    assert len(deltas) > 2
    position = 0
    for delta in deltas:
        position += len(delta.text)
        assert delta.cursor == position
    assert [event for event in events if isinstance(event, ReplyStarted)]
    assert [type(event) for event in events].count(ReplyFinished) == 1
    end = events[-1]
    assert isinstance(end, ReplyFinished)
    assert end.state == "complete"
    assert "word59" in end.html


async def test_a_late_follower_gets_only_what_it_misses(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=10]]")
        await worker.finish(turn.reply.pk)
    events = [
        event async for event in following.follow(viewer=person, reply_id=turn.reply.pk, cursor=12)
    ]
    assert [type(event) for event in events] == [ReplyDelta, ReplyFinished]
    assert isinstance(events[0], ReplyDelta)
    assert events[0].text == answer_text(10)[12:]


async def test_stop_closes_the_upstream_and_keeps_what_was_shown(
    person: User, upstream: ScriptedUpstream
) -> None:
    shown = ""
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=4000 rate=100]]")
        worker.begin(turn.reply.pk)
        async for event in following.follow(viewer=person, reply_id=turn.reply.pk):
            if isinstance(event, ReplyDelta):
                shown += event.text
                if len(shown) > 20 and not isinstance(event, ReplyFinished):
                    await db.call(stopping.stop_reply, actor=person, reply_id=turn.reply.pk)
            elif isinstance(event, ReplySnapshot):
                shown = event.text
    assert upstream.wait_until(lambda book: book.open_connections == 0, seconds=1.0)
    reply = await read_reply(turn.reply.pk)
    assert reply.state == "stopped"
    assert reply.message.content == shown
    assert answer_text(4000).startswith(shown)
    assert reply.usage_source == "estimated"


async def test_stop_before_the_first_token_ends_as_stopped(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[hang]]")
        task = worker.begin(turn.reply.pk)
        assert await asyncio.to_thread(upstream.wait_until, lambda book: book.open_connections == 1)
        await db.call(stopping.stop_reply, actor=person, reply_id=turn.reply.pk)
        async with asyncio.timeout(2):
            await task
        closed = await asyncio.to_thread(
            upstream.wait_until, lambda book: book.open_connections == 0, seconds=1.0
        )
    assert closed
    reply = await read_reply(turn.reply.pk)
    assert (reply.state, reply.message.content) == ("stopped", "")


async def test_a_queued_answer_is_stopped_without_a_worker(
    person: User, upstream: ScriptedUpstream
) -> None:
    turn = await send(person, "hello")
    reply = await db.call(stopping.stop_reply, actor=person, reply_id=turn.reply.pk)
    assert reply.state == "stopped"
    async with running_worker() as worker:
        await worker.finish(turn.reply.pk)
    assert upstream.requests == []
    assert (await read_reply(turn.reply.pk)).state == "stopped"


async def test_a_worker_that_is_told_to_leave_ends_its_answers_as_interrupted(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=4000 rate=100]]")
        worker.begin(turn.reply.pk)
        async for event in following.follow(viewer=person, reply_id=turn.reply.pk):
            if isinstance(event, ReplyDelta):
                break
        await worker.aclose()
    reply = await read_reply(turn.reply.pk)
    assert reply.state == "interrupted"
    assert answer_text(4000).startswith(reply.message.content)
    assert reply.message.content


async def test_the_model_sees_the_window_and_never_a_hidden_message(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        first = await send(person, "first question")
        await worker.finish(first.reply.pk)
        second = await send(person, "second question", first.conversation.pk)
        await worker.finish(second.reply.pk)
        first.message.hidden_at = first.message.created_at
        await first.message.asave(update_fields=["hidden_at"])
        third = await send(person, "third question", first.conversation.pk)
        await worker.finish(third.reply.pk)
    sent = [
        (message["role"], message["content"]) for message in upstream.requests[-1].body["messages"]
    ]
    assert sent[0][0] == "system"
    assert [content for role, content in sent if role == "user"] == [
        "second question",
        "third question",
    ]


async def test_only_one_worker_answers_however_often_the_job_runs(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker, running_worker() as other:
        turn = await send(person, "[[stream tokens=20 rate=200]]")
        await asyncio.gather(worker.begin(turn.reply.pk), other.begin(turn.reply.pk))
    assert len(upstream.requests) == 1
    assert await Reply.objects.filter(state="complete").acount() == 1


async def test_what_viewers_saw_is_kept_when_the_worker_dies_before_it_is_stored(
    person: User, upstream: ScriptedUpstream, redis_url: str
) -> None:
    turn = await send(person, "hello")
    await db.call(leases.claim, reply_id=turn.reply.pk, owner="a worker that died")
    await Message.objects.filter(pk=turn.reply.pk).aupdate(content="stored, ")
    await Reply.objects.filter(pk=turn.reply.pk).aupdate(lease_expires_at=turn.message.created_at)
    with redis.Redis.from_url(redis_url) as client:
        client.set(f"parley:live:{turn.reply.pk}", b"\x01stored, and shown")
    reaper = reaping.Reaper()
    assert await db.call(reaper.look) == []
    assert await db.call(reaper.look) == [turn.reply.pk]
    reply = await read_reply(turn.reply.pk)
    assert (reply.state, reply.message.content) == ("interrupted", "stored, and shown")


async def test_a_page_begins_with_all_that_viewers_saw_before_it_is_stored(
    person: User, upstream: ScriptedUpstream, redis_url: str
) -> None:
    turn = await send(person, "hello")
    await db.call(leases.claim, reply_id=turn.reply.pk, owner="a worker")
    await Message.objects.filter(pk=turn.reply.pk).aupdate(content="stored, ")
    for live, shown in [
        (b"\x01stored, and shown", "stored, and shown"),
        (b"\x01of before it was lost", "stored, "),
    ]:
        with redis.Redis.from_url(redis_url) as client:
            client.set(f"parley:live:{turn.reply.pk}", live)
        page = await db.call(
            pages.transcript_of, viewer=person, conversation_id=turn.message.conversation_id
        )
        answer = page["transcript"][-1]
        assert (answer.text, answer.cursor) == (shown, len(shown))


async def test_an_answer_that_reached_its_longest_length_says_so(
    person: User, upstream: ScriptedUpstream
) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=3 finish=length]]")
        await worker.finish(turn.reply.pk)
    events = [event async for event in following.follow(viewer=person, reply_id=turn.reply.pk)]
    assert isinstance(events[-1], ReplyFinished)
    assert (events[-1].state, events[-1].finish_reason) == ("complete", "length")
    assert "cut short" in events[-1].notice


async def test_an_answer_without_a_word_says_so(person: User, upstream: ScriptedUpstream) -> None:
    async with running_worker() as worker:
        turn = await send(person, "[[stream tokens=0]]")
        reply = await worker.finish(turn.reply.pk)
    assert (reply.state, reply.message.content) == ("complete", "")
    assert reply.notice == "The model answered with nothing. Ask again, or in other words."
