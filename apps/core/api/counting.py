"""Every request to an operation counts against the limits of its caller, before it is read."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from apps.core import limits, rate_limits
from apps.core.api.responses import tell_limits
from apps.core.client_address import address_group, client_address


class Counter:
    """Counts the requests to one operation; for one that takes no token it is what lets them in.

    It runs before the body is read, so that what does not fit costs its sender as much as what
    does, and its answer tells the same limits.
    """

    is_async = True

    def __init__(self, rate: str | None) -> None:
        """Prepare.

        Args:
            rate: name of the setting with the operation's own limit, beside RATE_LIMIT_API.
        """
        self._rate = rate

    async def __call__(self, request: HttpRequest) -> bool:
        """Count a request of somebody who sends no token, for their address.

        Raises:
            RateLimitedError: a limit is passed.
        """
        await self.count(request, None)
        return True

    async def count(self, request: HttpRequest, user: Any | None) -> None:  # noqa: ANN401
        """Count a request for its caller; every limit that counts it is told by its answer.

        Args:
            request: that came.
            user: the person behind its token; None where it came without.

        Raises:
            RateLimitedError: a limit is passed.
        """
        tell_limits(request, limits.collect())
        identity = _identity(request, user)
        await rate_limits.check("api", identity, settings.RATE_LIMIT_API)
        if self._rate is not None:
            scope = self._rate.removeprefix("RATE_LIMIT_").lower()
            await rate_limits.check(scope, identity, getattr(settings, self._rate))


def identity_of(request: HttpRequest) -> str:
    """Return whom a limit counts: the person, or the address where nobody is signed in."""
    return _identity(request, getattr(getattr(request, "auth", None), "user", None))


def _identity(request: HttpRequest, user: Any | None) -> str:  # noqa: ANN401
    if user is not None:
        return f"user:{user.pk}"
    return f"address:{address_group(client_address(request))}"
