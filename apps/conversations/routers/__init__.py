from apps.conversations.routers.chat import router as chat_router
from apps.conversations.routers.completions import router as completions_router
from apps.conversations.routers.conversations import router as conversations_router
from apps.conversations.routers.finding import router as finding_router
from apps.conversations.routers.messages import router as messages_router
from apps.conversations.routers.models import router as models_router
from apps.conversations.routers.sharing import router as sharing_router
from apps.conversations.routers.usage import router as usage_router

__all__ = [
    "chat_router",
    "completions_router",
    "conversations_router",
    "finding_router",
    "messages_router",
    "models_router",
    "sharing_router",
    "usage_router",
]
