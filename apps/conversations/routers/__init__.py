from apps.conversations.routers.chat import router as chat_router
from apps.conversations.routers.completions import router as completions_router
from apps.conversations.routers.conversations import router as conversations_router
from apps.conversations.routers.messages import router as messages_router

__all__ = ["chat_router", "completions_router", "conversations_router", "messages_router"]
