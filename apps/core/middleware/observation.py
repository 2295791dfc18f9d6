import logging
import time

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.core.constants import CONTROLLER_RESPONSE
from apps.core.logging import log_event
from apps.core.metrics import observe_request
from apps.core.middleware.base import TwoStepMiddleware
from apps.core.paths import is_api_path

logger = logging.getLogger(__name__)
UNMATCHED = "unmatched"


def route_of(request: HttpRequest) -> str:
    """Return the template of the address, which holds no id."""
    match = request.resolver_match
    return f"/{match.route}" if match is not None else UNMATCHED


class ObservationMiddleware(TwoStepMiddleware):
    """Counts and times every request by route, and logs CONTROLLER_RESPONSE for the API's."""

    def before(self, request: HttpRequest) -> None:
        """Note when the request came.

        On the request itself: allauth gives a form that waited for the password its old META back.
        """
        vars(request)["parley_started"] = time.perf_counter()

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Count, time and log the answer; never its data."""
        seconds = time.perf_counter() - vars(request)["parley_started"]
        route = route_of(request)
        observe_request(request.method or "", route, response.status_code, seconds)
        if is_api_path(request.path_info):
            user = getattr(getattr(request, "auth", None), "user", None)
            log_event(
                logger,
                CONTROLLER_RESPONSE,
                method=request.method,
                route=route,
                status_code=response.status_code,
                duration_ms=round(seconds * 1000, 1),
                user_id=getattr(user, "pk", None),
            )
        return response
