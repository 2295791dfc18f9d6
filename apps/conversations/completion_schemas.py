"""What OpenAI's clients send to be answered; whatever is not passed on is refused by name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from apps.conversations import constants
from apps.conversations.services.turn_requests import Prompt
from apps.core.api.not_offered import NotOffered
from apps.core.api.schemas import InputSchema, Text

NO_TOOLS = "Tools are not offered here. Leave it out."
NO_FUNCTIONS = "Functions are not offered here. Leave it out."
NO_ANNOTATIONS = "Annotations are not offered here. Leave it out."
NO_CONTENT = "Give the text of the message, an empty one where it has none."
NO_LOGPROBS = "Log probabilities are not offered here. Leave it out."
NO_CACHE = "Prompts are not cached by key here. Leave it out."
SET_WITH_THE_MODEL = "It is set with the model here. Leave it out."
ONLY_TEXT = "Only text is offered here. Send parts of the type `text`."
ONLY_WITH_STREAM = (
    "The 'stream_options' parameter is only allowed when 'stream' is enabled. "
    "Set `stream` to true, or leave it out."
)
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
    name: Annotated[str, StringConstraints(pattern=r"^[\w-]{1,64}$")] | None = None
    refusal: None = None
    tool_calls: Annotated[Any, NotOffered(NO_TOOLS, [[]])] = None
    function_call: Annotated[Any, NotOffered(NO_FUNCTIONS)] = None
    annotations: Annotated[Any, NotOffered(NO_ANNOTATIONS, [[]])] = None
    audio: Annotated[Any, NotOffered("Audio is not offered here. Leave it out.")] = None

    @field_validator("content", mode="before")
    @classmethod
    def refuse_what_is_no_text(cls, content: Any) -> Any:  # noqa: ANN401
        """Say of an image, a sound or a file that it is not offered, and of nothing what to send.

        Raises:
            PydanticCustomError: there is such a part, or nothing.
        """
        if content is None:
            raise PydanticCustomError("not_offered", NO_CONTENT)
        parts = content if isinstance(content, list) else []
        if any(isinstance(part, dict) and part.get("type") != "text" for part in parts):
            raise PydanticCustomError("not_offered", ONLY_TEXT)
        return content

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
    include_obfuscation: Annotated[
        Any, NotOffered("Chunks are not padded here. Leave it out.", [False])
    ] = False


class ResponseFormat(InputSchema):
    """The form that the answer shall have; JSON schemas are passed on as they are."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: dict[str, Any] | None = None

    @field_validator("json_schema")
    @classmethod
    def belongs_to_its_type(
        cls, schema: dict[str, Any] | None, info: ValidationInfo
    ) -> dict[str, Any] | None:
        """Refuse a schema that would be dropped.

        Raises:
            PydanticCustomError: another form is asked for.
        """
        if schema is not None and info.data.get("type") not in (None, "json_schema"):
            message = "Set the `type` to `json_schema`, or leave it out."
            raise PydanticCustomError("response_format", message)
        return schema


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
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    logit_bias: dict[str, float] | None = None
    response_format: ResponseFormat | None = None
    n: Annotated[Any, NotOffered("One answer is written for a prompt. Leave it out.", [1])] = None
    user: Annotated[Text, StringConstraints(max_length=512)] | None = Field(
        default=None, description="Accepted; the model server gets a pseudonym of the caller."
    )

    safety_identifier: Annotated[Text, StringConstraints(max_length=512)] | None = Field(
        default=None, description="Accepted; the model server gets a pseudonym of the caller."
    )
    metadata: Annotated[dict[Label, LabelText], Field(max_length=16)] | None = Field(
        default=None, description="Your own notes; kept with the message and not sent."
    )

    tools: Annotated[Any, NotOffered(NO_TOOLS, [[]])] = None
    tool_choice: Annotated[Any, NotOffered(NO_TOOLS, ["none", "auto"])] = None
    parallel_tool_calls: Annotated[Any, NotOffered(NO_TOOLS, [True, False])] = None
    functions: Annotated[Any, NotOffered(NO_FUNCTIONS, [[]])] = None
    function_call: Annotated[Any, NotOffered(NO_FUNCTIONS, ["none", "auto"])] = None
    logprobs: Annotated[Any, NotOffered(NO_LOGPROBS, [False])] = None
    top_logprobs: Annotated[Any, NotOffered(NO_LOGPROBS, [0])] = None
    audio: Annotated[Any, NotOffered("Audio is not offered here. Leave it out.")] = None
    modalities: Annotated[
        Any, NotOffered("Only text is offered here. Leave it out.", [["text"]])
    ] = None
    store: Annotated[
        Any, NotOffered("A completion cannot be fetched again here. Leave it out.", [False])
    ] = None
    service_tier: Annotated[
        Any, NotOffered("There is one tier here. Leave it out.", ["auto", "default"])
    ] = None
    prediction: Annotated[
        Any, NotOffered("Predicted output is not offered here. Leave it out.")
    ] = None
    reasoning_effort: Annotated[Any, NotOffered(SET_WITH_THE_MODEL)] = None
    verbosity: Annotated[Any, NotOffered(SET_WITH_THE_MODEL)] = None
    web_search_options: Annotated[
        Any, NotOffered("The web is not searched here. Leave it out.")
    ] = None
    prompt_cache_key: Annotated[Any, NotOffered(NO_CACHE)] = None
    prompt_cache_options: Annotated[Any, NotOffered(NO_CACHE)] = None
    prompt_cache_retention: Annotated[Any, NotOffered(NO_CACHE)] = None
    moderation: Annotated[
        Any, NotOffered("The policy of this place holds for every call. Leave it out.")
    ] = None

    @field_validator("stream_options")
    @classmethod
    def belong_to_a_stream(
        cls, options: StreamOptions | None, info: ValidationInfo
    ) -> StreamOptions | None:
        """Refuse what would be dropped, in OpenAI's words.

        Raises:
            PydanticCustomError: no stream is asked for.
        """
        if options is not None and not info.data.get("stream"):
            raise PydanticCustomError("stream_options", ONLY_WITH_STREAM)
        return options

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
    """The answer; what a model says in a refusal is its content, and `refusal` is null."""

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
