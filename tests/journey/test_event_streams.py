"""Server-sent events that are cut anywhere go on from the last id, byte for byte."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import orjson
import pytest

from tests.journey.person import Event, Person
from tests.support.upstream_frames import answer_text
from tests.support.upstream_scripts import EMOJI_TEXT

CUTS = 12


@dataclass(slots=True)
class Reader:
    """What one reader of an answer has so far."""

    text: str = ""
    last_id: str = ""
    end: Event | None = None

    def take(self, frame: bytes) -> None:
        """Take one frame; its text must join."""
        fields = dict(line.split(b": ", 1) for line in frame.split(b"\n") if b": " in line)
        if b"data" not in fields:
            return
        data: Event = orjson.loads(fields[b"data"])
        kind = fields[b"event"].decode()
        if kind == "reply.delta":
            assert data["cursor"] == len(self.text) + len(data["text"]), "text must join"
            self.text += data["text"]
        elif kind == "reply.snapshot":
            self.text = data["text"]
        elif kind == "reply.finished":
            self.end = data
        self.last_id = fields.get(b"id", self.last_id.encode()).decode()


async def read(person: Person, reply_id: int, reader: Reader, *, frames: int | None) -> None:
    """Read from where the reader stands, and hang up after so many frames."""
    headers = {"Last-Event-ID": reader.last_id} if reader.last_id else {}
    path = f"/messages/{reply_id}/events"
    async with person.client() as client, client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for frame in frames_of(answer):
            reader.take(frame)
            frames = None if frames is None else frames - 1
            if frames == 0 or reader.end is not None:
                return


async def frames_of(answer: httpx.Response) -> AsyncIterator[bytes]:
    rest = b""
    async for data in answer.aiter_bytes():
        *frames, rest = (rest + data).split(b"\n\n")
        for frame in frames:
            yield frame


@pytest.mark.parametrize("seed", range(3))
async def test_a_stream_that_is_cut_at_random_loses_and_repeats_nothing(
    person: Person, seed: int
) -> None:
    chance = random.Random(seed)
    sent = await person.ask("[[stream tokens=400 rate=200]]")
    reader = Reader()
    for _ in range(CUTS):
        if reader.end is None:
            await read(person, sent.reply_id, reader, frames=chance.randint(1, 6))
    if reader.end is None:
        await read(person, sent.reply_id, reader, frames=None)
    assert reader.text == answer_text(400)
    assert reader.end is not None
    assert (reader.end["state"], reader.end["cursor"]) == ("complete", len(reader.text))


async def test_a_cursor_counts_characters_and_not_bytes(person: Person) -> None:
    sent = await person.ask("[[emoji]]")
    await person.wait_for_end(sent.reply_id, seconds=10)
    for cursor in range(len(EMOJI_TEXT) + 1):
        reader = Reader(text=EMOJI_TEXT[:cursor], last_id=str(cursor))
        await read(person, sent.reply_id, reader, frames=None)
        assert reader.text == EMOJI_TEXT


async def test_a_message_streams_at_once_where_events_are_asked_for(person: Person) -> None:
    made = await person.call("POST", "/conversations/", {})
    path = f"/conversations/{made.json()['data']['id']}/messages"
    reader = Reader()
    kinds = []
    async with (
        person.client() as client,
        client.stream(
            "POST",
            path,
            json={"content": "[[stream tokens=50 rate=100]]"},
            headers={"Accept": "text/event-stream"},
        ) as answer,
    ):
        async for frame in frames_of(answer):
            kinds.append(frame.split(b"event: ")[1].split(b"\n")[0].decode())
            reader.take(frame)
    assert kinds[0] == "message.accepted"
    assert kinds[-1] == "reply.finished"
    assert kinds.count("reply.finished") == 1
    assert reader.text == answer_text(50)
