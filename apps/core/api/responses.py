"""Writing the envelope, from one place, for operations, middleware and error pages alike."""

from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from apps.core.client_address import client_address
from apps.core.constants import ApplicationEnvironment
from apps.core.correlation import get_correlation_id
from apps.core.error_handling import ErrorDescription, report_error
from apps.core.errors import FieldProblem
from apps.core.paths import is_openai_path
from apps.core.rate_limits import TooManyRequestsError

JSON = "application/json"
_SHAPED = "_is_shaped"
_HEADERS = "parley.headers"
_HIDES_ADDRESS = (ApplicationEnvironment.STAGING, ApplicationEnvironment.PRODUCTION)


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
    put_headers(request, response)
    if isinstance(exception, TooManyRequestsError):
        for name, value in exception.status.headers().items():
            response.headers[name] = value
    if description.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(description.retry_after_seconds)
    if description.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def add_header(request: HttpRequest, name: str, value: str) -> None:
    """Put a header on the answer that an operation is about to give, be it an error."""
    request.META.setdefault(_HEADERS, {})[name] = value


def put_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """Put the headers on an answer that `add_header` collected."""
    for name, value in request.META.get(_HEADERS, {}).items():
        response.headers[name] = value


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
    if settings.ENVIRONMENT not in _HIDES_ADDRESS:
        info["ip"] = client_address(request)
    return info


def _error_envelope(request: HttpRequest, description: ErrorDescription) -> dict[str, Any]:
    details: list[FieldProblem] | None = description.details
    envelope = {
        "success": False,
        "status_code": description.status_code,
        "request": _request_info(request),
        "name": description.name,
        "code": description.code,
        "message": description.message,
        "error": details,
        "data": None,
    }
    if description.trace is not None:
        envelope["trace"] = description.trace
    return envelope


def openai_error(description: ErrorDescription) -> dict[str, Any]:
    """Write a failure in OpenAI's form, for answers and for the middle of a stream."""
    kind = "invalid_request_error" if description.status_code < 500 else "server_error"
    problems = description.details or []
    message = description.message
    if problems:
        message = "; ".join(f"{problem['field']}: {problem['message']}" for problem in problems)
    return {
        "error": {
            "message": message,
            "type": kind,
            "param": problems[0]["field"] if problems else None,
            "code": description.code,
        }
    }


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return f"/{match.route}" if match is not None else "unmatched"
