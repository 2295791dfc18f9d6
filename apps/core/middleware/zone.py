from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from apps.core import zones
from apps.core.middleware.base import TwoStepMiddleware
from apps.core.middleware.headers import ADMIN_PREFIX
from apps.core.paths import is_program_path


class ZoneMiddleware(TwoStepMiddleware):
    """Tells days and times of pages by the reader's clock; programs and staff stay in UTC."""

    def before(self, request: HttpRequest) -> None:
        """Choose the zone for everything that the request causes."""
        if _has_reader(request):
            timezone.activate(zones.zone_of(request.COOKIES.get(zones.ZONE_COOKIE, "")))

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Go back to UTC."""
        if _has_reader(request):
            timezone.deactivate()
        return response


def _has_reader(request: HttpRequest) -> bool:
    return not (is_program_path(request.path_info) or request.path_info.startswith(ADMIN_PREFIX))
