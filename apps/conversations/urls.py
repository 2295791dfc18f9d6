from django.urls import path

from apps.conversations import views

app_name = "chat"
urlpatterns = [
    path("", views.index, name="index"),
    path("c/", views.start, name="start"),
    path("c/<int:conversation_id>/", views.conversation, name="conversation"),
    path("c/<int:conversation_id>/messages/", views.send, name="send"),
    path("c/<int:conversation_id>/messages/older/", views.older, name="older"),
    path("c/<int:conversation_id>/rename/", views.rename, name="rename"),
    path("c/<int:conversation_id>/delete/", views.delete, name="delete"),
    path("m/<int:message_id>/stop/", views.stop, name="stop"),
    path("m/<int:message_id>/retry/", views.retry, name="retry"),
    path("theme/", views.theme, name="theme"),
    path("settings/", views.account, name="settings"),
]
