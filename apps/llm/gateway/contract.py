"""What the rest of the product knows of a model call: plain values and one protocol."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Role = Literal["user", "assistant"]
Purpose = Literal["reply", "title", "judge", "moderation", "trial"]
UsageSource = Literal["reported", "estimated"]
AskedToWait = Callable[[float], None]
"""Is told at once, before it is waited for, how many seconds a model server asks to wait."""


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One earlier message of the conversation, as the model shall see it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Reserved:
    """What was reserved for a call of its person's quotas, and moves where a stand-in is asked.

    Attributes:
        reference_id: the reply or conversation that the call is for.
        api_token_id: the API token that it came by, if it did.
        answer_tokens: what a hard quota holds for the answer, which may be no longer; None where
            none counts, or where the answer has a closer limit.
        keep: renews the caller's hold on what the call is for, and keeps everybody else from it to
            the end of the transaction; false where somebody else has ended it. None where nobody
            else could.
    """

    reference_id: int
    api_token_id: int | None = None
    answer_tokens: int | None = None
    keep: Callable[[], bool] | None = field(default=None, compare=False)


@dataclass(slots=True)
class Progress:
    """What is known of a call while it runs, for whoever does not see how it ends.

    Attributes:
        model: the model that is asked, as the catalogue names it; empty while no model is asked
            that may have used something.
        chat_model_id: its number in the catalogue.
        answer_limit: most tokens of its answer; None where it has no limit.
        text_bytes: length of the answer so far, in UTF-8.
        thought_bytes: length of what the model showed of its thinking.
        head_at: when its server began to answer, by the clock of `time.monotonic`.
        text_at: when the first text came.
        failed: calls to models before it that may have used something and of which nobody else
            knows: those for which nothing was reserved.
    """

    model: str = ""
    chat_model_id: int | None = None
    answer_limit: int | None = None
    text_bytes: int = 0
    thought_bytes: int = 0
    head_at: float | None = None
    text_at: float | None = None
    failed: list["FailedCall"] = field(default_factory=list)

    def begin(self, *, model: str, chat_model_id: int | None, answer_limit: int | None) -> None:
        """Note that a model is asked; what another one did before it is not counted here."""
        self.model, self.chat_model_id, self.answer_limit = model, chat_model_id, answer_limit
        self.begin_anew()

    def begin_anew(self) -> None:
        """Note that nothing came of an answer yet."""
        self.text_bytes = self.thought_bytes = 0
        self.head_at = self.text_at = None

    def clear(self) -> None:
        """Note that the model that was asked has refused, and used nothing."""
        self.begin(model="", chat_model_id=None, answer_limit=None)

    def silent_seconds(self) -> float:
        """Return for how long the server said nothing between its head and the first text."""
        if self.head_at is None:
            return 0.0
        until = time.monotonic() if self.text_at is None else self.text_at
        return until - self.head_at


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """All that one model call needs.

    Attributes:
        system_prompt: instructions of the product; may be empty.
        history: earlier messages, oldest first; the oldest are dropped when the budget is short.
        question: what the person asks now; always sent whole.
        context: facts put before the question, delimited as data and never as instructions.
        model: name of the model at the model server.
        chat_model_id: the model's number in the catalogue; None lets the name decide, and where
            the catalogue does not know the name, the default model's server is asked for it.
        temperature: sampling temperature; None leaves it to the model.
        max_prompt_tokens: budget of system prompt, history, context and question together.
        max_completion_tokens: limit of the answer; None leaves it to the server.
        user_id: whose call this is, for logs and usage; leaves the product only as a keyed hash.
        purpose: what the call is for.
        correlation_id: ties the call's log lines to the request that caused it.
        first_text_until: when the first text must have come, by the running loop's clock; None for
            the usual time from the call's start.
        prompt: `messages` and `parameters` in OpenAI's words, where a program named them; they are
            sent as they are, in the place of system prompt, history, question and context.
        reserved: what its person's quotas hold for it; None for a call that counts against none.
        progress: what came of it so far; the same object however the request is put to models.
    """

    system_prompt: str
    history: tuple[PromptMessage, ...]
    question: str
    context: Mapping[str, object] | None
    model: str
    temperature: float | None
    max_prompt_tokens: int
    max_completion_tokens: int | None
    user_id: int
    purpose: Purpose
    correlation_id: str
    prompt: Mapping[str, Any] | None = None
    chat_model_id: int | None = None
    first_text_until: float | None = None
    reserved: Reserved | None = None
    progress: Progress = field(default_factory=Progress, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, and whether the model server reported them or we estimated them.

    `cached_tokens` are those of the prompt that the provider took from its cache.
    """

    prompt_tokens: int
    completion_tokens: int
    source: UsageSource
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A call to one model that failed and may have used something; `code` says how it failed."""

    model: str
    chat_model_id: int | None
    usage: Usage
    seconds: float
    code: str


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Text that arrived within one batch window; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The call waits for its turn, behind so many others; comes before all else, or not at all."""

    ahead: int


@dataclass(frozen=True, slots=True)
class Answering:
    """Which model of the catalogue is asked now; it is the one that answers once text has come.

    `is_held_short` where nothing but a quota limits the length of its answer.
    """

    chat_model_id: int
    model: str
    is_held_short: bool = False


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The model that was asked last has failed before any text, and another one may be asked.

    What it may have used has its line of the ledger as soon as another model is let in its place.
    Where none is, the end of the whole call settles it.

    Attributes:
        is_unspent: whether it surely used nothing.
    """

    is_unspent: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of a whole answer.

    Attributes:
        finish_reason: `stop`, `length` or `content_filter`, whatever the model server calls it.
        model: the model that answered, as the model server names it.
        usage: tokens of the call.
        is_filtered: whether the server's own filter cut it, which a model's refusal is not.
    """

    finish_reason: str
    model: str
    usage: Usage
    is_filtered: bool = False


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer at once; `is_repeated` where it was kept from an earlier call.

    `asked` and `asked_id` are the model that answered, as the catalogue names and numbers it, which
    is what prices go by.
    """

    text: str
    finish_reason: str
    model: str
    usage: Usage
    is_repeated: bool = False
    asked: str = ""
    asked_id: int | None = None


GatewayEvent = Waiting | Answering | Unanswered | TextBatch | Finished


class ChatGateway(Protocol):
    """The door to the model server."""

    def stream(self, request: GenerationRequest) -> AsyncGenerator[GatewayEvent, None]:
        """Yield text in batches, then exactly one `Finished`; before the text, who is asked.

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

    async def aclose(self) -> None:
        """Close the connections that are kept open for later calls."""
        ...
