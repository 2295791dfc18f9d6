"""Reads what servers send: chunked bodies, server-sent events, socket frames."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from bench.work import Seen


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that an event brought; `replaces` where it stands for all before it."""

    text: str
    replaces: bool = False
    is_end: bool = False
    problem: str = ""


EventReader = Callable[[str, bytes], Piece | None]


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice]


class _Event(msgspec.Struct):
    type: str
    text: str = ""
    state: str = ""
    code: str = ""


class _Plain(msgspec.Struct):
    text: str = ""
    done: bool = False


_chunk = msgspec.json.Decoder(_Chunk)
_event = msgspec.json.Decoder(_Event)
_plain = msgspec.json.Decoder(_Plain)


def read_openai(name: str, data: bytes) -> Piece | None:
    """Read an event of an OpenAI-compatible stream."""
    if data == b"[DONE]":
        return Piece("", is_end=True)
    choices = _chunk.decode(data).choices
    text = choices[0].delta.content if choices else None
    return Piece(text) if text else None


def read_plain(name: str, data: bytes) -> Piece | None:
    """Read an event of the afternoon app: {"text"} and a last {"done"}."""
    event = _plain.decode(data)
    return Piece(event.text, is_end=event.done)


def read_parley(name: str, data: bytes) -> Piece | None:
    """Read an event of Parley, from a socket or a stream."""
    event = _event.decode(data)
    match event.type:
        case "reply.delta":
            return Piece(event.text)
        case "reply.snapshot":
            return Piece(event.text, replaces=True)
        case "reply.finished":
            problem = "" if event.state == "complete" else f"ended as {event.state}"
            return Piece("", is_end=True, problem=problem)
        case "error":
            return Piece("", is_end=True, problem=event.code)
    return None


class ResponseParser:
    """Takes a raw HTTP response with a chunked event stream and hands its events on."""

    def __init__(self, read: EventReader) -> None:
        self._read = read
        self._raw = b""
        self._body = b""
        self._has_head = False

    def feed(self, data: bytes) -> list[Piece]:
        """Read the next bytes."""
        self._raw += data
        if not self._has_head:
            head, separator, rest = self._raw.partition(b"\r\n\r\n")
            if not separator:
                return []
            status = head.split(b" ", 2)[1]
            if status != b"200":
                return [Piece("", is_end=True, problem=f"HTTP {status.decode()}")]
            self._has_head, self._raw = True, rest
        self._body += self._take_chunks()
        *events, self._body = self._body.replace(b"\r\n", b"\n").split(b"\n\n")
        return [piece for event in events if (piece := self._read_event(event)) is not None]

    def _take_chunks(self) -> bytes:
        taken = []
        while True:
            line, separator, rest = self._raw.partition(b"\r\n")
            if not separator:
                break
            size = int(line, 16)
            if len(rest) < size + 2:
                break
            taken.append(rest[:size])
            self._raw = rest[size + 2 :]
        return b"".join(taken)

    def _read_event(self, event: bytes) -> Piece | None:
        name, data = "", b""
        for line in event.split(b"\n"):
            if line.startswith(b"event:"):
                name = line[6:].strip().decode()
            elif line.startswith(b"data:"):
                data += line[5:].strip()
        return self._read(name, data) if data else None


class FrameParser:
    """Takes the bytes of a WebSocket from its server and hands whole text frames on."""

    def __init__(self) -> None:
        self._raw = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the frames that are whole now: opcode and payload."""
        self._raw += data
        frames = []
        while len(self._raw) >= 2:
            length, start = self._raw[1] & 127, 2
            if length == 126:
                length, start = int.from_bytes(self._raw[2:4], "big"), 4
            elif length == 127:
                length, start = int.from_bytes(self._raw[2:10], "big"), 10
            if len(self._raw) < start + length:
                break
            frames.append((self._raw[0] & 15, self._raw[start : start + length]))
            self._raw = self._raw[start + length :]
        return frames


def take(seen: Seen, when: float, piece: Piece) -> None:
    """Add a piece to what a viewer saw."""
    if piece.replaces:
        seen.pieces.clear()
    if piece.text:
        seen.pieces.append((when, piece.text))
    if piece.is_end:
        seen.ended_at = when
        seen.problem = seen.problem or piece.problem
