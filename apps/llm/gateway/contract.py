"""What the rest of the product knows of a model call: plain values and one protocol."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Role = Literal["user", "assistant"]
Purpose = Literal["reply", "title", "judge"]
UsageSource = Literal["reported", "estimated"]


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One earlier message of the conversation, as the model shall see it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """All that one model call needs.

    Attributes:
        system_prompt: instructions of the product; may be empty.
        history: earlier messages, oldest first; the oldest are dropped when the budget is short.
        question: what the person asks now; always sent whole.
        context: facts put before the question, delimited as data and never as instructions.
        model: name of the model at the model server.
        temperature: sampling temperature.
        max_prompt_tokens: budget of system prompt, history, context and question together.
        max_completion_tokens: limit of the answer; None leaves it to the server.
        user_id: whose call this is, for logs and usage; leaves the product only as a keyed hash.
        purpose: what the call is for.
        correlation_id: ties the call's log lines to the request that caused it.
        prompt: `messages` and `parameters` in OpenAI's words, where a program named them; they are
            sent as they are, in the place of system prompt, history, question and context.
    """

    system_prompt: str
    history: tuple[PromptMessage, ...]
    question: str
    context: Mapping[str, object] | None
    model: str
    temperature: float
    max_prompt_tokens: int
    max_completion_tokens: int | None
    user_id: int
    purpose: Purpose
    correlation_id: str
    prompt: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, and whether the model server reported them or we estimated them."""

    prompt_tokens: int
    completion_tokens: int
    source: UsageSource


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Text that arrived within one batch window; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of a whole answer.

    Attributes:
        finish_reason: the model server's own word: stop, length, content_filter, ...
        model: the model that answered, as the model server names it.
        usage: tokens of the call.
    """

    finish_reason: str
    model: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer at once."""

    text: str
    finish_reason: str
    model: str
    usage: Usage


class ChatGateway(Protocol):
    """The door to the model server."""

    def stream(self, request: GenerationRequest) -> AsyncGenerator[TextBatch | Finished, None]:
        """Yield text in batches, then exactly one `Finished`.

        Closing the generator (`aclose`) or cancelling the task that iterates it closes the
        connection to the model server at once, before the first text too.

        Raises:
            UpstreamError: one of `apps.llm.errors`, after the text that had arrived was yielded.
        """
        ...

    async def complete(self, request: GenerationRequest) -> Completion:
        """Return a whole answer.

        Raises:
            UpstreamError: one of `apps.llm.errors`.
        """
        ...

    def estimate_usage(self, request: GenerationRequest, text: str) -> Usage:
        """Estimate the tokens of a call that ended without a report: stopped, cut or failed."""
        ...

    async def aclose(self) -> None:
        """Close the connections that are kept open for later calls."""
        ...
