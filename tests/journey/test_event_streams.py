"""Server-sent events that are cut anywhere go on from the last id, byte for byte."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import orjson
import pytest

from tests.journey.person import Event, Person
from tests.support.upstream_frames import answer_text

CUTS = 12
SEEDS = range(6)
MIXED = (
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1e9\U0001f1ea "
    "\U0001f44d\U0001f3fd "
    "cafe\u0301 Z\u0351\u0343\u036ba\u0308\u0323 \U0001d4b3\U0002070e\U0010fffd "
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u200f(1)\u200e \u202babc\u202c "
    "\u0e01\u0e33 \u0915\u094d\u0937\u093f \uac01\u1112\u1161\u11ab a\u2028b\u2029c\u0085d\te\n\n"
    "data: no frame\nid: 7\nevent: reply.finished\n\nGr\u00fc\u00dfe\ufe0f."
)
"""Family, flag, skin, marks above and below, beyond the first plane, right to left, other lines."""


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


async def cut_at_random(person: Person, reply_id: int, chance: random.Random) -> Reader:
    """Read an answer to its end through many connections, each cut after a few frames."""
    reader = Reader()
    for _ in range(CUTS):
        if reader.end is None:
            await read(person, reply_id, reader, frames=chance.randint(1, 6))
    if reader.end is None:
        await read(person, reply_id, reader, frames=None)
    assert reader.end is not None
    assert (reader.end["state"], reader.end["cursor"]) == ("complete", len(reader.text))
    return reader


@pytest.mark.parametrize("seed", range(3))
async def test_a_stream_that_is_cut_at_random_loses_and_repeats_nothing(
    person: Person, seed: int
) -> None:
    sent = await person.ask("[[stream tokens=400 rate=200]]")
    reader = await cut_at_random(person, sent.reply_id, random.Random(seed))
    assert reader.text == answer_text(400)


@pytest.mark.parametrize("seed", SEEDS)
async def test_any_writing_arrives_byte_for_byte_through_cuts(person: Person, seed: int) -> None:
    text = MIXED * 3
    sent = await person.ask(f"[[echo rate=200]]\n{text}")
    reader = await cut_at_random(person, sent.reply_id, random.Random(seed))
    assert reader.text.encode() == text.encode()
    stored = await person.read(sent.reply_id)
    assert stored["content"].encode() == text.encode()


async def test_a_cursor_counts_characters_and_not_bytes(person: Person) -> None:
    sent = await person.ask(f"[[echo]]\n{MIXED}")
    await person.wait_for_end(sent.reply_id, seconds=10)
    for cursor in range(len(MIXED) + 1):
        reader = Reader(text=MIXED[:cursor], last_id=str(cursor))
        await read(person, sent.reply_id, reader, frames=None)
        assert reader.text.encode() == MIXED.encode()


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
