"""Webhooks and what they were told, for those who manage them."""

from apps.webhooks.admin import deliveries, endpoints

__all__ = ["deliveries", "endpoints"]
