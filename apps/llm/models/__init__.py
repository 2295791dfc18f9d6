"""The rows of models: the ledger of calls."""

from apps.llm.models.ledger import UsageRecord

__all__ = ["UsageRecord"]
