"""The rows of models: the catalogue, the ledger with its prices, quotas and pauses."""

from apps.llm.models.catalogue import (
    Assistant,
    AssistantVersion,
    ChatModel,
    ModelFallback,
    Provider,
)
from apps.llm.models.ledger import UsageDay, UsageRecord, UsageTotal, UsageWeek
from apps.llm.models.pauses import Pause
from apps.llm.models.prices import Price, PriceLookup
from apps.llm.models.quotas import Quota, QuotaCounter, Reservation

__all__ = [
    "Assistant",
    "AssistantVersion",
    "ChatModel",
    "ModelFallback",
    "Pause",
    "Price",
    "PriceLookup",
    "Provider",
    "Quota",
    "QuotaCounter",
    "Reservation",
    "UsageDay",
    "UsageRecord",
    "UsageTotal",
    "UsageWeek",
]
