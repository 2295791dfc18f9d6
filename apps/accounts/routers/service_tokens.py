from django.http import HttpRequest
from ninja import Query

from apps.accounts.errors import TokenIsLimitedError
from apps.accounts.services import service_tokens
from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.pagination import Slice, paginate
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page, PageParams
from apps.users.constants import TokenScope
from apps.users.errors import RoleRequiredError, TokenLimitError, UserNotFoundError
from apps.users.routers.tokens import MOVES, shown_once
from apps.users.schemas import NewTokenOut, ServiceTokenIn, TokenOut
from apps.users.services import service_accounts
from apps.users.services.tokens import TokenRequest

router = ApiRouter(tags=["Service accounts"])


@router.operation(
    "POST",
    "/{int:account_id}/tokens",
    Endpoint(
        returns=NewTokenOut,
        message="Keep this token: it is shown once.",
        scope=TokenScope.STAFF,
        status=201,
        is_secret=True,
        tagged_as=TokenOut,
        untagged=MOVES,
        errors=(UserNotFoundError, RoleRequiredError, TokenLimitError, TokenIsLimitedError),
    ),
)
async def create_service_token(
    request: HttpRequest, account_id: int, payload: ServiceTokenIn
) -> NewTokenOut:
    """Make a token for a service account.

    It has no scope and no model that yours lacks, and ends no later than yours. A token with limits
    of its own makes none.
    """
    wanted = TokenRequest(
        name=payload.name,
        scopes=tuple(payload.scopes),
        expires_in_days=payload.expires_in_days,
        allowed_models=tuple(payload.allowed_models),
    )
    made = await db.call(
        service_tokens.create_token,
        actor=caller_of(request),
        account_id=account_id,
        wanted=wanted,
    )
    return shown_once(made)


@router.operation(
    "GET",
    "/{int:account_id}/tokens",
    Endpoint(
        returns=Page[TokenOut],
        message="Tokens.",
        scope=TokenScope.STAFF,
        errors=(UserNotFoundError, RoleRequiredError),
    ),
)
async def list_service_tokens(
    request: HttpRequest, account_id: int, page: Query[PageParams]
) -> Slice:
    """List the tokens of a service account, newest first and without their secrets."""
    viewer = caller_of(request).user
    rows = await db.call(service_accounts.list_tokens, viewer=viewer, account_id=account_id)
    return await paginate(rows, page, order=("-id",))
