"""What the scripted upstream can do, as plans of small steps over precomputed bytes."""

import gzip
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache

import orjson

from tests.support.upstream_frames import (
    COMMENT,
    DONE,
    END,
    ROLE,
    answer_text,
    delta_event,
    event,
    http_chunk,
    response,
    stream_head,
    token_frame,
    token_frames,
    usage_event,
)

EMOJI_TEXT = "Gr\u00fc\u00dfe \U0001f44d\U0001f3fd an \u6771\u4eac \U0001f469\u200d\U0001f680!"
ECHO_CHARS = 3
_DIRECTIVE = re.compile(r"\[\[([a-z_0-9]+)((?:\s+[a-z_]+=[^\s\]]+)*)\s*\]\]")


@dataclass(frozen=True, slots=True)
class Script:
    """One answer of the scripted upstream.

    Attributes:
        name: what happens, one of `SCRIPTS`.
        tokens: number of tokens of the answer.
        rate: tokens a second; 0 sends them back to back.
        text: the whole answer as one token instead of the predictable words.
        delay: seconds before the response's head.
        first: seconds between the head and the first token.
        after: tokens before the fault.
        status: HTTP status of `status` and `redirect`.
        retry_after: value of the Retry-After header.
        location: where `redirect` points to.
        finish: the finish reason.
        usage: whether usage is reported when it is asked for.
        report: JSON that is reported as usage in the place of the true one.
        keepalive: seconds between comments during a silence; 0 sends none.
        times: how often `echo` repeats the text.
        quick: characters of it that `echo` sends at once, before its rate begins.
    """

    name: str = "stream"
    tokens: int = 20
    rate: float = 0.0
    text: str = ""
    delay: float = 0.0
    first: float = 0.0
    after: int = 5
    status: int = 500
    retry_after: str = ""
    location: str = "/elsewhere"
    finish: str = "stop"
    usage: bool = True
    report: str = ""
    keepalive: float = 0.0
    times: int = 1
    quick: int = 0


@dataclass(frozen=True, slots=True)
class Write:
    """Write bytes at once."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """Write one frame each interval."""

    frames: Sequence[bytes]
    interval: float


@dataclass(frozen=True, slots=True)
class Repeat:
    """Write the same bytes again and again: without a count for ever, without an interval fast."""

    data: bytes
    interval: float = 0.0
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Hang:
    """Never do anything again."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Reset the connection."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection in order."""


Step = Write | Wait | Pace | Repeat | Hang | Cut | Close


def read_script(model: str, message: str) -> Script:
    """Return what a request asks for: `[[name key=value]]` or a model `scripted:name;key=value`."""
    found = _DIRECTIVE.findall(message)
    if found:
        name, pairs = found[-1]
        script = _script(name, pairs.split())
        told = message.rpartition("]]")[2].removeprefix("\n")
        return replace(script, text=told) if name == "echo" else script
    if model.startswith("scripted:"):
        name, *pairs = model.removeprefix("scripted:").split(";")
        return _script(name, pairs)
    return Script()


def _script(name: str, pairs: list[str]) -> Script:
    kinds = {field.name: field.type for field in fields(Script)}
    values: dict[str, str | int | float | bool] = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        kind = kinds[key]
        values[key] = value not in ("0", "no", "false") if kind is bool else kind(value)
    return replace(Script(), name=name, **values)


def _tokens(script: Script, count: int) -> list[Step]:
    frames = token_frames(count)
    if script.text:
        frames = (http_chunk(delta_event({"content": script.text})),)
    if script.rate:
        return [Pace(frames, 1 / script.rate)]
    return [Write(b"".join(frames))]


def _opening(script: Script, count: int) -> list[Step]:
    first: list[Step] = [Wait(script.first)] if script.first else []
    return [Write(stream_head() + ROLE), *first, *_tokens(script, count)]


def _finish(script: Script) -> bytes:
    return http_chunk(delta_event({}, finish=script.finish))


def _stream(script: Script) -> list[Step]:
    return [*_opening(script, script.tokens), Write(_finish(script) + _usage(script) + DONE + END)]


def _usage(script: Script) -> bytes:
    if not script.usage:
        return b""
    if script.report:
        return http_chunk(b'data: {"choices":[],"usage":%s}\n\n' % script.report.encode())
    return http_chunk(usage_event(7, script.tokens))


def _echo(script: Script) -> list[Step]:
    """Answer with what the message says after the directive, a few characters at a time.

    It may be told several times over, and a part of that at once.
    """
    text = script.text * script.times
    pieces = [text[at : at + ECHO_CHARS] for at in range(script.quick, len(text), ECHO_CHARS)]
    frames = [http_chunk(delta_event({"content": piece})) for piece in pieces]
    told: Step = Pace(frames, 1 / script.rate) if script.rate else Write(b"".join(frames))
    quick = http_chunk(delta_event({"content": text[: script.quick]})) if script.quick else b""
    return [Write(stream_head() + ROLE + quick), told, Write(_finish(script) + DONE + END)]


def _think(tail: Step) -> Callable[[Script], list[Step]]:
    """Show some thinking, and no word of the answer."""

    def plan(script: Script) -> list[Step]:
        thoughts = [
            http_chunk(delta_event({"reasoning_content": f"hm{index} "}))
            for index in range(script.after)
        ]
        return [Write(stream_head() + ROLE + b"".join(thoughts)), tail]

    return plan


def _refuse(script: Script) -> list[Step]:
    """Say as a refusal that there is no answer."""
    said = http_chunk(delta_event({"refusal": script.text or "I cannot help with that."}))
    return [Write(stream_head() + ROLE + said + _finish(script) + _usage(script) + DONE + END)]


def _silence(script: Script) -> list[Step]:
    return [Repeat(COMMENT, script.keepalive)] if script.keepalive else [Hang()]


def _emoji(script: Script) -> list[Step]:
    text = script.text or EMOJI_TEXT
    body = b"".join(delta_event({"content": character}) for character in text)
    body += delta_event({}, finish="stop") + b"data: [DONE]\n\n"
    pieces = [http_chunk(body[at : at + 13]) for at in range(0, len(body), 13)]
    return [Write(stream_head()), Pace(pieces, 0.0005), Write(END)]


def _status(script: Script) -> list[Step]:
    wait = f"Retry-After: {script.retry_after}\r\n" if script.retry_after else ""
    secret = {"error": {"message": "SECRET-UPSTREAM-TEXT sk-leak http://internal.example"}}
    return [Write(response(script.status, orjson.dumps(secret), extra=wait))]


def _redirect(script: Script) -> list[Step]:
    status = script.status if 300 <= script.status < 400 else 307
    return [Write(response(status, b"", extra=f"Location: {script.location}\r\n"))]


@cache
def _gzip_bomb() -> bytes:
    return gzip.compress(b"data: {}\n\n") + gzip.compress(b"\x00" * 1_000_000) * 300


def _gzip(_: Script) -> list[Step]:
    head = stream_head(extra=b"Content-Encoding: gzip\r\n")
    return [Write(head + http_chunk(_gzip_bomb()) + END)]


def _huge_line(script: Script) -> list[Step]:
    piece = http_chunk(b"x" * 65_536)
    return [*_opening(script, script.after), Repeat(piece, count=3_200), Write(END)]


def _huge_chunk(script: Script) -> list[Step]:
    start = b'%x\r\ndata: {"choices":[{"delta":{"content":"' % (50_000_000 + 64)
    steps: list[Step] = [*_opening(script, script.after), Write(start)]
    return [*steps, Repeat(b"y" * 50_000, count=1_000), Hang()]


def _after(*tail: Step, finish: bool = False) -> Callable[[Script], list[Step]]:
    def plan(script: Script) -> list[Step]:
        end: list[Step] = [Write(_finish(script))] if finish else []
        return [*_opening(script, script.after), *end, *(tail or _silence(script))]

    return plan


def _body(data: bytes) -> Callable[[Script], list[Step]]:
    return _after(Write(http_chunk(data) + DONE + END))


def _whole(data: bytes, kind: str) -> Callable[[Script], list[Step]]:
    return lambda _: [Write(response(200, data, kind=kind))]


_ERROR = {"error": {"message": "SECRET-UPSTREAM-TEXT sk-leak", "code": "server_error"}}
SCRIPTS: dict[str, Callable[[Script], list[Step]]] = {
    "stream": _stream,
    "echo": _echo,
    "emoji": _emoji,
    "refuse": _refuse,
    "think": _think(Cut()),
    "ponder": _think(Hang()),
    "status": _status,
    "redirect": _redirect,
    "hang": lambda _: [Hang()],
    "hang_up": lambda _: [Close()],
    "silence": lambda script: [Write(stream_head()), *_silence(script)],
    "keepalive": lambda script: [Write(stream_head()), Repeat(COMMENT, script.keepalive or 0.02)],
    "stall": _after(),
    "cut": _after(Cut()),
    "close": _after(Close()),
    "truncate": _after(Write(END)),
    "no_reason": _after(Write(DONE + END)),
    "finish_stall": _after(Hang(), finish=True),
    "finish_cut": _after(Cut(), finish=True),
    "error_event": _after(Write(http_chunk(event(_ERROR)) + DONE + END)),
    "endless": lambda script: [
        *_opening(script, script.after),
        Repeat(token_frame(0), 1 / script.rate if script.rate else 0.0),
    ],
    "bad_json": _body(b"data: {SECRET-UPSTREAM-TEXT\n\n"),
    "bad_utf8": _body(b'data: {"choices":[{"delta":{"content":"\xff\xfe"}}]}\n\n'),
    "lone_surrogate": _body(b'data: {"choices":[{"delta":{"content":"\\ud800"}}]}\n\n'),
    "wrong_shape": _body(b'data: {"choices":[{"delta":{"content":{"SECRET":1}}}]}\n\n'),
    "html": _whole(b"<html>SECRET-UPSTREAM-TEXT</html>", "text/html"),
    "json": _whole(b'{"choices":[{"message":{"content":"SECRET"}}]}', "application/json"),
    "empty": lambda _: [Write(stream_head() + END)],
    "not_http": lambda _: [Write(b"SECRET-UPSTREAM-TEXT\r\n\r\n"), Close()],
    "gzip": _gzip,
    "huge_line": _huge_line,
    "huge_chunk": _huge_chunk,
}


def plan(script: Script) -> list[Step]:
    """Return the steps of a script.

    Raises:
        KeyError: there is no script of this name.
    """
    waiting: list[Step] = [Wait(script.delay)] if script.delay else []
    return [*waiting, *SCRIPTS[script.name](script)]


def whole_completion(script: Script) -> bytes:
    """Return the answer of a request that did not ask for a stream."""
    message = {"role": "assistant", "content": script.text or answer_text(script.tokens)}
    usage = {"prompt_tokens": 7, "completion_tokens": script.tokens}
    usage["total_tokens"] = 7 + script.tokens
    choice = {"index": 0, "message": message, "finish_reason": script.finish}
    body = {"id": "chatcmpl-scripted", "object": "chat.completion", "created": 1_700_000_000}
    return response(
        200, orjson.dumps({**body, "model": "scripted", "choices": [choice], "usage": usage})
    )
