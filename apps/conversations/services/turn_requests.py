"""What a person or a program sends, and whether it fits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import orjson

from apps.conversations import constants
from apps.conversations.errors import InvalidMessageError

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
        content: the message, 1 to 4000 characters.
        client_id: the sender's own id, which makes sending it again harmless; None for none.
        context: facts put before the question for the model, as data.
        metadata: the sender's own notes, given back as they are.
        prompt: the whole prompt and its parameters, where a program names them; then `content` is
            all text in it that is not the model's, and may be longer.
    """

    conversation_id: int | None
    content: str
    client_id: str | None = None
    context: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] | None = None
    prompt: Prompt | None = None


def policy_text(content: str, context: Mapping[str, Any] | None) -> str:
    """Return what policy looks at: the message, and behind it the data that goes with it."""
    if not context:
        return content
    return f"{content}\n\n{orjson.dumps(dict(context), default=str).decode()}"


def check_fits(request: TurnRequest) -> None:
    """Refuse what cannot be stored, before anything is.

    Raises:
        InvalidMessageError: blank, too long, or with an id, context or metadata that does not fit.
    """
    content = request.content
    limit = constants.MAX_MESSAGE_CHARS if request.prompt is None else constants.MAX_PROMPT_CHARS
    if not content.strip() or len(content) > limit or "\x00" in content:
        raise _misfit("content", InvalidMessageError.default_message, "message_length")
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
