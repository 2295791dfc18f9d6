"""A router whose operations return plain data; envelope, schema and limits are added here."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router
from pydantic import TypeAdapter, ValidationError

from apps.core import rate_limits
from apps.core.api.auth import BearerToken
from apps.core.api.responses import add_header, put_headers, success_response
from apps.core.api.schemas import Envelope, ErrorEnvelope
from apps.core.client_address import address_group, client_address
from apps.core.errors import (
    AppError,
    ForbiddenError,
    InternalError,
    RateLimitedError,
    ServiceUnavailableError,
    UnauthorizedError,
    ValidationFailedError,
)

View = TypeVar("View", bound=Callable[..., Awaitable[Any]])

ALWAYS: tuple[type[AppError], ...] = (
    ValidationFailedError,
    RateLimitedError,
    InternalError,
    ServiceUnavailableError,
)
GUARDED: tuple[type[AppError], ...] = (UnauthorizedError, ForbiddenError)


class ResponseShapeError(RuntimeError):
    """What a service returned does not fit the operation's schema: a fault of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What one operation promises.

    Attributes:
        returns: type of the data in the envelope.
        message: the envelope's sentence.
        scope: what the token must be good for; None lets everybody in and looks at no token.
        status: HTTP status of success.
        errors: errors that it may answer, beside those that all do.
        rate: name of the setting with a limit of its own, beside RATE_LIMIT_API.
        openapi: additions to the operation's description.
        is_stream: whether success is a stream, which has no envelope.
    """

    returns: Any
    message: str
    scope: str | None
    status: int = 200
    errors: Iterable[type[AppError]] = ()
    rate: str | None = None
    openapi: Mapping[str, Any] = field(default_factory=dict)
    is_stream: bool = False

    def auth(self) -> BearerToken | None:
        """Return what lets a request in."""
        return None if self.scope is None else BearerToken(self.scope)

    def responses(self) -> dict[int, Any]:
        """Return the schema of every status that the operation answers."""
        declared = (*ALWAYS, *(GUARDED if self.scope else ()), *self.errors)
        found: dict[int, Any] = {error.status_code: ErrorEnvelope for error in declared}
        success = None if self.is_stream else Envelope.__class_getitem__(self.returns)
        return {self.status: success, **dict(sorted(found.items()))}


class ApiRouter(Router):
    """Collects the operations of one app.

    An operation is `async def`, calls one service and returns what it answered; everything else is
    declared beside its address.
    """

    def operation(
        self,
        method: str,
        path: str,
        endpoint: Endpoint,
        *,
        operation_id: str | None = None,
    ) -> Callable[[View], View]:
        """Register an operation; its summary and description come from its docstring.

        Args:
            method: HTTP method.
            path: address below the router, for example `messages/{int:message_id}`.
            endpoint: what the operation promises.
            operation_id: name in the OpenAPI document; the function's name if not given.
        """

        def register(view: View) -> View:
            summary, _, description = (view.__doc__ or "").strip().partition("\n")
            self.add_api_operation(
                path,
                [method],
                wrap(view, endpoint),
                auth=endpoint.auth(),
                response=endpoint.responses(),
                operation_id=operation_id or view.__name__,
                summary=summary.rstrip("."),
                description=" ".join(description.split()),
                openapi_extra=dict(endpoint.openapi),
            )
            return view

        return register


def wrap(
    view: Callable[..., Awaitable[Any]], endpoint: Endpoint
) -> Callable[..., Awaitable[HttpResponseBase]]:
    """Return the view that answers in the envelope, under the operation's limits."""
    adapter: TypeAdapter[Any] = TypeAdapter(endpoint.returns)

    @functools.wraps(view)
    async def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401
        await check_limits(request, endpoint.rate)
        result = await view(request, *args, **kwargs)
        if isinstance(result, HttpResponseBase):
            response = result
        else:
            response = _envelope(request, endpoint, adapter, result)
        put_headers(request, response)
        return response

    answer.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
    return answer


async def check_limits(request: HttpRequest, rate: str | None) -> None:
    """Count the request for its caller; the answer tells the narrower of its limits.

    Raises:
        RateLimitedError: a limit is passed.
    """
    identity = identity_of(request)
    status = await rate_limits.check("api", identity, settings.RATE_LIMIT_API)
    if rate is not None:
        scope = rate.removeprefix("RATE_LIMIT_").lower()
        status = await rate_limits.check(scope, identity, getattr(settings, rate))
    for name, value in status.headers().items():
        add_header(request, name, value)


def identity_of(request: HttpRequest) -> str:
    """Return whom a limit counts: the person, or the address where nobody is signed in."""
    user = getattr(getattr(request, "auth", None), "user", None)
    if user is not None:
        return f"user:{user.pk}"
    return f"address:{address_group(client_address(request))}"


def _envelope(
    request: HttpRequest,
    endpoint: Endpoint,
    adapter: TypeAdapter[Any],
    result: Any,  # noqa: ANN401
) -> HttpResponse:
    try:
        value = adapter.validate_python(result, from_attributes=True)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
        msg = f"The answer does not fit its schema at: {fields}"
        raise ResponseShapeError(msg) from None
    return success_response(
        request,
        status=endpoint.status,
        message=endpoint.message,
        data=orjson.Fragment(adapter.dump_json(value)),
    )
