from django.urls import path

from apps.conversations.views import messages, pages

app_name = "chat"
urlpatterns = [
    path("", pages.index, name="index"),
    path("c/", pages.start, name="start"),
    path("c/<int:conversation_id>/", pages.conversation, name="conversation"),
    path("c/<int:conversation_id>/messages/", pages.send, name="send"),
    path("c/<int:conversation_id>/messages/older/", pages.older, name="older"),
    path("c/<int:conversation_id>/rename/", pages.rename, name="rename"),
    path("c/<int:conversation_id>/delete/", pages.delete, name="delete"),
    path("m/<int:message_id>/stop/", messages.stop, name="stop"),
    path("m/<int:message_id>/retry/", messages.retry, name="retry"),
    path("m/<int:message_id>/edit/", messages.edit, name="edit"),
    path("m/<int:message_id>/show/", messages.show, name="show"),
    path("m/<int:message_id>/branch/", messages.branch, name="branch"),
    path("m/<int:message_id>/rate/", messages.rate, name="rate"),
    path("theme/", pages.theme, name="theme"),
    path("settings/", pages.account, name="settings"),
]
