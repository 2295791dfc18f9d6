"""The bytes that the scripted upstream sends: OpenAI-compatible events in HTTP chunks."""

from functools import cache, lru_cache

import orjson

_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n%s\r\n"
)


def answer_text(tokens: int) -> str:
    """Return the predictable answer of so many tokens."""
    return "".join(f"word{index} " for index in range(tokens))


def event(payload: object) -> bytes:
    """Return one server-sent event of a JSON payload."""
    return b"data: " + orjson.dumps(payload) + b"\n\n"


def http_chunk(data: bytes) -> bytes:
    """Return data as one chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def delta_event(
    delta: dict[str, object], *, finish: str | None = None, model: str = "scripted"
) -> bytes:
    """Return one chat completion chunk as an event."""
    return event(
        {
            "id": "chatcmpl-scripted",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": model,
            "system_fingerprint": None,
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
        }
    )


@cache
def token_frame(index: int) -> bytes:
    """Return the chunk with the predictable token of this index."""
    return http_chunk(delta_event({"content": f"word{index} "}))


@lru_cache(maxsize=64)
def token_frames(count: int) -> tuple[bytes, ...]:
    """Return the chunks of the first tokens."""
    return tuple(token_frame(index) for index in range(count))


ROLE = http_chunk(delta_event({"role": "assistant", "content": ""}))
DONE = http_chunk(b"data: [DONE]\n\n")
END = b"0\r\n\r\n"
COMMENT = http_chunk(b": keep-alive\n\n")


def stream_head(*, extra: bytes = b"") -> bytes:
    """Return the head of an event stream's response."""
    return _STREAM_HEAD % extra


def response(status: int, body: bytes, *, kind: str = "application/json", extra: str = "") -> bytes:
    """Return a whole response with a body of known length."""
    head = f"HTTP/1.1 {status} Scripted\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return (head + extra + "\r\n").encode() + body


def usage_event(prompt_tokens: int, completion_tokens: int) -> bytes:
    """Return the event that reports usage, as it follows the finish reason."""
    total = prompt_tokens + completion_tokens
    usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": total,
    }
    return event({"id": "chatcmpl-scripted", "model": "scripted", "choices": [], "usage": usage})
