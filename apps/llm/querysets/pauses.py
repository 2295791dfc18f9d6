from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import OuterRef, Q, QuerySet

if TYPE_CHECKING:
    from apps.llm.models import Pause  # noqa: F401


class PauseQuerySet(QuerySet["Pause"]):
    """Named queries over pauses."""

    def open(self) -> Self:
        """Return those that hold."""
        return self.filter(lifted_at=None)

    def of_model(self, model: str | OuterRef, chat_model_id: int | OuterRef | None) -> Self:
        """Return those that hold for a model: its own, that of its name and that of all models."""
        paused = Q(chat_model=None) & (Q(model_name="") | Q(model_name=model))
        if chat_model_id is not None:
            paused |= Q(chat_model=chat_model_id)
        return self.open().filter(paused)
