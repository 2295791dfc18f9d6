"""Bearer tokens: the only way into the API. No cookie ever authorizes a program's request."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Protocol

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string
from ninja.security.base import AuthBase

from apps.core import limits, rate_limits
from apps.core.api.responses import tell_limits
from apps.core.client_address import address_group, client_address
from apps.core.errors import AppError, ForbiddenError, UnauthorizedError

MAX_TOKEN_CHARS = 200
Count = Callable[[HttpRequest, Any], Awaitable[None]]


class Caller(Protocol):
    """What an authenticator answers: a person, and what their token may be used for."""

    @property
    def user(self) -> Any:  # noqa: ANN401
        """The person."""

    @property
    def rights(self) -> str:
        """A word that is another one once the person's role, duties or state have changed."""

    @property
    def token_rights(self) -> str:
        """A word for the token and everything that it may be used for."""

    def require_scope(self, scope: Any, /) -> None:  # noqa: ANN401
        """Check that the token may be used for this; raises a `ForbiddenError`."""


class Authenticator(Protocol):
    """Tells who calls with a token; what it may raise stands in the API's document."""

    errors: ClassVar[tuple[type[AppError], ...]]

    def __call__(self, raw: str, /) -> Awaitable[Caller]:
        """Return who calls; raises an `UnauthorizedError` or a `ForbiddenError`."""


class BearerToken(AuthBase):
    """Lets a request in by its bearer token, if the token has the operation's scope, and counts it.

    The authenticator is named by the setting API_AUTHENTICATOR; it raises `UnauthorizedError`.
    """

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, scope: str, *, count: Count | None = None) -> None:
        """Prepare.

        Args:
            scope: what the token must be good for.
            count: counts a request for the person behind its token; None counts none.
        """
        super().__init__()
        self.scope = scope
        self._count = count
        self.is_async = True

    async def __call__(self, request: HttpRequest) -> Caller:
        """Return who is calling.

        Raises:
            UnauthorizedError: there is no token, or it is not valid.
            ForbiddenError: the token lacks the scope.
            RateLimitedError: this address sent too many tokens that were refused, or the person has
                passed a limit.
        """
        try:
            caller = await authenticator()(bearer_token(request))
            caller.require_scope(self.scope)
        except (UnauthorizedError, ForbiddenError):
            tell_limits(request, limits.collect())
            address = address_group(client_address(request))
            await rate_limits.check("token", f"address:{address}", settings.RATE_LIMIT_API)
            raise
        if self._count is not None:
            await self._count(request, caller.user)
        return caller


def bearer_token(request: HttpRequest) -> str:
    """Return the request's bearer token.

    Raises:
        UnauthorizedError: there is none.
    """
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token or len(token) > MAX_TOKEN_CHARS:
        raise UnauthorizedError
    return token


def caller_of(request: HttpRequest) -> Any:  # noqa: ANN401
    """Return what the authenticator answered for an operation that takes a token."""
    return request.auth  # type: ignore[attr-defined]


def authenticator() -> Authenticator:
    """Return what the setting names."""
    found: Authenticator = import_string(settings.API_AUTHENTICATOR)
    return found
