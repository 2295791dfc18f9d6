"""The authenticator of the API, which the setting API_AUTHENTICATOR names."""

from __future__ import annotations

from typing import ClassVar

from apps.core import db
from apps.core.errors import AppError
from apps.users.errors import AccountSuspendedError, InvalidTokenError, MissingScopeError
from apps.users.services.principals import Principal, identify_token


class TokenAuthenticator:
    """Tells who calls with a token.

    Attributes:
        errors: how it refuses, a token without the scope that is needed included.
    """

    errors: ClassVar[tuple[type[AppError], ...]] = (
        AccountSuspendedError,
        InvalidTokenError,
        MissingScopeError,
    )

    async def __call__(self, raw: str, /) -> Principal:
        """Return who calls with this token.

        Raises:
            InvalidTokenError: it is unknown, expired or revoked, or its owner's account is closed.
            AccountSuspendedError: its owner is suspended.
        """
        return await db.call(identify_token, raw)


authenticate_token = TokenAuthenticator()
