from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.core.api.responses import error_response, is_shaped
from apps.core.error_handling import error_for_status
from apps.core.errors import UnsupportedMediaError, ValidationFailedError
from apps.core.middleware.base import TwoStepMiddleware
from apps.core.paths import is_api_path

JSON = "application/json"


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
            return error_response(request, ValidationFailedError())
        has_body = request.META.get("CONTENT_LENGTH") not in (None, "", "0")
        if has_body and request.content_type != JSON:
            return error_response(request, UnsupportedMediaError())
        return None

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Replace an error that came in another form, and state the length."""
        if not is_api_path(request.path_info):
            return response
        if response.status_code >= 400 and not is_shaped(response):
            allowed = response.headers.get("Allow")
            response = error_response(request, error_for_status(response.status_code))
            if allowed:
                response.headers["Allow"] = allowed
        return response
