"""The rows of models: the catalogue of what may be asked, and the ledger of calls."""

from apps.llm.models.catalogue import (
    Assistant,
    AssistantVersion,
    ChatModel,
    ModelFallback,
    Provider,
)
from apps.llm.models.ledger import UsageRecord

__all__ = [
    "Assistant",
    "AssistantVersion",
    "ChatModel",
    "ModelFallback",
    "Provider",
    "UsageRecord",
]
