from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import QuerySet

if TYPE_CHECKING:
    from apps.llm.models import Price, PriceLookup, Provider  # noqa: F401


class PriceLookupQuerySet(QuerySet["PriceLookup"]):
    """Named queries over what published price lists said."""

    def current(self) -> Self:
        """Return what holds now: one for each model at most."""
        return self.filter(is_current=True)

    def of_models(self, chat_model_ids: Collection[int]) -> Self:
        """Return what was said of some models of the catalogue."""
        return self.filter(chat_model__in=chat_model_ids)

    def of_provider(self, provider: Provider) -> Self:
        """Return what was said of a provider's models."""
        return self.filter(chat_model__provider=provider)


class PriceQuerySet(QuerySet["Price"]):
    """Named queries over prices."""

    def published_for(self, chat_model_id: int) -> Self:
        """Return those that the current lookup of a model found."""
        return self.filter(lookup__chat_model_id=chat_model_id, lookup__is_current=True)

    def in_force(self, moment: datetime) -> Self:
        """Return those that have come into force at a moment, the last first."""
        return self.filter(valid_from__lte=moment).order_by("-valid_from", "-pk")
