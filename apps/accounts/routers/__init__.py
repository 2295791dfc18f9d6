from apps.accounts.routers.exports import router as exports_router
from apps.accounts.routers.service_tokens import router as service_tokens_router
from apps.accounts.routers.token_limits import router as token_limits_router

__all__ = ["exports_router", "service_tokens_router", "token_limits_router"]
