from django.urls import path

from apps.conversations.views import conversations, finding, formulas, messages, pages, sharing

app_name = "chat"
urlpatterns = [
    path("", pages.index, name="index"),
    path("c/", pages.start, name="start"),
    path("c/<int:conversation_id>/", pages.conversation, name="conversation"),
    path("c/<int:conversation_id>/messages/", pages.send, name="send"),
    path("c/<int:conversation_id>/messages/older/", pages.older, name="older"),
    path("c/list/", conversations.listing, name="listing"),
    path("c/<int:conversation_id>/rename/", conversations.rename, name="rename"),
    path("c/<int:conversation_id>/archive/", conversations.archive, name="archive"),
    path("c/<int:conversation_id>/unarchive/", conversations.unarchive, name="unarchive"),
    path("c/<int:conversation_id>/delete/", conversations.delete, name="delete"),
    path("c/<int:conversation_id>/restore/", conversations.restore, name="restore"),
    path("c/<int:conversation_id>/share/", sharing.share, name="share"),
    path("c/<int:conversation_id>/export/<str:file_format>/", finding.export, name="export"),
    path("archive/", conversations.archived, name="archived"),
    path("deleted/", conversations.deleted, name="deleted"),
    path("search/", finding.search, name="search"),
    path("m/<int:message_id>/stop/", messages.stop, name="stop"),
    path("m/<int:message_id>/retry/", messages.retry, name="retry"),
    path("m/<int:message_id>/edit/", messages.edit, name="edit"),
    path("m/<int:message_id>/show/", messages.show, name="show"),
    path("m/<int:message_id>/branch/", messages.branch, name="branch"),
    path("m/<int:message_id>/rate/", messages.rate, name="rate"),
    path("formulas/", formulas.draw, name="formulas"),
    path("s/<str:token>/", sharing.shared, name="shared"),
    path("settings/shared/", sharing.shared_links, name="shares"),
    path("settings/shared/<int:share_id>/revoke/", sharing.revoke, name="revoke_share"),
    path("theme/", pages.theme, name="theme"),
    path("settings/", pages.account, name="settings"),
]
