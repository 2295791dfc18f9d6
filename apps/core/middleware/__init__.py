"""Middleware of every request; under ASGI all of it runs on the event loop."""

from apps.core.middleware.api import ApiMiddleware
from apps.core.middleware.confirmation import ConfirmationMiddleware
from apps.core.middleware.correlation import CorrelationMiddleware
from apps.core.middleware.headers import ContentSecurityPolicyMiddleware
from apps.core.middleware.language import LanguageMiddleware
from apps.core.middleware.observation import ObservationMiddleware
from apps.core.middleware.pages import (
    AuthenticationMiddleware,
    CommonMiddleware,
    CsrfViewMiddleware,
    MessageMiddleware,
    NotAllowedMiddleware,
    SecurityMiddleware,
    SessionMiddleware,
    XFrameOptionsMiddleware,
)
from apps.core.middleware.sign_in import SignInMiddleware
from apps.core.middleware.zone import ZoneMiddleware

__all__ = [
    "ApiMiddleware",
    "AuthenticationMiddleware",
    "CommonMiddleware",
    "ConfirmationMiddleware",
    "ContentSecurityPolicyMiddleware",
    "CorrelationMiddleware",
    "CsrfViewMiddleware",
    "LanguageMiddleware",
    "MessageMiddleware",
    "NotAllowedMiddleware",
    "ObservationMiddleware",
    "SecurityMiddleware",
    "SessionMiddleware",
    "SignInMiddleware",
    "XFrameOptionsMiddleware",
    "ZoneMiddleware",
]
