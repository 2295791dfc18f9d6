"""The API under /api/v1/: one application, filled by the router of each app."""

from apps.core.api.application import ParleyAPI

api = ParleyAPI(version="1")
