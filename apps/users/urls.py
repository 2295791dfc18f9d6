from django.urls import path

from apps.users import views

app_name = "people"
urlpatterns = [
    path("settings/tokens/", views.tokens_page, name="tokens"),
    path("settings/tokens/new/", views.make_token, name="make_token"),
    path("settings/tokens/<int:token_id>/", views.change_token, name="change_token"),
    path("settings/tokens/<int:token_id>/revoke/", views.revoke_token, name="revoke_token"),
    path("accounts/come-back/", views.come_back, name="come_back"),
    path("settings/name/", views.rename, name="rename"),
    path("settings/shortcuts/", views.shortcuts, name="shortcuts"),
    path("settings/language/", views.language, name="language"),
    path("settings/sessions/", views.sessions_page, name="sessions"),
    path("settings/sessions/end/", views.end_sessions, name="end_sessions"),
    path("settings/sessions/<int:session_id>/end/", views.end_session, name="end_session"),
]
