from apps.users.routers.service_accounts import router as service_accounts_router
from apps.users.routers.tokens import router as tokens_router
from apps.users.routers.users import router as users_router

__all__ = ["service_accounts_router", "tokens_router", "users_router"]
