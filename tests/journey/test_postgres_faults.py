"""PostgreSQL goes away and comes back: clear errors meanwhile, and no accepted text is lost."""

import asyncio

import httpx
import pytest
from asgiref.sync import sync_to_async

from apps.core.development.postgres import PostgresServer
from tests.journey.person import Person
from tests.support.processes import Site
from tests.support.upstream_frames import answer_text

pytestmark = pytest.mark.fault

PAUSE_SECONDS = 4


async def ask_until_accepted(person: Person, content: str, *, seconds: float) -> int:
    """Send a message again and again, as a client does, and return its answer's number."""
    async with asyncio.timeout(seconds), person.client() as client:
        while True:
            made = await client.post("/conversations/", json={})
            if made.status_code == 201:
                path = f"/conversations/{made.json()['data']['id']}/messages"
                answer = await client.post(path, json={"content": content})
                if answer.status_code == 202:
                    return int(answer.json()["data"]["reply"]["id"])
            await asyncio.sleep(0.2)


async def refusal(person: Person) -> httpx.Response:
    return await person.call("GET", "/users/me")


async def test_an_answer_survives_that_postgres_is_away_and_both_processes_recover(
    person: Person, site: Site, postgres: PostgresServer
) -> None:
    async with person.socket() as socket:
        through = await socket.say("[[stream tokens=1500 rate=100]]")
        await socket.until_text(through.reply_id, 200)
        ending = await person.ask("[[stream tokens=250 rate=100]]")
        await socket.follow(ending.reply_id)
        await socket.until_text(ending.reply_id, 200)
        await sync_to_async(postgres.stop)()
        refused = await asyncio.gather(*(refusal(person) for _ in range(3)))
        async with asyncio.timeout(1):
            refused += [await refusal(person)]
        await socket.until_text(ending.reply_id, len(answer_text(250)), seconds=10)
        await socket.until_text(
            through.reply_id, len(socket.texts[through.reply_id]) + 700 * PAUSE_SECONDS
        )
        await socket.follow(ending.reply_id, text=socket.texts[ending.reply_id])
        await sync_to_async(postgres.start)()
        fresh = await ask_until_accepted(person, "[[stream tokens=20]]", seconds=10)
        assert (await person.wait_for_end(fresh, seconds=10))["content"] == answer_text(20)
        for reply_id, tokens in ((ending.reply_id, 250), (through.reply_id, 1500)):
            stored = await person.wait_for_end(reply_id, seconds=20)
            assert (stored["reply"]["state"], stored["content"]) == (
                "complete",
                answer_text(tokens),
            )
        await socket.until_end(ending.reply_id)
        end = await socket.until_end(through.reply_id)
    assert [event for event in socket.events if event["type"] == "error"] == []
    assert (end["state"], socket.texts[through.reply_id]) == ("complete", answer_text(1500))
    for answer in refused:
        assert answer.status_code == 503
        assert answer.json()["code"] == "service_unavailable"
        assert "parley" not in answer.json()["message"].lower()
    assert site.web.is_running
    assert site.worker.is_running


async def test_a_message_of_the_moment_when_postgres_comes_back_is_answered(
    person: Person, postgres: PostgresServer
) -> None:
    await sync_to_async(postgres.stop)()
    await sync_to_async(postgres.start)()
    sent = await ask_until_accepted(person, "[[stream tokens=20]]", seconds=10)
    message = await person.wait_for_end(sent, seconds=15)
    assert (message["reply"]["state"], message["content"]) == ("complete", answer_text(20))
