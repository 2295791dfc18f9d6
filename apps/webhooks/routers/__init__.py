from apps.webhooks.routers.webhooks import router as webhooks_router

__all__ = ["webhooks_router"]
