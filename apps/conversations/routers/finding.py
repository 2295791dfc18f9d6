from django.http import HttpRequest
from ninja import Query

from apps.conversations import errors
from apps.conversations.finding_schemas import ExportParams, HitOut, SearchParams
from apps.conversations.routers.turns import current_user
from apps.conversations.services import exporting, searching
from apps.core import db
from apps.core.api.downloads import Download, downloads
from apps.core.api.pagination import (
    InvalidCursorError,
    Slice,
    read_numbers_cursor,
    write_numbers_cursor,
)
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Search and export"])


@router.operation(
    "GET",
    "search",
    Endpoint(
        returns=Page[HitOut],
        message="Found.",
        scope=TokenScope.CHAT,
        errors=(InvalidCursorError,),
        rate="RATE_LIMIT_SEARCH",
    ),
)
async def search(request: HttpRequest, page: Query[SearchParams]) -> Slice:
    """Search the titles and messages of your conversations, the newest first.

    A page begins with at most five titles. Every word must occur, or begin a word that does. A page
    may have fewer hits than `limit` and still a next one: what is looked at for it is bounded.
    """
    found = await db.call(
        searching.search,
        viewer=current_user(request),
        query=page.q,
        place=_place_of(page),
        limit=page.limit,
    )
    following = found.following
    next_cursor = None if following is None else write_numbers_cursor(following.numbers(), page)
    return Slice(found.hits, next_cursor)


def _place_of(page: SearchParams) -> searching.Place:
    numbers = read_numbers_cursor(page)
    try:
        return searching.BEGINNING if numbers is None else searching.Place.of(numbers)
    except ValueError:
        raise InvalidCursorError from None


@router.operation(
    "GET",
    "conversations/{int:conversation_id}/export",
    Endpoint(
        returns=None,
        message="",
        scope=TokenScope.CHAT,
        errors=(errors.ConversationNotFoundError,),
        openapi=downloads("The file.", *exporting.MEDIA_TYPES.values()),
        is_stream=True,
    ),
)
async def export_conversation(
    request: HttpRequest, conversation_id: int, asked: Query[ExportParams]
) -> Download:
    """Download a conversation: what you see as Markdown, or every branch as JSON."""
    made = await exporting.export_conversation(
        viewer=current_user(request), conversation_id=conversation_id, file_format=asked.format
    )
    return Download(made.pieces, media_type=made.media_type, disposition=made.disposition)
