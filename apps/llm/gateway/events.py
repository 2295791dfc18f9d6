"""Reads the model server's event stream: a closed parser that keeps only what an answer needs."""

from typing import Annotated

import msgspec

from apps.llm.errors import UpstreamError, UpstreamInvalidError, UpstreamTooLargeError
from apps.llm.gateway.config import GatewayConfig

_Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
_NULL = msgspec.Raw(b"null")


class ReportedUsage(msgspec.Struct):
    """Tokens as the model server counts them."""

    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0


class _Delta(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    model: str | None = None
    usage: ReportedUsage | None = None
    error: msgspec.Raw = _NULL


class EventReader:
    """Takes bytes as they come and keeps the text, the finish reason and the usage.

    Attributes:
        finish_reason: why the answer ended; empty while it has not.
        model: the model's name as the server gives it.
        usage: what the server reported, if it did.
        is_done: whether the server said that nothing follows.
        has_progressed: whether the last bytes held anything of an answer; comments do not count.
        answer_chars: length of the text so far.
    """

    __slots__ = (
        "_decode",
        "_event",
        "_is_error",
        "_max_chars",
        "_max_event",
        "_rest",
        "_texts",
        "answer_chars",
        "finish_reason",
        "has_progressed",
        "is_done",
        "model",
        "usage",
    )
    _decoder = msgspec.json.Decoder(_Chunk)

    def __init__(self, config: GatewayConfig) -> None:
        self._decode = self._decoder.decode
        self._max_event = config.max_event_bytes
        self._max_chars = config.max_answer_chars
        self._rest = b""
        self._event = b""
        self._is_error = False
        self._texts: list[str] = []
        self.answer_chars = 0
        self.finish_reason = ""
        self.model = ""
        self.usage: ReportedUsage | None = None
        self.is_done = False
        self.has_progressed = False

    def take_text(self) -> str:
        """Return the text that came since the last call."""
        if not self._texts:
            return ""
        text = "".join(self._texts)
        self._texts.clear()
        return text

    def feed(self, data: bytes) -> None:
        """Read the next bytes; an empty line at the end completes an event that lacks one.

        Raises:
            UpstreamError: the server reported an error, or sent what cannot be read; the text
                before it can still be taken.
        """
        self.has_progressed = False
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            self._read_line(line)
        if len(self._rest) > self._max_event:
            raise UpstreamTooLargeError

    def _read_line(self, line: bytes) -> None:
        if line[-1:] == b"\r":
            line = line[:-1]
        if not line:
            event, self._event = self._event, b""
            if event:
                self._read_event(event)
        elif line.startswith(b"data:"):
            self._event = self._event + b"\n" + line[5:] if self._event else line[5:]
            if len(self._event) > self._max_event:
                raise UpstreamTooLargeError
        elif line.startswith(b"event:"):
            self._is_error = line[6:].strip() == b"error"

    def _read_event(self, event: bytes) -> None:
        if self._is_error:
            raise UpstreamError
        if self.is_done:
            return
        if event.strip() == b"[DONE]":
            self.is_done = True
        else:
            self._read_chunk(self._decode_event(event))

    def _read_chunk(self, chunk: _Chunk) -> None:
        if chunk.error is not _NULL and bytes(chunk.error) != b"null":
            raise UpstreamError
        if chunk.model and not self.model:
            self.model = chunk.model[:120]
        if chunk.usage is not None:
            self.usage = chunk.usage
        for choice in chunk.choices or ():
            if choice.index == 0 and not self.finish_reason:
                self._read_choice(choice)

    def _decode_event(self, event: bytes) -> _Chunk:
        try:
            return self._decode(event)
        except (ValueError, RecursionError):
            error = UpstreamInvalidError()
        raise error

    def _read_choice(self, choice: _Choice) -> None:
        delta = choice.delta
        if delta is not None:
            if delta.content:
                self._keep(delta.content)
            elif delta.reasoning_content or delta.reasoning:
                self.has_progressed = True
        if choice.finish_reason:
            self.finish_reason = choice.finish_reason[:40]
            self.has_progressed = True

    def _keep(self, text: str) -> None:
        self.answer_chars += len(text)
        if self.answer_chars > self._max_chars:
            raise UpstreamTooLargeError
        # PostgreSQL cannot hold the character U+0000 in a text.
        self._texts.append(text.replace("\x00", "\ufffd"))
        self.has_progressed = True
