"""What a person may use: assistants that are for everybody or for one of the person's groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from apps.llm.errors import AssistantNotFoundError, ChatModelNotFoundError
from apps.llm.services.live import Catalogue, LiveAssistant, LiveModel


class Person(Protocol):
    """Whoever chats: a person of the users app, which this app does not know."""

    pk: int
    groups: Any


def list_assistants(*, viewer: Person, catalogue: Catalogue) -> list[LiveAssistant]:
    """Return the assistants that a person may use, the default first.

    It asks the database for the person's groups only where some assistant is not for everybody.
    """
    assistants = catalogue.assistants
    if all(one.group_ids is None for one in assistants):
        return list(assistants)
    own = frozenset(viewer.groups.values_list("pk", flat=True))
    return [one for one in assistants if one.group_ids is None or one.group_ids & own]


def list_models(*, viewer: Person, catalogue: Catalogue) -> list[LiveModel]:
    """Return the models that a person may name: those of the assistants that they may use."""
    return models_of(list_assistants(viewer=viewer, catalogue=catalogue), catalogue)


def models_of(assistants: Iterable[LiveAssistant], catalogue: Catalogue) -> list[LiveModel]:
    """Return the models of some assistants that can be asked, or stood in for, each once.

    A name goes on working while what it stands for is switched off, as an assistant does.
    """
    models = (catalogue.models[one.version.model_id] for one in assistants)
    return [model for model in dict.fromkeys(models) if catalogue.can_answer(model)]


def find_model(*, viewer: Person, catalogue: Catalogue, code: str) -> LiveModel:
    """Return the model that a program names.

    Raises:
        ChatModelNotFoundError: there is none of this name that the person may use.
    """
    for model in list_models(viewer=viewer, catalogue=catalogue):
        if model.code == code:
            return model
    raise ChatModelNotFoundError


def choose_assistant(
    *, viewer: Person, catalogue: Catalogue, wanted_id: int | None, kept_id: int | None
) -> LiveAssistant:
    """Return the assistant that answers a person.

    Args:
        viewer: the person.
        catalogue: of this process.
        wanted_id: what the person chose just now; None for no choice.
        kept_id: what the conversation remembers; where the person may not use it any more, the
            default answers.

    Raises:
        AssistantNotFoundError: the person chose one that they may not use.
        AssistantUnavailableError: no model that it could ask is switched on.
    """
    chosen = _choose(viewer, catalogue, wanted_id, kept_id)
    catalogue.chain(chosen.version.model_id)
    return chosen


def _choose(
    viewer: Person, catalogue: Catalogue, wanted_id: int | None, kept_id: int | None
) -> LiveAssistant:
    if wanted_id is None and kept_id is None:
        return catalogue.default
    offered = {one.id: one for one in list_assistants(viewer=viewer, catalogue=catalogue)}
    if wanted_id is not None:
        if wanted_id not in offered:
            raise AssistantNotFoundError
        return offered[wanted_id]
    return offered.get(kept_id or 0) or catalogue.default
