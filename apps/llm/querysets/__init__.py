"""Named queries over the rows of models: the only way to them.

Each module holds the queries over one family of models, as `models` is split.
"""

from apps.llm.querysets.catalogue import (
    AssistantQuerySet,
    AssistantVersionQuerySet,
    ChatModelQuerySet,
)
from apps.llm.querysets.ledger import UsageDayQuerySet, UsageRecordQuerySet
from apps.llm.querysets.pauses import PauseQuerySet
from apps.llm.querysets.prices import PriceLookupQuerySet, PriceQuerySet
from apps.llm.querysets.quotas import QuotaCounterQuerySet, QuotaQuerySet, ReservationQuerySet

__all__ = [
    "AssistantQuerySet",
    "AssistantVersionQuerySet",
    "ChatModelQuerySet",
    "PauseQuerySet",
    "PriceLookupQuerySet",
    "PriceQuerySet",
    "QuotaCounterQuerySet",
    "QuotaQuerySet",
    "ReservationQuerySet",
    "UsageDayQuerySet",
    "UsageRecordQuerySet",
]
