"""Who answers: the assistant of a conversation, or the model that a program named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.conversations.errors import ModelNotFoundError
from apps.conversations.models import Message
from apps.llm.errors import AssistantNotFoundError
from apps.llm.services import catalogue, offers
from apps.llm.services.fitting import that_take
from apps.llm.services.live import Catalogue, LiveAssistant, LiveModel, LiveVersion
from apps.users.models import User
from apps.users.services import model_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What answers a message.

    Attributes:
        model: that is asked first.
        named_id: the model that a program named, which may not be the one that is asked.
        version: of the assistant; None where a program brings its own prompt.
        temperature: to ask with; None leaves it to the model.
    """

    model: LiveModel
    version: LiveVersion | None
    temperature: float | None
    named_id: int | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """What a person may choose from, the default first."""

    assistants: list[LiveAssistant]
    models: list[LiveModel]


def list_offered(*, viewer: User, allowed_models: Sequence[str] = ()) -> Offered:
    """Return the assistants that a person may choose, and the models that their programs may name.

    One query where some assistant is for some groups only, none otherwise.

    Args:
        viewer: the person.
        allowed_models: names and patterns of the models that their token may ask; none for all.
    """
    known = catalogue.read()
    assistants = [
        one
        for one in offers.list_assistants(viewer=viewer, catalogue=known)
        if model_rules.allows(allowed_models, known.models[one.version.model_id].code)
    ]
    return Offered(assistants, offers.models_of(assistants, known))


def ensure_offered(*, viewer: User, assistant_id: int) -> None:
    """Check that a person may choose an assistant.

    Raises:
        AssistantNotFoundError: no such assistant, or it is not offered to the person.
    """
    offered = offers.list_assistants(viewer=viewer, catalogue=catalogue.read())
    if assistant_id not in {one.id for one in offered}:
        raise AssistantNotFoundError


def choose(
    *,
    actor: User,
    known: Catalogue,
    question: Message,
    chat_model_id: int | None = None,
    answered_by_id: int | None = None,
    assistant_id: int | None = None,
    allowed_models: Sequence[str] = (),
) -> Choice:
    """Return what answers a question; its conversation remembers whom its person chose.

    Args:
        actor: the person.
        known: what may be asked.
        question: in its conversation, which the caller has locked.
        chat_model_id: the model that a program named, for its own prompts.
        answered_by_id: the model that answered it before, where nobody noted the one it named.
        assistant_id: whom the person chose just now; None for whoever answered before.
        allowed_models: names and patterns of the models that the sender's token may ask; none for
            all. What admins have asked in the place of one of them counts as that one.

    Raises:
        AssistantNotFoundError: the person chose one that they may not use.
        AssistantUnavailableError: no model that could be asked is switched on, or takes what the
            program asks for.
        ModelNotAllowedError: the token may not ask the model.
        ModelNotFoundError: a program's model is not offered to the person any more.
    """
    if question.prompt is not None:
        offered = offers.list_models(viewer=actor, catalogue=known)
        if chat_model_id is None and answered_by_id is None:
            chat_model_id = known.default.version.model_id
        named = _named(offered, chat_model_id, answered_by_id)
        model_rules.ensure_allowed(allowed_models, named.code)
        return _for_program(known, question.prompt["parameters"], named)
    conversation = question.conversation
    assistant = offers.choose_assistant(
        viewer=actor, catalogue=known, wanted_id=assistant_id, kept_id=conversation.assistant_id
    )
    if assistant_id is not None:
        conversation.assistant_id = assistant.id
    version = assistant.version
    model_rules.ensure_allowed(allowed_models, known.models[version.model_id].code)
    model = known.chain(version.model_id)[0]
    return Choice(model=model, version=version, temperature=version.temperature)


def _named(
    offered: Sequence[LiveModel], named_id: int | None, answered_by_id: int | None
) -> LiveModel:
    """Return the model that a program named, as far as that is known.

    Answers of before it was noted tell who gave them: that one, or else one in whose place it did.

    Raises:
        ModelNotFoundError: the person may not use it by now.
    """
    wanted_id = named_id if named_id is not None else answered_by_id
    found = [model for model in offered if model.id == wanted_id]
    if named_id is None:
        found += [model for model in offered if answered_by_id in model.fallback_ids]
    if not found:
        raise ModelNotFoundError
    return found[0]


def _for_program(known: Catalogue, asked: Mapping[str, Any], named: LiveModel) -> Choice:
    model = that_take(known.chain(named.id), asked)[0]
    temperature = asked.get("temperature")
    return Choice(
        model=model,
        version=None,
        temperature=temperature if model.takes_temperature else None,
        named_id=named.id,
    )
