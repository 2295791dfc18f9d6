"""Models of the catalogue in the words that staff read: provider and name."""

from __future__ import annotations

from apps.core.problems import field_problem
from apps.llm.services import catalogue


def name_of(chat_model_id: int, *, field: str) -> str:
    """Return what the provider calls a model of the catalogue.

    Raises:
        ValidationFailedError: there is no such model.
    """
    model = catalogue.read().models.get(chat_model_id)
    if model is None or not model.name:
        raise field_problem(field, "There is no such model.", "model")
    return model.name


def label_of(chat_model_id: int | None, name: str) -> str:
    """Return provider and name of a model; the bare name where it has no number.

    It is in the words that this process read last. Only the first call of a process may ask the
    database, and where the model has no number none does.
    """
    if chat_model_id is None:
        return name
    known = catalogue.last_known() or catalogue.read()
    model = known.models.get(chat_model_id)
    if model is None:
        return name
    return f"{known.providers[model.provider_id].name} / {name or model.name}"


def choices() -> list[tuple[int, str]]:
    """Return the models that staff may choose, by provider and name; there are few."""
    rows = [(one.id, label_of(one.id, one.name)) for one in catalogue.read().models.values()]
    return sorted(rows, key=lambda row: row[1].casefold())
