"""Workers that are killed, asked to leave, or doubled: each answer ends once, its text is kept."""

import pytest
from asgiref.sync import sync_to_async

from tests.journey.person import Person, questions_in
from tests.support.processes import Site
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text

pytestmark = pytest.mark.fault

RATE = 100
LOST_CHARS = max(2_048, RATE * len("word000 "))


async def test_an_answer_whose_worker_is_killed_ends_as_interrupted_and_can_be_tried_again(
    person: Person, site: Site
) -> None:
    async with person.socket() as socket:
        sent = await socket.say(f"[[stream tokens=2000 rate={RATE}]]")
        await socket.until_text(sent.reply_id, 2_000, seconds=20)
        site.worker.kill()
        end = await socket.until_end(sent.reply_id, seconds=30)
        seen = max(event.get("cursor", 0) for event in socket.events[:-1])
        assert (end["state"], end["error_code"]) == ("interrupted", "worker_lost")
        assert "Try again" in end["notice"]
        stored = (await person.read(sent.reply_id))["content"]
        assert answer_text(2000).startswith(stored)
        assert socket.texts[sent.reply_id] == stored
        assert seen - len(stored) <= LOST_CHARS
        await sync_to_async(site.worker.start)()
        await socket.send("reply.retry", message_id=sent.reply_id)
        retried = await socket.until(lambda event: event["type"] == "message.accepted")
        await socket.until_text(retried["reply_id"], 100)
        await socket.send("reply.stop", reply_id=retried["reply_id"])
        assert (await socket.until_end(retried["reply_id"]))["state"] == "stopped"
    assert retried["message"]["id"] == sent.message_id


async def test_stop_reaches_the_model_within_a_second_and_before_the_first_word_too(
    person: Person, upstream: ScriptedUpstream
) -> None:
    async with person.socket() as socket:
        for directive in ("[[stream tokens=2000 rate=100]]", "[[hang]]"):
            before = len(upstream.requests)
            sent = await socket.say(directive)
            assert await sync_to_async(upstream.wait_until)(
                lambda book, before=before: len(book.requests) > before
            )
            request = upstream.requests[-1]
            await socket.send("reply.stop", reply_id=sent.reply_id)
            assert await sync_to_async(upstream.wait_until)(
                lambda _, request=request: request.closed_by_client_at is not None, seconds=1.0
            )
            end = await socket.until_end(sent.reply_id)
            assert end["state"] == "stopped"
            stored = (await person.read(sent.reply_id))["content"]
            assert socket.texts.get(sent.reply_id, "") == stored


async def test_a_worker_that_is_asked_to_leave_lets_short_answers_end_and_interrupts_long_ones(
    person: Person, site: Site
) -> None:
    async with person.socket() as socket, person.socket() as other:
        long = await socket.say("[[stream tokens=4000 rate=50]]")
        await socket.until_text(long.reply_id, 100)
        short = await other.say("[[stream tokens=100 rate=100]]")
        await other.until_text(short.reply_id, 50)
        site.worker.terminate()
        assert (await other.until_end(short.reply_id))["state"] == "complete"
        end = await socket.until_end(long.reply_id)
        await sync_to_async(site.worker.wait_for_end)(seconds=5)
        assert end["state"] == "interrupted"
        stored = (await person.read(long.reply_id))["content"]
        assert socket.texts[long.reply_id] == stored
        waiting = await other.say("[[stream tokens=10]]", conversation_id=short.conversation_id)
        await sync_to_async(site.worker.start)()
        assert (await other.until_end(waiting.reply_id))["state"] == "complete"


async def test_two_workers_answer_each_message_once(
    person: Person, site: Site, upstream: ScriptedUpstream
) -> None:
    await sync_to_async(site.add_worker)()
    before = len(upstream.requests)
    async with person.socket() as socket:
        sent = [await socket.say("[[stream tokens=30 rate=200]]") for _ in range(12)]
        for one in sent:
            assert (await socket.until_end(one.reply_id))["state"] == "complete"
            assert socket.texts[one.reply_id] == answer_text(30)
    assert len(questions_in(upstream.requests[before:])) == 12
