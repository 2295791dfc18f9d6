"""System checks: what Django cannot know about this deployment."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.utils.module_loading import import_string

from apps.core.rate_limits import parse_rate

PAGE_MIDDLEWARE = (
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.core.middleware.ContentSecurityPolicyMiddleware",
)


@register(Tags.security)
def check_middleware(
    app_configs: Sequence[AppConfig] | None,
    **options: Any,  # noqa: ANN401
) -> list[CheckMessage]:
    """Find a protection that is missing; ours are subclasses, which Django's check overlooks."""
    installed = [import_string(path) for path in settings.MIDDLEWARE]
    classes = [item for item in installed if isinstance(item, type)]
    return [
        Error(
            f"{path} or a subclass of it is missing.",
            hint="Put it back into MIDDLEWARE.",
            id="parley.E001",
        )
        for path in PAGE_MIDDLEWARE
        if not any(issubclass(item, import_string(path)) for item in classes)
    ]


@register(Tags.security)
def check_rates(
    app_configs: Sequence[AppConfig] | None,
    **options: Any,  # noqa: ANN401
) -> list[CheckMessage]:
    """Find a limit that cannot be read."""
    problems: list[CheckMessage] = []
    names = {name for name in dir(settings) if name.startswith("RATE_LIMIT_")}
    for name in sorted(names):
        try:
            parse_rate(getattr(settings, name))
        except ValueError as error:
            problems.append(Error(f"{name}: {error}", id="parley.E002"))
    return problems


@register(Tags.security, deploy=True)
def check_deployment(
    app_configs: Sequence[AppConfig] | None,
    **options: Any,  # noqa: ANN401
) -> list[CheckMessage]:
    """Find what is safe on a desk and not on the internet."""
    if not settings.IS_DEPLOYED:
        return []
    problems: list[CheckMessage] = []
    if settings.NUM_PROXIES > 0 and not settings.METRICS_TOKEN:
        problems.append(
            checks.Warning(
                "/metrics answers nobody behind a proxy while METRICS_TOKEN is empty.",
                hint="Set METRICS_TOKEN if Prometheus shall read it.",
                id="parley.W001",
            )
        )
    if any(origin.startswith("http://") for origin in settings.CORS_ALLOWED_ORIGINS):
        problems.append(
            checks.Warning("CORS_ALLOWED_ORIGINS names an address without https.", id="parley.W002")
        )
    return problems
