"""The main journey over real processes: a message is accepted once and answered once."""

import asyncio

from tests.journey.person import Person, questions_in
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text


async def test_an_answer_streams_over_the_socket_and_is_what_is_stored(person: Person) -> None:
    async with person.socket() as socket:
        sent = await socket.say("[[stream tokens=60 rate=100]]")
        end = await socket.until_end(sent.reply_id)
    assert socket.texts[sent.reply_id] == answer_text(60)
    assert (end["state"], end["cursor"]) == ("complete", len(answer_text(60)))
    assert (await person.read(sent.reply_id))["content"] == answer_text(60)


async def test_a_message_that_is_sent_twenty_times_at_once_is_one_message_with_one_answer(
    person: Person, upstream: ScriptedUpstream
) -> None:
    before = len(upstream.requests)
    made = await person.call("POST", "/conversations/", {})
    path = f"/conversations/{made.json()['data']['id']}/messages"
    async with person.client() as client:
        answers = await asyncio.gather(
            *(
                client.post(
                    path,
                    json={"content": "[[stream tokens=30 rate=100]]"},
                    headers={"Idempotency-Key": "the-same-one"},
                )
                for _ in range(20)
            )
        )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["data"]["reply"]["id"] for answer in answers}) == 1
    reply_id = answers[0].json()["data"]["reply"]["id"]
    message = await person.wait_for_end(reply_id, seconds=10)
    assert message["content"] == answer_text(30)
    listed = (await person.call("GET", path)).json()["data"]["items"]
    assert [item["role"] for item in listed] == ["user", "assistant"]
    assert len(questions_in(upstream.requests[before:])) == 1
