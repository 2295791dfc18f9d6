"""Reads the model server's event stream: a closed parser that keeps only what an answer needs."""

from contextlib import suppress
from typing import Annotated

import msgspec

from apps.llm.errors import UpstreamError, UpstreamInvalidError, UpstreamTooLargeError
from apps.llm.gateway.config import GatewayConfig
from apps.llm.gateway.contract import Progress
from apps.llm.gateway.estimates import size_of_text

_Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
_NULL = msgspec.Raw(b"null")
_LENGTH = ("length", "max_tokens", "max_output_tokens", "model_length", "limit")
_FILTERED = ("content_filter", "safety", "refusal", "recitation", "prohibited_content", "blocklist")
_BROKEN = ("error", "abort")


class _PromptDetails(msgspec.Struct):
    cached_tokens: _Count | None = 0


class ReportedUsage(msgspec.Struct):
    """Tokens as the model server counts them."""

    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0
    prompt_tokens_details: _PromptDetails | None = None

    @property
    def cached_tokens(self) -> int:
        """Tokens of the prompt that came from the provider's cache; never more than it has."""
        details = self.prompt_tokens_details
        cached = (details.cached_tokens if details is not None else None) or 0
        return min(cached, self.prompt_tokens)


class _Delta(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Answer(msgspec.Struct):
    choices: list[_Choice] | None = None
    model: str | None = None
    error: msgspec.Raw = _NULL


class _Chunk(_Answer):
    usage: ReportedUsage | None = None


class EventReader:
    """Takes bytes as they come and keeps the text, the finish reason and the usage.

    Attributes:
        finish_reason: why the answer ended, as `closed_reason` says it; empty while it has not.
        model: the model's name as the server gives it.
        usage: what the server reported, if it did.
        is_done: whether the server said that nothing follows.
        has_progressed: whether the last bytes held anything of an answer; comments do not count.
        answer_chars: length of the text so far.
        is_refusal: whether the model said in its text that it does not answer.
        is_filtered: whether the server says that its own filter cut the answer.
    """

    __slots__ = (
        "_decode",
        "_max_chars",
        "_max_event",
        "_progress",
        "_rest",
        "_texts",
        "answer_chars",
        "finish_reason",
        "has_progressed",
        "is_done",
        "is_filtered",
        "is_refusal",
        "model",
        "usage",
    )
    _decoder = msgspec.json.Decoder(_Chunk)
    _answer_decoder = msgspec.json.Decoder(_Answer)

    def __init__(self, config: GatewayConfig, progress: Progress | None = None) -> None:
        self._progress = progress or Progress()
        self._decode = self._decoder.decode
        self._max_event = config.max_event_bytes
        self._max_chars = config.max_answer_chars
        self._rest = b""
        self._texts: list[str] = []
        self.answer_chars = 0
        self.finish_reason = ""
        self.model = ""
        self.usage: ReportedUsage | None = None
        self.is_done = False
        self.is_refusal = False
        self.is_filtered = False
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
        received = self._rest + data
        if b"\r" in received:
            received = received.replace(b"\r\n", b"\n")
        *events, self._rest = received.split(b"\n\n")
        for event in events:
            if event.startswith(b"data: {") and b"\n" not in event:
                self._read_chunk(event[6:])
            else:
                self._read_lines(event)
        if len(self._rest) > self._max_event:
            raise UpstreamTooLargeError

    def _read_lines(self, event: bytes) -> None:
        """Read an event that is not one line of JSON."""
        lines = event.split(b"\n")
        if any(line.startswith(b"event:") and line[6:].strip() == b"error" for line in lines):
            raise UpstreamError
        content = b"\n".join(line[5:] for line in lines if line.startswith(b"data:")).strip()
        if content == b"[DONE]":
            self.is_done = True
        elif content:
            self._read_chunk(content)

    def _read_chunk(self, content: bytes) -> None:
        if len(content) > self._max_event:
            raise UpstreamTooLargeError
        chunk = self._parse(content)
        if chunk.error is not _NULL and bytes(chunk.error) != b"null":
            raise UpstreamError
        if not self.model and chunk.model:
            self.model = _storable(chunk.model)[:120]
        if chunk.usage is not None:
            self.usage = chunk.usage
        if chunk.choices and not self.is_done:
            for choice in chunk.choices:
                if choice.index == 0 and not self.finish_reason:
                    self._read_choice(choice)

    def _parse(self, content: bytes) -> _Chunk:
        try:
            return self._decode(content)
        except (ValueError, RecursionError):
            chunk = self._parse_without_usage(content)
        if chunk is None:
            raise UpstreamInvalidError
        return chunk

    def _parse_without_usage(self, content: bytes) -> _Chunk | None:
        """Read a chunk whose report of usage is none, as if nothing had been reported."""
        with suppress(ValueError, RecursionError):
            answer = self._answer_decoder.decode(content)
            return _Chunk(answer.choices, answer.model, answer.error)
        return None

    def _read_choice(self, choice: _Choice) -> None:
        delta = choice.delta
        if delta is not None:
            thought = delta.reasoning_content or delta.reasoning
            if thought:
                self._progress.thought_bytes += size_of_text(thought)
                self.has_progressed = True
            if delta.content:
                self._keep(delta.content)
            if delta.refusal:
                self.is_refusal = True
                self._keep(delta.refusal)
        if choice.finish_reason:
            reason = closed_reason(choice.finish_reason)
            self.is_filtered = reason == "content_filter"
            self.finish_reason = "content_filter" if self.is_refusal else reason
            self.has_progressed = True

    def _keep(self, text: str) -> None:
        self.answer_chars += len(text)
        if self.answer_chars > self._max_chars:
            raise UpstreamTooLargeError
        self._progress.text_bytes += size_of_text(text)
        self._texts.append(_storable(text))
        self.has_progressed = True


def closed_reason(word: str) -> str:
    """Return why an answer ended as one of `stop`, `length` and `content_filter`.

    Servers have words of their own; one that nobody knows is an end like any other.

    Raises:
        UpstreamError: the server says that it broke.
    """
    known = word.strip().lower()
    if known in _BROKEN:
        raise UpstreamError
    if known in _LENGTH:
        return "length"
    return "content_filter" if known in _FILTERED else "stop"


def _storable(text: str) -> str:
    """Return a text without the character U+0000, which PostgreSQL cannot hold."""
    return text.replace("\x00", "\ufffd")
