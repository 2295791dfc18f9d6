from django.conf import settings
from django.http import HttpRequest
from ninja import Query

from apps.core import db, rate_limits
from apps.core.api.auth import BearerToken, Caller, authenticator, caller_of
from apps.core.api.etags import precondition
from apps.core.api.pagination import Slice, paginate
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page, PageParams
from apps.core.errors import UnauthorizedError
from apps.users.constants import TokenScope
from apps.users.errors import (
    EmailNotVerifiedError,
    InvalidCredentialsError,
    SecondFactorRequiredError,
    TokenLimitError,
    TokenNotFoundError,
)
from apps.users.schemas import (
    NewTokenOut,
    TokenCreateIn,
    TokenEndParams,
    TokenOut,
    TokenUpdateIn,
)
from apps.users.services import token_changes, token_ends, tokens
from apps.users.services.principals import Principal
from apps.users.services.tokens import NewToken, TokenRequest

router = ApiRouter(tags=["Tokens"])
NEITHER = "Send email and password, or a token of the scope account in the header Authorization."
MOVES = {"last_used_at"}
own_token = BearerToken(TokenScope.ACCOUNT)


async def _maker(request: HttpRequest, payload: TokenCreateIn) -> Caller | None:
    """Return who makes a token by a token; None for whoever comes with a password."""
    if payload.email is not None and payload.password is not None:
        return None
    if "Authorization" not in request.headers:
        raise UnauthorizedError(NEITHER)
    return await own_token(request)


@router.operation(
    "POST",
    "",
    Endpoint(
        returns=NewTokenOut,
        message="Keep this token: it is shown once.",
        scope=None,
        status=201,
        errors=(
            InvalidCredentialsError,
            EmailNotVerifiedError,
            SecondFactorRequiredError,
            TokenLimitError,
            UnauthorizedError,
            *authenticator().errors,
        ),
        tagged_as=TokenOut,
        untagged=MOVES,
        gives={"token_id": "/id"},
        rate="RATE_LIMIT_LOGIN",
        caller=_maker,
        is_secret=True,
        openapi={"security": [{}, {"BearerToken": []}]},
    ),
)
async def create_token(request: HttpRequest, payload: TokenCreateIn) -> NewTokenOut:
    """Make a token.

    The first one with address and password; another one with a token of the scope `account`,
    whose rights and life it cannot exceed. An account with a second factor makes its first one on
    the page `/settings/tokens/`.
    """
    wanted = TokenRequest(
        name=payload.name,
        scopes=tuple(payload.scopes),
        expires_in_days=payload.expires_in_days,
        allowed_models=tuple(payload.allowed_models),
    )
    if payload.email is None or payload.password is None:
        caller: Principal = caller_of(request)
        return shown_once(await db.call(tokens.create_token, actor=caller, wanted=wanted))
    email = payload.email
    await rate_limits.check("login", f"email:{email}", settings.RATE_LIMIT_LOGIN)
    return shown_once(
        await tokens.create_with_password(email=email, password=payload.password, wanted=wanted)
    )


@router.operation(
    "GET",
    "",
    Endpoint(
        returns=Page[TokenOut],
        message="Tokens.",
        scope=TokenScope.ACCOUNT,
        gives={"token_id": "/items/0/id"},
    ),
)
async def list_tokens(request: HttpRequest, page: Query[PageParams]) -> Slice:
    """List your tokens, newest first; their secrets are not kept."""
    rows = tokens.list_tokens(viewer=caller_of(request).user)
    return await paginate(rows, page, order=("-id",))


@router.operation(
    "GET",
    "/{int:token_id}",
    Endpoint(
        returns=TokenOut,
        message="Token.",
        scope=TokenScope.ACCOUNT,
        errors=(TokenNotFoundError,),
        untagged=MOVES,
    ),
)
async def read_token(request: HttpRequest, token_id: int) -> object:
    """Read a token of yours, or anybody's as an admin, without its secret."""
    caller: Principal = caller_of(request)
    return await db.call(
        tokens.read_token,
        viewer=caller.user,
        token_id=token_id,
        is_staff_work=TokenScope.STAFF in caller.scopes,
    )


@router.operation(
    "PATCH",
    "/{int:token_id}",
    Endpoint(
        returns=TokenOut,
        message="Saved.",
        scope=TokenScope.ACCOUNT,
        errors=(TokenNotFoundError,),
        is_conditional=True,
        untagged=MOVES,
    ),
)
async def update_token(request: HttpRequest, token_id: int, payload: TokenUpdateIn) -> object:
    """Change the name, the end or the models of a token of yours.

    It gets no longer life and no more models than the token that you call with.
    """
    return await db.call(
        token_changes.change_token,
        actor=caller_of(request),
        token_id=token_id,
        precondition=precondition(request, TokenOut, untagged=MOVES),
        **payload.model_dump(exclude_none=True),
    )


@router.operation(
    "DELETE",
    "/{int:token_id}",
    Endpoint(
        returns=None,
        message="Token revoked.",
        scope=TokenScope.ACCOUNT,
        errors=(TokenNotFoundError,),
        is_conditional=True,
    ),
)
async def revoke_token(request: HttpRequest, token_id: int, how: Query[TokenEndParams]) -> None:
    """Revoke a token at once.

    What was made with it goes on, so that a program may change its token for a new one; where the
    token was stolen, `with_made` ends it too, as far as you could revoke each of them alone.
    """
    caller: Principal = caller_of(request)
    await db.call(
        token_ends.revoke_token,
        actor=caller.user,
        token_id=token_id,
        is_staff_work=TokenScope.STAFF in caller.scopes,
        with_made=how.with_made,
        precondition=precondition(request, TokenOut, untagged=MOVES),
    )


def shown_once(made: NewToken) -> NewTokenOut:
    """Return a new token with its secret."""
    shown = TokenOut.model_validate(made.token).model_dump()
    return NewTokenOut(**shown, user_id=made.token.user_id, token=made.secret)
