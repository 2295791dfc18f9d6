"""Every address of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from apps.core import views
from project.api import api, openai_api

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("openai/v1/", openai_api.urls),
    path("admin/", admin.site.urls),
    path("", include("apps.users.urls", namespace="people")),
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
