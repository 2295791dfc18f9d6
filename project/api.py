"""The API under /api/v1/: one application, filled by the routers of each app."""

from apps.conversations.routers import chat_router, conversations_router, messages_router
from apps.core.api.application import ParleyAPI
from apps.users.routers import tokens_router, users_router

api = ParleyAPI(version="1")
api.add_router("/auth/tokens", tokens_router)
api.add_router("/users/", users_router)
api.add_router("/users/", chat_router)
api.add_router("/conversations/", conversations_router)
api.add_router("/messages/", messages_router)
