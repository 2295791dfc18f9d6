from django.conf import settings
from django.http import HttpRequest

from apps.core.constants import APP_VERSION, ApplicationEnvironment

THEMES = ("system", "light", "dark")


def site(request: HttpRequest) -> dict[str, object]:
    """Give every template the chosen theme, the environment, the version, and if mail is sent."""
    chosen = request.COOKIES.get("theme", "")
    return {
        "theme": chosen if chosen in THEMES else THEMES[0],
        "environment": str(settings.ENVIRONMENT),
        "is_development": settings.ENVIRONMENT == ApplicationEnvironment.DEVELOPMENT,
        "has_mail": settings.HAS_MAIL,
        "app_version": APP_VERSION,
    }
