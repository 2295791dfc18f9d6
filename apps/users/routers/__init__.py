from apps.users.routers.tokens import router as tokens_router
from apps.users.routers.users import router as users_router

__all__ = ["tokens_router", "users_router"]
