"""Writing the envelope, from one place, for operations, middleware and error pages alike."""

from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from apps.core import error_bodies, limits
from apps.core.client_address import client_address
from apps.core.correlation import get_correlation_id
from apps.core.error_handling import ErrorDescription, report_error
from apps.core.limits import Told
from apps.core.paths import is_openai_path
from apps.core.rate_limits import TooManyRequestsError

JSON = "application/json"
SHOULD_RETRY = "x-should-retry"
_SHAPED = "_is_shaped"
_HEADERS = "parley.headers"
_LIMITS = "parley.limits"
_MESSAGE = "parley.message"


def success_response(
    request: HttpRequest, *, status: int, message: str, data: object
) -> HttpResponse:
    """Answer with the success envelope.

    Args:
        request: what is answered.
        status: HTTP status.
        message: a sentence for a person.
        data: plain values, or an `orjson.Fragment` that is JSON already.
    """
    envelope = {
        "success": True,
        "status_code": status,
        "request": _request_info(request),
        "message": message,
        "data": data,
    }
    return json_response(envelope, status=status)


def error_response(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """Log the failure and answer it in the form of the address: our envelope, or OpenAI's."""
    description = report_error(exception, method=request.method, route=_route(request))
    if is_openai_path(request.path_info):
        body = openai_error(description)
    else:
        body = _error_envelope(request, description)
    response = json_response(body, status=description.status_code)
    if isinstance(exception, TooManyRequestsError):
        limit = exception.status.limit
        tell_limits(request, {**_limits_of(request), limit.name: limit})
    put_headers(request, response)
    if description.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(description.retry_after_seconds)
    if description.is_final and is_openai_path(request.path_info):
        response.headers[SHOULD_RETRY] = "false"
    if description.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def add_header(request: HttpRequest, name: str, value: str) -> None:
    """Put a header on the answer that an operation is about to give, be it an error."""
    request.META.setdefault(_HEADERS, {})[name] = value


def tell_limits(request: HttpRequest, told: Told) -> None:
    """Have the answer tell these limits, and those that are noted there until it is given."""
    request.META[_LIMITS] = told


def say(request: HttpRequest, message: str) -> None:
    """Give the answer another sentence than its operation's, where that depends on what came."""
    request.META[_MESSAGE] = message


def sentence_of(request: HttpRequest, usual: str) -> str:
    """Return the sentence of an answer: what `say` gave, or the usual one."""
    return str(request.META.get(_MESSAGE, usual))


def put_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """Put the limits on an answer, and the headers that `add_header` collected."""
    told = _limits_of(request).values()
    for name, value in limits.headers(told).items():
        response.headers[name] = value
    if is_openai_path(request.path_info):
        for name, value in limits.openai_headers(told).items():
            response.headers[name] = value
    for name, value in request.META.get(_HEADERS, {}).items():
        response.headers[name] = value


def _limits_of(request: HttpRequest) -> Told:
    told: Told = request.META.get(_LIMITS, {})
    return told


def json_response(body: object, *, status: int = 200) -> HttpResponse:
    """Answer with JSON that middleware leaves as it is."""
    content = orjson.dumps(body)
    response = HttpResponse(content, status=status, content_type=JSON)
    response.headers["Content-Length"] = str(len(content))
    setattr(response, _SHAPED, True)
    return response


def empty_response(status: int) -> HttpResponse:
    """Answer with nothing but headers."""
    response = HttpResponse(status=status)
    del response.headers["Content-Type"]
    setattr(response, _SHAPED, True)
    return response


def is_shaped(response: HttpResponseBase) -> bool:
    """Tell whether an answer has a program's form already."""
    return getattr(response, _SHAPED, False)


def _request_info(request: HttpRequest) -> dict[str, str]:
    info = {
        "method": request.method or "",
        "url": request.get_full_path(),
        "correlation_id": get_correlation_id(),
    }
    if not settings.IS_DEPLOYED:
        info["ip"] = client_address(request)
    return info


def _error_envelope(request: HttpRequest, description: ErrorDescription) -> dict[str, Any]:
    envelope = error_bodies.error_envelope(
        status_code=description.status_code,
        request=_request_info(request),
        name=description.name,
        code=description.code,
        message=description.message,
        details=description.details,
    )
    if description.trace is not None:
        envelope["trace"] = description.trace
    return envelope


def openai_error(description: ErrorDescription) -> dict[str, Any]:
    """Write a failure in OpenAI's form, for answers and for the middle of a stream."""
    problems = description.details or []
    message = description.message
    if problems:
        message = "; ".join(f"{problem['field']}: {problem['message']}" for problem in problems)
    return error_bodies.openai_error(
        status_code=description.status_code,
        code=description.code,
        message=message,
        param=problems[0]["field"] if problems else None,
    )


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return f"/{match.route}" if match is not None else "unmatched"
