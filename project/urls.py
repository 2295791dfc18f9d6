"""Every address of the site."""

from collections.abc import Callable

from django.contrib import admin
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from apps.core import views
from project.api import api, openai_api


def _lead_to(name: str) -> Callable[..., HttpResponseBase]:
    """Return a view that leads to a page of ours and does nothing of its own."""
    return RedirectView.as_view(pattern_name=name, http_method_names=["get", "head"])


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("openai/v1/", openai_api.urls),
    path("admin/", admin.site.urls),
    path("", include("apps.users.urls", namespace="people")),
    # Pages of django-allauth in whose place we have others, or none.
    path("accounts/sessions/", _lead_to("people:sessions")),
    path("accounts/login/code/confirm/", _lead_to("account_login")),
    path("accounts/", include("allauth.urls")),
    path("", include("apps.accounts.urls", namespace="accounts")),
    path("", include("apps.conversations.urls", namespace="chat")),
    path("", include("apps.moderation.urls", namespace="moderation")),
    path("", include("apps.llm.urls", namespace="models")),
    path("design/", views.design_system, name="design"),
    path("healthz", views.alive, name="alive"),
    path("readyz", views.ready, name="ready"),
    path("metrics", views.show_metrics, name="metrics"),
]

handler400 = views.bad_request
handler403 = views.permission_denied
handler404 = views.not_found
handler429 = views.too_many_requests
handler500 = views.server_error
