from typing import Any

from django.http import HttpRequest
from ninja import Query

from apps.conversations import errors
from apps.conversations.finding_schemas import NewShareOut, ShareCreateIn, ShareOut
from apps.conversations.routers.turns import current_user
from apps.conversations.services import shares
from apps.core import db
from apps.core.api.pagination import InvalidCursorError, Slice, paginate
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page, PageParams
from apps.users.constants import TokenScope
from apps.users.errors import AccountRestrictedError

router = ApiRouter(tags=["Shared links"])


async def _read_again(request: HttpRequest, answered: dict[str, Any]) -> NewShareOut:
    """Answer a new link once more, with the title that it may have now."""
    share = await db.call(
        shares.access_share, viewer=current_user(request), share_id=answered["id"]
    )
    return NewShareOut(**ShareOut.model_validate(share).model_dump(), url=answered["url"])


@router.operation(
    "POST",
    "conversations/{int:conversation_id}/shares",
    Endpoint(
        returns=NewShareOut,
        message="Keep this address: it is shown once.",
        scope=TokenScope.CHAT,
        status=201,
        gives={"share_id": "/id"},
        read_again=_read_again,
        errors=(
            errors.ConversationNotFoundError,
            errors.ConversationLockedError,
            errors.ShareWithdrawnError,
            errors.NothingToShareError,
            errors.ShareNotFoundError,
            errors.ShareLimitError,
            errors.ShareTitleWithheldError,
            errors.SharingOffError,
            AccountRestrictedError,
        ),
    ),
)
async def create_share(
    request: HttpRequest, conversation_id: int, payload: ShareCreateIn
) -> NewShareOut:
    """Share a conversation as it is now by a link.

    Whoever has the link can read it without an account, until it ends or is revoked. Later messages
    never join; what staff hide or withhold disappears from it. While staff lock the conversation it
    leads nowhere.
    """
    made = await shares.publish(
        actor=current_user(request),
        conversation_id=conversation_id,
        expires_in_days=payload.expires_in_days,
    )
    shown = ShareOut.model_validate(made.share).model_dump()
    return NewShareOut(**shown, url=made.url)


@router.operation(
    "GET",
    "shares",
    Endpoint(
        returns=Page[ShareOut],
        message="Shared links.",
        scope=TokenScope.CHAT,
        errors=(InvalidCursorError,),
    ),
)
async def list_shares(request: HttpRequest, page: Query[PageParams]) -> Slice:
    """List your links, newest first; their addresses are not kept."""
    rows = shares.list_shares(viewer=current_user(request))
    return await paginate(rows, page, order=("-id",))


@router.operation(
    "DELETE",
    "shares/{int:share_id}",
    Endpoint(
        returns=None,
        message="Link revoked.",
        scope=TokenScope.CHAT,
        errors=(errors.ShareNotFoundError,),
    ),
)
async def revoke_share(request: HttpRequest, share_id: int) -> None:
    """Let a link lead nowhere from now on."""
    await db.call(shares.revoke_share, actor=current_user(request), share_id=share_id)
