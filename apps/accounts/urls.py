from django.urls import path

from apps.accounts import views

app_name = "accounts"
urlpatterns = [
    path("settings/data/", views.data, name="data"),
    path("settings/data/export/", views.request_export, name="request_export"),
    path("settings/data/download/", views.download, name="download"),
    path("settings/data/delete/", views.delete, name="delete"),
    path("settings/tokens/<int:token_id>/limits/", views.limits, name="token_limits"),
    path(
        "settings/tokens/<int:token_id>/limits/<int:quota_id>/end/",
        views.end_limit,
        name="end_token_limit",
    ),
]
