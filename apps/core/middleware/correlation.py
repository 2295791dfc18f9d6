from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.core.constants import CORRELATION_HEADER
from apps.core.correlation import accept_correlation_id, get_correlation_id, set_correlation_id
from apps.core.middleware.base import TwoStepMiddleware
from apps.core.paths import is_openai_path

OPENAI_ID_HEADER = "x-request-id"


class CorrelationMiddleware(TwoStepMiddleware):
    """Gives each request its correlation id, the caller's if it is safe, and returns it."""

    def before(self, request: HttpRequest) -> None:
        """Bind the id for everything that the request causes."""
        set_correlation_id(accept_correlation_id(request.headers.get(CORRELATION_HEADER)))

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Put the id on the answer, and where OpenAI's clients look for it."""
        response.headers[CORRELATION_HEADER] = get_correlation_id()
        if is_openai_path(request.path_info):
            response.headers[OPENAI_ID_HEADER] = get_correlation_id()
        return response
