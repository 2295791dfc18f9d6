"""One call of a program in OpenAI's words: a turn like any other, told in their form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from django.conf import settings

from apps.conversations.constants import MAX_PROMPT_CHARS, ReplyState
from apps.conversations.errors import ModelNotFoundError, PromptTooLongError
from apps.conversations.events import (
    ReplyDelta,
    ReplyFinished,
    ReplySnapshot,
    ReplyStarted,
    ReplyUsage,
)
from apps.conversations.models import Reply
from apps.conversations.services import asking, following, sending, stopping
from apps.conversations.services.turn_requests import Prompt
from apps.conversations.services.turns import Turn, TurnRequest
from apps.core import db
from apps.core.problems import field_problem
from apps.llm.gateway.estimates import size_of_prompt
from apps.llm.services import catalogue, offers
from apps.llm.services.fitting import takes
from apps.llm.services.live import LiveModel
from apps.users.models import User
from apps.users.services import model_rules

LENGTH, CONTENT_FILTER = "length", "content_filter"
_abandoned: set[asyncio.Task[object]] = set()


@dataclass(frozen=True, slots=True)
class Asked:
    """Which model is asked from here on: the one that was named, or who stands in for it."""

    model: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a completion ended well: `stop`, `length` or `content_filter`, and its tokens.

    `is_withheld` where nothing of it may be shown any more; `model` is the one that has answered.
    """

    finish_reason: str
    usage: ReplyUsage | None
    is_withheld: bool = False
    model: str = ""


async def list_models(*, viewer: User, allowed_models: Sequence[str] = ()) -> list[str]:
    """Return the names of the models that a person's program may ask for, the default first.

    Args:
        viewer: the person.
        allowed_models: names and patterns of the program's token; none for all.
    """
    return [model.code for model in await _offered(viewer, allowed_models)]


async def start(  # noqa: PLR0913  one call with all that it may say
    *,
    actor: User,
    model: str,
    content: str,
    prompt: Prompt,
    client_id: str | None,
    fingerprint: str = "",
    allowed_models: tuple[str, ...] = (),
    api_token_id: int | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Turn:
    """Store what a program sent as a turn of a conversation of its own, and queue the answer.

    What was stored for the same key is told again, whatever became of the model since.

    Args:
        actor: whose token it is.
        model: one of `list_models`; it is asked with the program's prompt and no other.
        content: all text of the prompt that is not the model's; policy looks at it.
        prompt: messages and parameters.
        client_id: the program's own id of the call, if it has one, with its `fingerprint`.
        allowed_models: names and patterns of the models that its token may ask; none for all.
        api_token_id, metadata: as in a `TurnRequest`.

    Raises:
        ModelNotFoundError: there is no such model, or the token may not ask it.
        PromptTooLongError, ValidationFailedError: the model does not take the prompt.
        ReplyOutOfQuotaError: a quota is used up; when it begins anew is said.
        AppError: what `sending.send` raises.
    """
    request = TurnRequest(
        conversation_id=None,
        content=content,
        client_id=client_id,
        fingerprint=fingerprint,
        metadata=metadata,
        prompt=prompt,
        allowed_models=allowed_models,
        api_token_id=api_token_id,
    )
    turn = await sending.find_sent(actor=actor, request=request)
    if turn is None:
        chosen = await _chosen(actor, model, request)
        request = replace(request, chat_model_id=chosen.id)
        turn = await sending.send(actor=actor, request=request)
    asking.ensure_admitted(turn)
    return turn


async def _chosen(actor: User, model: str, request: TurnRequest) -> LiveModel:
    """Return the model that a program names, if it may ask it and the model takes the prompt."""
    offered = await _offered(actor, request.allowed_models)
    chosen = next((one for one in offered if one.code == model), None)
    if chosen is None:
        raise ModelNotFoundError
    if request.prompt is not None:
        _ensure_fits(request.prompt, chosen)
    return chosen


def _ensure_fits(prompt: Prompt, model: LiveModel) -> None:
    _ensure_taken(prompt, model)
    size = size_of_prompt((), prompt=prompt)
    allowed = model.max_prompt_tokens or settings.MAX_TOKENS
    if size.text_bytes > MAX_PROMPT_CHARS or size.tokens > allowed:
        raise PromptTooLongError(
            f"The prompt has about {size.tokens} tokens; {allowed} are allowed. Send less."
        )


def _ensure_taken(prompt: Prompt, model: LiveModel) -> None:
    """Check that nothing is asked that would be dropped; nobody who would stands in for it."""
    if not takes(model, prompt["parameters"]):
        message = "This model takes no temperature. Leave it out, or name another model."
        raise field_problem("temperature", message, "not_offered")


async def _offered(viewer: User, allowed_models: Sequence[str]) -> list[LiveModel]:
    known = await catalogue.current()
    found = await db.call(offers.list_models, viewer=viewer, catalogue=known)
    return [model for model in found if model_rules.allows(allowed_models, model.code)]


async def pieces(*, actor: User, turn: Turn) -> AsyncGenerator[str | Asked | Ended, None]:
    """Yield who is asked and the answer's text as it comes, then how it ended.

    Leaving it stops the answer, unless the message came with a key of its sender's: then the same
    request fetches it again.

    Text that was shown cannot be taken back here: once an answer is withheld or retracted, no word
    follows and it ends with `content_filter`.

    Raises:
        AppError: it ended otherwise than well.
    """
    has_ended, sent = False, _Sent()
    try:
        async with aclosing(following.follow(viewer=actor, reply_id=turn.reply.pk)) as events:
            async for event in events:
                if isinstance(event, ReplyDelta | ReplySnapshot):
                    text = sent.rest_of(event)
                    if text:
                        yield text
                elif isinstance(event, ReplyStarted):
                    yield Asked(event.model)
                elif isinstance(event, ReplyFinished):
                    has_ended = True
                    ended = _withheld(event) if sent.is_retracted else _ended(event)
                    yield replace(ended, model=await db.call(_model_of, turn.reply.pk))
    finally:
        if not has_ended and turn.message.client_id is None:
            _abandon(actor, turn.reply.pk)


class _Sent:
    """What a program has of an answer, and whether some of it was taken back since.

    Attributes:
        is_retracted: whether what was sent is not what the answer says any more.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.is_retracted = False

    def rest_of(self, event: ReplyDelta | ReplySnapshot) -> str:
        """Return what of an event is still to be sent: nothing once something was taken back."""
        text = event.text
        if isinstance(event, ReplySnapshot):
            known = "".join(self._parts)
            self.is_retracted = self.is_retracted or not text.startswith(known)
            text = text[len(known) :]
        if self.is_retracted:
            return ""
        self._parts.append(text)
        return text


async def whole(*, actor: User, turn: Turn) -> tuple[str, Ended]:
    """Wait for the answer and return it with how it ended; a withheld one has no text.

    Raises:
        AppError: it ended otherwise than well.
    """
    texts: list[str] = []
    ended = Ended("stop", None)
    async with aclosing(pieces(actor=actor, turn=turn)) as items:
        async for item in items:
            if isinstance(item, Ended):
                ended = item
            elif isinstance(item, str):
                texts.append(item)
    return "" if ended.is_withheld else "".join(texts), ended


def _model_of(reply_id: int) -> str:
    return str(Reply.objects.values_list("model", flat=True).get(pk=reply_id))


def _ended(event: ReplyFinished) -> Ended:
    if event.state == ReplyState.WITHHELD:
        return _withheld(event)
    if event.state != ReplyState.COMPLETE:
        raise asking.error_of_end(event)
    known = event.finish_reason in (LENGTH, CONTENT_FILTER)
    return Ended(event.finish_reason if known else "stop", event.usage)


def _withheld(event: ReplyFinished) -> Ended:
    return Ended(CONTENT_FILTER, event.usage, is_withheld=True)


def _abandon(actor: User, reply_id: int) -> None:
    """Stop an answer that nobody can fetch any more, without making its leaver wait."""
    task = asyncio.ensure_future(db.call(stopping.stop_reply, actor=actor, reply_id=reply_id))
    _abandoned.add(task)
    task.add_done_callback(_abandoned.discard)
