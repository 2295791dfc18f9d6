from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.middleware.base import TwoStepMiddleware

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
FOUND = 302


class SignInMiddleware(TwoStepMiddleware):
    """Leads a form that was sent after the session's end back to its page.

    The form's own address takes no visit, and signing in would end there.
    """

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Have the sign-in come back to the page where the form stood."""
        if request.method in SAFE_METHODS or response.status_code != FOUND:
            return response
        address, _, query = response.headers.get("Location", "").partition("?")
        if address != resolve_url(settings.LOGIN_URL):
            return response
        values = QueryDict(query, mutable=True)
        if values.get(REDIRECT_FIELD_NAME) == request.get_full_path():
            values[REDIRECT_FIELD_NAME] = _page_of_form(request)
            response.headers["Location"] = f"{address}?{values.urlencode(safe='/')}"
        return response


def _page_of_form(request: HttpRequest) -> str:
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, allowed_hosts={request.get_host()}):
        return "/"
    page = urlsplit(referer)
    return f"{page.path}?{page.query}" if page.query else page.path
