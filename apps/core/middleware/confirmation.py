import time
from collections.abc import Callable

from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest

from apps.core import db
from apps.core.middleware.base import GetResponse, TwoStepMiddleware
from apps.core.middleware.sign_in import SAFE_METHODS

View = Callable[..., object]
Args = tuple[object, ...]
Kwargs = dict[str, object]

ASKED_AT_KEY = "confirmation_asked_at"
WAITS_SECONDS = 600
PAGES = frozenset(
    {"account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"},
)


class ConfirmationMiddleware(TwoStepMiddleware):
    """Forgets a form that waited for the password once it was given up.

    allauth keeps such a form in the session and sends it after the password. It keeps it without
    an end, so that a later look at the same page would carry out what somebody decided against.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        if self.is_async:
            self.process_view = self._process_view_async  # type: ignore[method-assign,assignment]

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Note when a form began to wait; somebody who only looks at a page has none waiting."""
        if not isinstance(exception, ReauthenticationRequired):
            return
        request.session.pop(STATE_SESSION_KEY, None)
        if request.method not in SAFE_METHODS:
            request.session[ASKED_AT_KEY] = time.time()

    def process_view(self, request: HttpRequest, view: View, args: Args, kwargs: Kwargs) -> None:
        """Forget a form that has waited too long before the password lets it go on."""
        if was_resumed(request) and request.method not in SAFE_METHODS:
            _forget_old(request)

    async def _process_view_async(
        self, request: HttpRequest, view: View, args: Args, kwargs: Kwargs
    ) -> None:
        if was_resumed(request) and request.method not in SAFE_METHODS:
            await db.call(_forget_old, request)


def was_resumed(request: HttpRequest) -> bool:
    """Tell a view whether its form was sent by the page that asked for the password.

    Args:
        request: what the view was given; its address is the form's, its match is that page's.
    """
    match = request.resolver_match
    return match is not None and match.view_name in PAGES


def _forget_old(request: HttpRequest) -> None:
    asked_at = request.session.get(ASKED_AT_KEY, 0)
    if time.time() - asked_at > WAITS_SECONDS:
        request.session.pop(STATE_SESSION_KEY, None)
