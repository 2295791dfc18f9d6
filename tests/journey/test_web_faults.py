"""Web processes that die, leave, or meet a client that does not read: the answer is not theirs."""

import pytest
from asgiref.sync import sync_to_async
from websockets.exceptions import ConnectionClosed

from tests.journey.person import Person, sign_up
from tests.journey.slow_reader import SlowReader
from tests.support.processes import Site
from tests.support.upstream_frames import answer_text

pytestmark = pytest.mark.fault


async def test_a_web_process_that_is_killed_costs_the_viewer_nothing_but_a_reconnect(
    person: Person, site: Site
) -> None:
    async with person.socket() as socket:
        sent = await socket.say("[[stream tokens=3000 rate=300]]")
        seen = await socket.until_text(sent.reply_id, 1_000)
        site.web.kill()
    await sync_to_async(site.web.start)()
    async with person.socket() as again:
        await again.follow(sent.reply_id, text=seen)
        end = await again.until_end(sent.reply_id, seconds=20)
    assert end["state"] == "complete"
    assert again.texts[sent.reply_id] == answer_text(3000)


async def test_a_web_process_that_is_asked_to_leave_tells_its_sockets_to_come_back(
    person: Person, site: Site
) -> None:
    async with person.socket() as socket:
        sent = await socket.say("[[stream tokens=600 rate=100]]")
        seen = await socket.until_text(sent.reply_id, 100)
        site.web.terminate()
        with pytest.raises(ConnectionClosed) as closed:
            await socket.until_end(sent.reply_id)
        seen = socket.texts[sent.reply_id]
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    await sync_to_async(site.web.wait_for_end)(seconds=8)
    await sync_to_async(site.web.start)()
    async with person.socket() as again:
        await again.follow(sent.reply_id, text=seen)
        assert (await again.until_end(sent.reply_id))["state"] == "complete"
    assert again.texts[sent.reply_id] == answer_text(600)


async def test_a_client_that_never_reads_costs_little_memory_and_slows_nobody(
    person: Person, site: Site
) -> None:
    sent = await person.ask("[[stream tokens=40000 rate=8000]]")
    await person.wait_for_end(sent.reply_id, seconds=30)
    before = site.web.resident_bytes
    async with SlowReader(person) as slow:
        for _ in range(400):
            await slow.send({"type": "reply.follow", "reply_id": sent.reply_id, "cursor": 0})
        other = await sync_to_async(sign_up)(site)
        async with other.socket() as socket:
            for _ in range(3):
                one = await socket.say("[[stream tokens=50 rate=200]]")
                assert (await socket.until_end(one.reply_id, seconds=5))["state"] == "complete"
    assert site.web.resident_bytes - before < 40_000_000
