"""What OpenAI's clients send to be answered; whatever is not passed on is refused by name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints, field_validator, model_validator

from apps.conversations import constants
from apps.conversations.services.turn_requests import Prompt
from apps.core.api.schemas import InputSchema, Text

NO_TOOLS = "Tools are not offered here. Leave it out."
NOT_OFFERED = {
    "tools": NO_TOOLS,
    "tool_choice": NO_TOOLS,
    "parallel_tool_calls": NO_TOOLS,
    "functions": "Functions are not offered here. Leave them out.",
    "function_call": "Functions are not offered here. Leave it out.",
    "logprobs": "Log probabilities are not offered here. Leave it out.",
    "top_logprobs": "Log probabilities are not offered here. Leave it out.",
    "audio": "Audio is not offered here. Leave it out.",
    "modalities": "Only text is offered here. Leave it out.",
    "store": "A completion cannot be fetched again here. Leave it out.",
    "service_tier": "There is one tier here. Leave it out.",
    "prediction": "Predicted output is not offered here. Leave it out.",
    "reasoning_effort": "It is set with the model here. Leave it out.",
    "verbosity": "It is set with the model here. Leave it out.",
    "web_search_options": "The web is not searched here. Leave it out.",
    "prompt_cache_key": "Prompts are not cached by key here. Leave it out.",
    "prompt_cache_retention": "Prompts are not cached by key here. Leave it out.",
}
CHANGES_NOTHING: dict[str, tuple[Any, ...]] = {
    "tool_choice": ("none", "auto"),
    "parallel_tool_calls": (True,),
    "function_call": ("none", "auto"),
    "modalities": (["text"],),
    "service_tier": ("auto", "default"),
}
"""What stands for the way that things are here anyway."""
PASSED_ON = (
    "top_p",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "response_format",
    "logit_bias",
    "temperature",
)
Label = Annotated[Text, StringConstraints(min_length=1, max_length=64)]
LabelText = Annotated[Text, StringConstraints(max_length=512)]
Piece = Annotated[Text, StringConstraints(max_length=constants.MAX_PROMPT_CHARS)]


class TextPart(InputSchema):
    """A part of a message's content; images, audio and files are not offered."""

    type: Literal["text"]
    text: Piece


class PromptMessageIn(InputSchema):
    """One message of the prompt."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Piece | list[TextPart]
    name: Annotated[Text, StringConstraints(pattern=r"^[\w-]{1,64}$")] | None = None
    refusal: None = None

    @property
    def text(self) -> str:
        """The content as one text."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content)

    def as_sent(self) -> dict[str, Any]:
        """Return the message as the model server gets it."""
        role = "system" if self.role == "developer" else self.role
        named = {"name": self.name} if self.name else {}
        return {"role": role, "content": self.text, **named}


class StreamOptions(InputSchema):
    """What a stream tells beside the text."""

    include_usage: bool = False
    include_obfuscation: bool = False


class ResponseFormat(InputSchema):
    """The form that the answer shall have; JSON schemas are passed on as they are."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: dict[str, Any] | None = None


class CompletionIn(InputSchema):
    """A request for a chat completion."""

    model: Annotated[Text, StringConstraints(min_length=1, max_length=120)]
    messages: Annotated[list[PromptMessageIn], Field(min_length=1, max_length=2_000)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    stop: Piece | Annotated[list[Piece], Field(max_length=4)] | None = None
    seed: int | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    logit_bias: dict[str, float] | None = None
    response_format: ResponseFormat | None = None
    n: Literal[1] | None = None
    user: Annotated[Text, StringConstraints(max_length=512)] | None = Field(
        default=None, description="Accepted; the model server gets a pseudonym of the caller."
    )

    safety_identifier: Annotated[Text, StringConstraints(max_length=512)] | None = Field(
        default=None, description="Accepted; the model server gets a pseudonym of the caller."
    )
    metadata: Annotated[dict[Label, LabelText], Field(max_length=16)] | None = Field(
        default=None, description="Your own notes; kept with the message and not sent."
    )

    @model_validator(mode="before")
    @classmethod
    def refuse_what_is_not_offered(cls, data: Any) -> Any:  # noqa: ANN401
        """Name what would change the answer and cannot be passed on; null is the same as nothing.

        Raises:
            ValueError: the request asks for such a thing.
        """
        if not isinstance(data, dict):
            return data
        for name, sentence in NOT_OFFERED.items():
            if data.get(name) not in (None, [], False, *CHANGES_NOTHING.get(name, ())):
                msg = f"{name}: {sentence}"
                raise ValueError(msg)
        return {key: value for key, value in data.items() if key not in NOT_OFFERED}

    @field_validator("messages")
    @classmethod
    def require_a_question(cls, messages: list[PromptMessageIn]) -> list[PromptMessageIn]:
        """Refuse a prompt in which nobody says anything.

        Raises:
            ValueError: there is no text that is not the model's own.
        """
        if not any(one.text.strip() for one in messages if one.role != "assistant"):
            msg = "Send at least one message with text that is not the assistant's."
            raise ValueError(msg)
        return messages

    def content(self) -> str:
        """Return all text of the prompt that is not the model's: what policy looks at."""
        return "\n\n".join(one.text for one in self.messages if one.role != "assistant")

    def prompt(self) -> Prompt:
        """Return messages and parameters as the model server gets them."""
        sent = self.model_dump(include=set(PASSED_ON), exclude_none=True)
        limits = [limit for limit in (self.max_tokens, self.max_completion_tokens) if limit]
        if limits:
            sent["max_tokens"] = min(limits)
        return Prompt(messages=[one.as_sent() for one in self.messages], parameters=sent)


class AnswerMessage(BaseModel):
    """The answer; `refusal` is always null."""

    role: Literal["assistant"]
    content: str
    refusal: None


class Choice(BaseModel):
    """The one answer to a prompt."""

    index: Literal[0]
    message: AnswerMessage
    logprobs: None
    finish_reason: Literal["stop", "length", "content_filter"]


class CompletionUsage(BaseModel):
    """Tokens of prompt and answer."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class CompletionOut(BaseModel):
    """A whole completion, in OpenAI's form."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: CompletionUsage | None


class OpenAIModelOut(BaseModel):
    """A model that may be asked."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class OpenAIModelListOut(BaseModel):
    """The models that may be asked."""

    object: Literal["list"]
    data: list[OpenAIModelOut]


class FailureOut(BaseModel):
    """What went wrong, in OpenAI's words."""

    message: str
    type: str
    param: str | None
    code: str


class OpenAIErrorOut(BaseModel):
    """How every one of these routes fails."""

    error: FailureOut
