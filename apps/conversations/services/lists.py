"""What the pages of finding, putting away, deleting and sharing show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy

from apps.conversations import constants
from apps.conversations.models import Share
from apps.conversations.querysets import ConversationQuerySet
from apps.conversations.services import deleting, searching, shares
from apps.conversations.services.conversations import access_conversation
from apps.core.errors import AppError
from apps.users.models import User

PAGE_SIZE = 50
MAX_PAGE = 200
END_CHOICES = [
    (1, gettext_lazy("1 day")),
    (7, gettext_lazy("7 days")),
    (30, gettext_lazy("30 days")),
    ("", gettext_lazy("Until I revoke it")),
]


def search_page(*, viewer: User, query: str, before: int | None) -> dict[str, Any]:
    """Return what was found, with the address of the next page.

    Raises:
        ValidationFailedError: nothing in the query could be searched for.
    """
    query = query.strip()[: searching.MAX_QUERY_CHARS]
    if not query:
        return {"query": "", "hits": [], "more_query": "", "problem": "", "is_first": True}
    page = searching.search(viewer=viewer, query=query, before=before)
    more = urlencode({"q": query, "before": page.next_before}) if page.next_before else ""
    return {
        "query": query,
        "hits": page.hits,
        "more_query": more,
        "problem": "",
        "is_first": before is None,
    }


def refused_search(query: str, error: AppError) -> dict[str, Any]:
    """Return the same page with the reason why nothing was searched for."""
    message = error.details[0]["message"] if error.details else error.message
    return {"query": query, "hits": [], "more_query": "", "problem": message, "is_first": True}


def archived_page(*, viewer: User, page: int) -> dict[str, Any]:
    """Return what the viewer put away."""
    return _page_of(deleting.list_archived(viewer=viewer), page)


def deleted_page(*, viewer: User, page: int) -> dict[str, Any]:
    """Return what the viewer deleted, each with the day of its end."""
    context = _page_of(deleting.list_deleted(viewer=viewer), page)
    keep = timedelta(days=settings.DELETED_KEEP_DAYS)
    for row in context["conversations"]:
        row.purged_at = row.deleted_at + keep
    return {**context, "days": settings.DELETED_KEEP_DAYS}


def share_page(*, viewer: User, conversation_id: int) -> dict[str, Any]:
    """Return what the page says before a link is made.

    Raises:
        ConversationNotFoundError: it does not exist or belongs to somebody else.
    """
    conversation = access_conversation(viewer=viewer, conversation_id=conversation_id)
    return {
        "conversation": {"id": conversation.pk, "title": conversation.display_title},
        "choices": END_CHOICES,
        "chosen": constants.SHARE_DAYS[1],
        "is_on": settings.SHARING,
        "made": None,
        "problem": "",
    }


def shares_page(*, viewer: User, before: int | None) -> dict[str, Any]:
    """Return a page of the viewer's links, each with how it stands."""
    rows = shares.list_shares(viewer=viewer).select_related("conversation")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE_SIZE + 1])
    shown = [{"share": share, "standing": _standing(share)} for share in found[:PAGE_SIZE]]
    next_before = found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None
    return {"shares": shown, "next_before": next_before, "is_on": settings.SHARING}


def _standing(share: Share) -> str:
    if share.revoked_at is not None:
        return "staff" if share.is_revoked_by_staff else "revoked"
    if share.expires_at is not None and share.expires_at <= timezone.now():
        return "expired"
    return "deleted" if share.conversation.deleted_at is not None else "open"


def _page_of(rows: ConversationQuerySet, page: int) -> dict[str, Any]:
    page = min(max(page, 1), MAX_PAGE)
    start = (page - 1) * PAGE_SIZE
    found = list(rows[start : start + PAGE_SIZE + 1])
    return {
        "conversations": found[:PAGE_SIZE],
        "next_page": page + 1 if len(found) > PAGE_SIZE and page < MAX_PAGE else None,
        "previous_page": page - 1 if page > 1 else None,
    }
