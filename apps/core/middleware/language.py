from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from apps.core.languages import wanted_language
from apps.core.middleware.base import TwoStepMiddleware
from apps.core.middleware.headers import ADMIN_PREFIX
from apps.core.paths import is_program_path

_BEFORE = "parley.language_before"


class LanguageMiddleware(TwoStepMiddleware):
    """Shows pages in the language of the browser; programs and staff's pages stay English."""

    def before(self, request: HttpRequest) -> None:
        """Choose the language for everything that the request causes."""
        if is_program_path(request.path_info) or request.path_info.startswith(ADMIN_PREFIX):
            return
        language = wanted_language(
            cookie=request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
            accepted=request.headers.get("Accept-Language", ""),
        )
        request.META[_BEFORE] = translation.get_language()
        translation.activate(language)

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Say which language the page has, and give the former one back."""
        if _BEFORE in request.META:
            response.headers.setdefault("Content-Language", translation.get_language() or "")
            translation.activate(request.META.pop(_BEFORE) or settings.LANGUAGE_CODE)
        return response
