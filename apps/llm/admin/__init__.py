"""What staff see of models: catalogue, providers, ledger, prices, quotas and pauses."""

from apps.llm.admin.assistants import AssistantAdmin
from apps.llm.admin.chat_models import ChatModelAdmin
from apps.llm.admin.ledger import UsageRecordAdmin
from apps.llm.admin.near_limits import NearLimitsPage
from apps.llm.admin.pauses import PauseAdmin
from apps.llm.admin.prices import PriceAdmin
from apps.llm.admin.providers import ProviderAdmin
from apps.llm.admin.quotas import QuotaAdmin
from apps.llm.admin.usage import UsagePage

__all__ = [
    "AssistantAdmin",
    "ChatModelAdmin",
    "NearLimitsPage",
    "PauseAdmin",
    "PriceAdmin",
    "ProviderAdmin",
    "QuotaAdmin",
    "UsagePage",
    "UsageRecordAdmin",
]
