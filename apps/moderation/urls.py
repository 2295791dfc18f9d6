from django.urls import path

from apps.moderation import views

app_name = "moderation"
urlpatterns = [
    path("m/<int:message_id>/report/", views.report, name="report"),
    path("m/<int:message_id>/decision/", views.notice_of_message, name="notice_of_message"),
    path("settings/notices/", views.notices, name="notices"),
    path("settings/notices/<int:notice_id>/", views.notice, name="notice"),
    path("settings/notices/<int:notice_id>/appeal/", views.appeal, name="appeal"),
    path("settings/notices/<int:notice_id>/withdraw/", views.withdraw, name="withdraw"),
    path("settings/readings/", views.readings, name="readings"),
    path("letters/<str:token>/", views.letter, name="letter"),
]
