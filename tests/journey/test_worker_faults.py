"""Workers that are killed, asked to leave, or doubled: each answer ends once, its text is kept."""

import pytest
from asgiref.sync import sync_to_async

from apps.conversations.constants import CHECKPOINT_SECONDS
from tests.journey.person import Person, questions_in
from tests.support.processes import Site
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text

pytestmark = pytest.mark.fault

RATE = 100
TOKENS = 4_000
LONG = f"[[stream tokens={TOKENS} rate={RATE}]]"
LOOK_SECONDS = 2 * CHECKPOINT_SECONDS
"""A word to the worker that is lost, as Redis may, is made good by its next look at the row."""
LOST_CHARS = max(2_048, RATE * len("word000 "))


async def test_answers_of_a_killed_and_of_a_frozen_worker_end_as_interrupted_with_their_text(
    person: Person, site: Site
) -> None:
    async with person.socket() as socket:
        killed = await socket.say(LONG)
        await socket.until_text(killed.reply_id, 2_000, seconds=20)
        other = await sync_to_async(site.add_worker)()
        await sync_to_async(site.worker.kill)()
        frozen = await socket.say(LONG)
        await socket.until_text(frozen.reply_id, 500)
        other.freeze()
        for sent in (killed, frozen):
            end = await socket.until_end(sent.reply_id, seconds=30)
            assert (end["state"], end["error_code"]) == ("interrupted", "worker_lost")
            assert end["notice"].startswith("The answer was interrupted on our side.")
            stored = (await person.read(sent.reply_id))["content"]
            assert answer_text(TOKENS).startswith(stored)
            assert socket.texts[sent.reply_id] == stored
            assert socket.most(sent.reply_id) - len(stored) <= LOST_CHARS
        other.thaw()
        await socket.send("reply.retry", message_id=killed.reply_id)
        retried = await socket.until(
            lambda event: (
                event["type"] == "message.accepted"
                and event["message"]["id"] == killed.message_id
                and event["reply_id"] != killed.reply_id
            )
        )
        await socket.until_text(retried["reply_id"], 100)
        await socket.send("reply.stop", reply_id=retried["reply_id"])
        assert (await socket.until_end(retried["reply_id"]))["state"] == "stopped"
        after = await person.read(frozen.reply_id)
    assert (after["reply"]["state"], after["content"]) == (
        "interrupted",
        socket.texts[frozen.reply_id],
    )


async def test_stop_reaches_the_model_at_once_or_by_the_next_look_and_before_the_first_word_too(
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
                lambda _, request=request: request.closed_by_client_at is not None,
                seconds=LOOK_SECONDS,
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
