"""What staff see of models: the catalogue, how providers fare, and the ledger."""

from apps.llm.admin.assistants import AssistantAdmin
from apps.llm.admin.chat_models import ChatModelAdmin
from apps.llm.admin.ledger import UsageRecordAdmin
from apps.llm.admin.providers import ProviderAdmin

__all__ = ["AssistantAdmin", "ChatModelAdmin", "ProviderAdmin", "UsageRecordAdmin"]
