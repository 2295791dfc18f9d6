from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from apps.core.api.responses import empty_response, error_response, is_shaped
from apps.core.error_handling import error_for_status
from apps.core.errors import AppError, UnsupportedMediaError
from apps.core.middleware.base import TwoStepMiddleware
from apps.core.paths import is_api_path
from apps.core.problems import field_problem

JSON = "application/json"
NO_NUL = "An address may not hold NUL."
_IS_HEAD = "parley.is_head"


class ApiMiddleware(TwoStepMiddleware):
    """Keeps every answer to a program in its form, unknown paths and wrong methods included."""

    def before(self, request: HttpRequest) -> HttpResponseBase | None:
        """Refuse what no operation reads: a foreign host, NUL in the address, no JSON."""
        if not is_api_path(request.path_info):
            return None
        try:
            request.get_host()
        except DisallowedHost as error:
            return error_response(request, error)
        if "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.path_info:
            return error_response(request, field_problem("address", NO_NUL, "nul"))
        problem = _problem_of_body(request)
        if problem is not None:
            return error_response(request, problem)
        if request.method == "HEAD":
            request.META[_IS_HEAD] = True
            request.method = "GET"
        return None

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Replace an error that came in another form, and answer HEAD and OPTIONS."""
        if not is_api_path(request.path_info):
            return response
        allowed = _allowed_methods(response)
        if request.method == "OPTIONS" and response.status_code == 405 and allowed:
            response = empty_response(204)
        elif response.status_code >= 400 and not is_shaped(response):
            response = error_response(request, error_for_status(response.status_code))
        if allowed:
            response.headers["Allow"] = allowed
        if request.META.pop(_IS_HEAD, False):
            request.method = "HEAD"
            response = _without_body(response)
        return response


def _problem_of_body(request: HttpRequest) -> AppError | None:
    """Return why nothing reads the body: it is another thing than plain JSON in UTF-8."""
    has_length = request.META.get("CONTENT_LENGTH") not in (None, "", "0")
    if not has_length and "HTTP_TRANSFER_ENCODING" not in request.META:
        return None
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    charset = (request.content_params or {}).get("charset", "utf-8").strip("\"'").lower()
    is_read = (
        request.content_type == JSON and encoding == "identity" and charset in ("utf-8", "utf8")
    )
    return None if is_read else UnsupportedMediaError()


def _allowed_methods(response: HttpResponseBase) -> str:
    """Return the methods of an address, with those that come by themselves."""
    named = response.headers.get("Allow", "")
    if not named:
        return ""
    methods = {name.strip() for name in named.split(",")} | {"OPTIONS"}
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


def _without_body(response: HttpResponseBase) -> HttpResponseBase:
    """Return the head of an answer; a stream in it was never begun."""
    bare = HttpResponse(status=response.status_code, headers=dict(response.headers.items()))
    response.close()
    return bare
