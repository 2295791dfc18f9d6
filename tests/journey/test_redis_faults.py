"""Redis is only a hint: without it answers go on from the checkpoints, and nothing is lost."""

from collections.abc import Iterator

import pytest

from apps.core.development.valkey import ValkeyServer
from tests.journey.person import Person
from tests.support.services import freeze, thaw
from tests.support.upstream_frames import answer_text

pytestmark = pytest.mark.fault


@pytest.fixture
def thawed(valkey: ValkeyServer) -> Iterator[None]:
    """Never leave a frozen server behind."""
    yield
    thaw(valkey)


async def test_an_answer_goes_on_while_redis_is_away_and_after_it_is_back(
    person: Person, valkey: ValkeyServer
) -> None:
    async with person.socket() as socket:
        sent = await socket.say("[[stream tokens=500 rate=100]]")
        seen = len(await socket.until_text(sent.reply_id, 300))
        valkey.stop()
        seen = len(await socket.until_text(sent.reply_id, seen + 600, seconds=5))
        valkey.start()
        await socket.until_end(sent.reply_id)
        assert socket.texts[sent.reply_id] == answer_text(500)
        again = await socket.say("[[stream tokens=20]]", conversation_id=sent.conversation_id)
        await socket.until_end(again.reply_id, seconds=5)
    assert socket.texts[again.reply_id] == answer_text(20)


async def test_pages_are_told_to_look_again_once_redis_is_back(
    person: Person, valkey: ValkeyServer
) -> None:
    async with person.socket() as early:
        valkey.stop()
        async with person.socket() as late:
            valkey.start()
            for socket in (early, late):
                await socket.until(lambda event: event["type"] == "page.missed", seconds=10)


async def test_a_message_is_accepted_and_answered_without_redis(
    person: Person, valkey: ValkeyServer
) -> None:
    valkey.stop()
    sent = await person.ask("[[stream tokens=30 rate=100]]")
    message = await person.wait_for_end(sent.reply_id, seconds=10)
    assert (message["reply"]["state"], message["content"]) == ("complete", answer_text(30))


async def test_a_page_that_is_opened_without_redis_streams_all_the_same(
    person: Person, valkey: ValkeyServer
) -> None:
    valkey.stop()
    async with person.socket(), person.socket() as socket:
        sent = await socket.say("[[stream tokens=1500 rate=100]]")
        await socket.until_text(sent.reply_id, 600, seconds=5)
        await socket.send("reply.stop", reply_id=sent.reply_id)
        end = await socket.until_end(sent.reply_id, seconds=4)
    assert end["state"] == "stopped"
    stored = await person.read(sent.reply_id)
    assert socket.texts[sent.reply_id] == stored["content"]


async def test_a_redis_that_answers_nothing_is_as_good_as_none(
    person: Person, valkey: ValkeyServer, thawed: None
) -> None:
    async with person.socket() as socket:
        sent = await socket.say("[[stream tokens=900 rate=100]]")
        seen = len(await socket.until_text(sent.reply_id, 300))
        freeze(valkey)
        await socket.until_text(sent.reply_id, seen + 600, seconds=8)
        thaw(valkey)
        await socket.until_end(sent.reply_id)
    assert socket.texts[sent.reply_id] == answer_text(900)
