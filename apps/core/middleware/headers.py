from collections.abc import Mapping, Sequence

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.core.middleware.base import GetResponse, TwoStepMiddleware

ADMIN_PREFIX = "/admin/"
POLICY_HEADER = "Content-Security-Policy"
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
NO_DEVICES = ", ".join(
    f"{feature}=()"
    for feature in ("camera", "microphone", "geolocation", "payment", "usb", "browsing-topics")
)


def policy_text(directives: Mapping[str, Sequence[str]]) -> str:
    """Write a content security policy as its header."""
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


class ContentSecurityPolicyMiddleware(TwoStepMiddleware):
    """Tells browsers on every answer what the page may do, and not to store it.

    The admin has a profile of its own, because its interface evaluates expressions; no text of a
    person or a model is ever rendered as HTML there.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        directives: Mapping[str, Sequence[str]] = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        changes: Mapping[str, Sequence[str]] = settings.CONTENT_SECURITY_POLICY["ADMIN_DIRECTIVES"]
        self.policy = policy_text(directives)
        self.admin_policy = policy_text({**directives, **changes})

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add the headers; what a view set itself stays."""
        headers = response.headers
        headers.setdefault(POLICY_HEADER, self._policy_for(request, headers))
        headers.setdefault("Permissions-Policy", NO_DEVICES)
        headers.setdefault("Cache-Control", "no-store")
        return response

    def _policy_for(self, request: HttpRequest, headers: Mapping[str, str]) -> str:
        if not headers.get("Content-Type", "").startswith("text/html"):
            return DATA_POLICY
        if request.path_info.startswith(ADMIN_PREFIX):
            return self.admin_policy
        return self.policy
