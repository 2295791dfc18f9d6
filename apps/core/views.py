"""Error pages, and the three addresses that machines ask: alive, ready, metrics."""

import hmac
import ipaddress
import sys

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, is_valid_path
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from apps.core import design, health, metrics
from apps.core.api.responses import error_response, json_response
from apps.core.constants import ApplicationEnvironment
from apps.core.correlation import get_correlation_id
from apps.core.error_handling import as_app_error, error_for_status, report_error
from apps.core.errors import EndpointNotOfferedError, NotFoundError, ServiceUnavailableError
from apps.core.paths import is_api_path, is_openai_path


def bad_request(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    """Say that the request could not be read."""
    return _error_page(request, exception, status=400)


def permission_denied(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    """Say that the person may not do this."""
    return _error_page(request, exception, status=403)


def not_found(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    """Say that there is nothing here."""
    if is_openai_path(request.path_info):
        return error_response(request, EndpointNotOfferedError())
    if is_api_path(request.path_info) and isinstance(exception, Resolver404):
        return error_response(request, _unknown_address(request.path_info))
    return _error_page(request, exception, status=404)


def _unknown_address(path: str) -> NotFoundError:
    """Return the error of an unknown address; it names one that differs by a slash at the end."""
    other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
    if not is_valid_path(other):
        return NotFoundError()
    return NotFoundError(gettext("There is nothing here. Write %(address)s.") % {"address": other})


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that something broke or does not answer, and that it was recorded."""
    exception = sys.exception()
    is_away = exception is not None and isinstance(as_app_error(exception), ServiceUnavailableError)
    return _error_page(request, exception, status=503 if is_away else 500)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Say that a form was sent too often; django-allauth asks for this page by name."""
    return _error_page(request, None, status=429)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Tell the person that the form was too old and how to go on."""
    return _error_page(request, None, status=403, template="403_csrf.html")


def _error_page(
    request: HttpRequest,
    exception: BaseException | None,
    *,
    status: int,
    template: str | None = None,
) -> HttpResponse:
    error = error_for_status(status)
    if is_api_path(request.path_info):
        return error_response(request, error)
    report_error(error, method=request.method, raised=type(exception).__name__)
    context = {"correlation_id": get_correlation_id()}
    return render(request, template or f"{status}.html", context, status=status)


@require_safe
def design_system(request: HttpRequest) -> HttpResponse:
    """Show developers the parts that pages are made of; elsewhere there is nothing here."""
    if settings.ENVIRONMENT != ApplicationEnvironment.DEVELOPMENT:
        raise Http404
    return render(request, "design.html", design.design_page())


@require_safe
async def alive(request: HttpRequest) -> HttpResponse:
    """Answer that this process runs; it asks nobody else."""
    return json_response({"status": "ok"})


@require_safe
async def ready(request: HttpRequest) -> HttpResponse:
    """Answer whether this process can serve people, check by check, without any detail."""
    results = await health.run_checks()
    is_ready = all(result.is_ok for result in results if result.is_required)
    body = {
        "status": "ok" if is_ready else "unavailable",
        "checks": {result.name: "ok" if result.is_ok else "failed" for result in results},
    }
    return json_response(body, status=200 if is_ready else 503)


@require_safe
async def show_metrics(request: HttpRequest) -> HttpResponse:
    """Answer this process's figures to whoever may see them; to others there is nothing here."""
    if not may_see_metrics(request):
        raise Http404
    return HttpResponse(metrics.render_metrics(), content_type=metrics.CONTENT_TYPE)


def may_see_metrics(request: HttpRequest) -> bool:
    """Tell whether the caller has METRICS_TOKEN or, where none is set, calls from this machine.

    A request that came through a proxy is never from this machine, whatever its last hop says.
    """
    if settings.METRICS_TOKEN:
        sent = request.headers.get("Authorization", "")
        return hmac.compare_digest(sent.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    if {"X-Forwarded-For", "Forwarded", "Via"} & set(request.headers):
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR") or "")
    except ValueError:
        return False
    return settings.NUM_PROXIES == 0 and address.is_loopback
