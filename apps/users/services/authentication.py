"""The authenticator of the API, which the setting API_AUTHENTICATOR names."""

from __future__ import annotations

from apps.core import db
from apps.users.services.principals import Principal, identify_token


async def authenticate_token(raw: str) -> Principal:
    """Return who calls with this token.

    Raises:
        InvalidTokenError: it is unknown, expired or revoked, or its owner's account is closed.
        AccountSuspendedError: its owner is suspended.
    """
    return await db.call(identify_token, raw)
