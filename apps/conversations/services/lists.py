"""What the pages of finding, putting away, deleting and sharing show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.utils.translation import gettext_lazy

from apps.conversations import constants
from apps.conversations.hiding_desk import hiding_desk
from apps.conversations.models import Message
from apps.conversations.querysets import ConversationQuerySet
from apps.conversations.services import deleting, searching, shares
from apps.conversations.services.conversations import access_conversation
from apps.conversations.services.share_standing import standing_of
from apps.core.errors import AppError
from apps.users.models import User

PAGE_SIZE = 50
MAX_PAGE = 200
MAX_PLACE_CHARS = 60
END_CHOICES = [
    (1, gettext_lazy("1 day")),
    (7, gettext_lazy("7 days")),
    (30, gettext_lazy("30 days")),
    (shares.NO_END, gettext_lazy("Until I revoke it")),
]


def search_page(*, viewer: User, query: str, before: str) -> dict[str, Any]:
    """Return what was found, with the address of the next page.

    Args:
        viewer: whose conversations.
        query: what was typed.
        before: where the page goes on, from its address; anything else is the beginning.

    Raises:
        ValidationFailedError: nothing in the query could be searched for.
    """
    query = query.strip()[: searching.MAX_QUERY_CHARS]
    if not query:
        return {"query": "", "hits": [], "more_query": "", "problem": "", "is_first": True}
    place = _place_of(before)
    page = searching.search(viewer=viewer, query=query, place=place)
    more = ""
    if page.following is not None:
        numbers = "-".join(str(number) for number in page.following.numbers())
        more = urlencode({"q": query, "before": numbers})
    return {
        "query": query,
        "hits": page.hits,
        "more_query": more,
        "problem": "",
        "is_first": place == searching.BEGINNING,
    }


def refused_search(query: str, error: AppError) -> dict[str, Any]:
    """Return the same page with the reason why nothing was searched for."""
    problem = error.sentence
    return {"query": query, "hits": [], "more_query": "", "problem": problem, "is_first": True}


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
    count = shares.count_to_share(conversation=conversation)
    return {
        "conversation": {"id": conversation.pk, "title": conversation.display_title},
        "choices": END_CHOICES,
        "chosen": constants.SHARE_DAYS[1],
        "is_on": settings.SHARING,
        "message_count": min(count, constants.MAX_SHARED_MESSAGES),
        "is_cut": count > constants.MAX_SHARED_MESSAGES,
        "made": None,
        "problem": "",
    }


def refused_share(context: dict[str, Any], error: AppError) -> dict[str, Any]:
    """Return the same page with the reason why no link was made."""
    return {**context, "problem": error.sentence}


def shares_page(*, viewer: User, before: int | None) -> dict[str, Any]:
    """Return a page of the viewer's links, each with how it stands."""
    rows = shares.list_shares(viewer=viewer).with_standing(Message.objects.all())
    if before is not None:
        rows = rows.before_number(before)
    found = list(rows[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    next_before = shown[-1].pk if len(found) > PAGE_SIZE else None
    withdrawn = [share.pk for share in shown if share.is_revoked_by_staff]
    notices = hiding_desk().notice_urls(viewer=viewer, share_ids=withdrawn) if withdrawn else {}
    return {
        "shares": [
            {
                "share": share,
                "standing": standing_of(share),
                "notice_url": notices.get(share.pk, ""),
            }
            for share in shown
        ],
        "next_before": next_before,
        "is_on": settings.SHARING,
    }


def _place_of(text: str) -> searching.Place:
    try:
        return searching.Place.of([int(number) for number in text[:MAX_PLACE_CHARS].split("-")])
    except (ValueError, OverflowError):
        return searching.BEGINNING


def _page_of(rows: ConversationQuerySet, page: int) -> dict[str, Any]:
    page = min(max(page, 1), MAX_PAGE)
    start = (page - 1) * PAGE_SIZE
    found = list(rows[start : start + PAGE_SIZE + 1])
    return {
        "conversations": found[:PAGE_SIZE],
        "next_page": page + 1 if len(found) > PAGE_SIZE and page < MAX_PAGE else None,
        "previous_page": page - 1 if page > 1 else None,
    }
