"""What a person or a program sends, and whether it fits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import orjson
from django.utils.translation import gettext

from apps.conversations import constants
from apps.conversations.errors import InvalidMessageError
from apps.conversations.models import Message
from apps.llm.gateway.estimates import PromptSize, size_of_prompt

ASSISTANT = "assistant"
_CLIENT_ID = re.compile(rf"[\x21-\x7e]{{1,{constants.MAX_CLIENT_ID_CHARS}}}")


class Prompt(TypedDict):
    """What a program asks the model for, in OpenAI's words: all of it is sent as it is."""

    messages: list[dict[str, Any]]
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRequest:
    """What a person or a program sends.

    Attributes:
        conversation_id: where it goes; None opens a new conversation.
        edits_message_id: the question of this conversation that it is a new version of; None puts
            it at the end.
        content: the message, 1 to 4000 characters.
        client_id: the sender's own id, which makes sending it again harmless; None for none.
        fingerprint: what a program's whole request is known again by; another one under the same id
            is a conflict. Empty where its words, place and data alone are compared, as for pages.
        context: facts put before the question for the model, as data.
        metadata: the sender's own notes, given back as they are.
        prompt: the whole prompt and its parameters, where a program names them; then `content` is
            all text in it that is not the model's, and may be longer.
        chat_model_id: the model that a program named and may use; for prompts only.
        assistant_id: who shall answer here from now on; None for whoever did, or the default.
        allowed_models: names and patterns of the models that the sender's token may ask; none for
            all.
        api_token_id: the API token that it comes by, if it does; its quotas count then.
    """

    conversation_id: int | None
    content: str
    client_id: str | None = None
    fingerprint: str = ""
    edits_message_id: int | None = None
    context: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] | None = None
    prompt: Prompt | None = None
    chat_model_id: int | None = None
    assistant_id: int | None = None
    allowed_models: tuple[str, ...] = ()
    api_token_id: int | None = None

    @property
    def size(self) -> PromptSize:
        """Size of all that the model reads of it, earlier messages left out."""
        return size_of_prompt([self.content], context=self.context, prompt=self.prompt)


def policy_text(content: str, context: Mapping[str, Any] | None, prompt: Prompt | None) -> str:
    """Return what policy looks at: the message, and behind it all that the model reads with it.

    That is every word and name, as it was written and not as JSON hides it, in the context, in a
    program's parameters, and in what the program says that the model has answered.
    """
    beside: list[Any] = [context]
    if prompt is not None:
        messages = prompt["messages"]
        beside += [one["content"] for one in messages if one["role"] == ASSISTANT]
        beside += [one.get("name") for one in messages]
        beside.append(prompt["parameters"])
    return "\n\n".join([content, *_words_in(beside)])


def shows_whole_prompt(content: str, prompt: Prompt | None) -> bool:
    """Tell whether a message still says what its prompt says: a redacted one does not."""
    if prompt is None:
        return True
    asked = [one["content"] for one in prompt["messages"] if one["role"] != ASSISTANT]
    return content == "\n\n".join(asked)


def may_be_sent_again(message: Message) -> bool:
    """Tell whether nothing stands beside a stored question that a redaction of it has left."""
    if message.is_redacted and message.context:
        return False
    return shows_whole_prompt(message.content, message.prompt)


def may_be_asked_again(question: Message) -> bool:
    """Tell whether an answer to a stored question may be had once more."""
    return not question.is_hidden and may_be_sent_again(question)


def check_fits(request: TurnRequest) -> None:
    """Refuse what cannot be stored, before anything is.

    Raises:
        InvalidMessageError: blank, too long, or with an id, context or metadata that does not fit.
    """
    content = request.content
    limit = constants.MAX_MESSAGE_CHARS if request.prompt is None else constants.MAX_PROMPT_CHARS
    if not content.strip() or len(content) > limit or "\x00" in content:
        raise _misfit("content", gettext(InvalidMessageError.default_message), "message_length")
    if request.client_id is not None and not _CLIENT_ID.fullmatch(request.client_id):
        message = f"Use 1 to {constants.MAX_CLIENT_ID_CHARS} visible ASCII characters as the id."
        raise _misfit("client_id", message, "client_id")
    for field, value, limit in (
        ("context", request.context, constants.MAX_CONTEXT_BYTES),
        ("metadata", request.metadata, constants.MAX_METADATA_BYTES),
    ):
        if value is None:
            continue
        if _is_deeper(value, constants.MAX_NESTING):
            message = f"The {field} is nested too deeply: {constants.MAX_NESTING} levels at most."
            raise _misfit(field, message, "too_deep")
        if len(orjson.dumps(value)) > limit:
            raise _misfit(field, f"The {field} is too large: {limit} bytes at most.", "too_large")


def _words_in(values: list[Any]) -> list[str]:
    """Return the texts in values of JSON with the names of their fields, as they were written."""
    words: list[str] = []
    waiting = values[::-1]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            words.append(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            words.append(str(value))
        elif isinstance(value, Mapping):
            waiting += [part for pair in reversed([*value.items()]) for part in pair[::-1]]
        elif isinstance(value, list):
            waiting += reversed(value)
    return words


def _misfit(field: str, message: str, kind: str) -> InvalidMessageError:
    return InvalidMessageError(
        message, details=[{"field": field, "message": message, "type": kind}]
    )


def _is_deeper(value: object, levels: int) -> bool:
    """Tell whether a value of JSON holds more lists and objects in one another than that."""
    layer: list[Any] = [value]
    for _ in range(levels + 1):
        boxes = [item for item in layer if isinstance(item, dict | list)]
        layer = [
            inner for box in boxes for inner in (box.values() if isinstance(box, dict) else box)
        ]
        if not boxes:
            return False
    return True
