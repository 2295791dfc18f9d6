from collections.abc import Iterable

from django.http import HttpRequest

from apps.accounts.errors import TokenMakesOthersError
from apps.accounts.schemas import TokenLimitIn, TokenLimitOut
from apps.accounts.services import token_limits
from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.etags import precondition
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.errors import ForbiddenError
from apps.core.preconditions import Precondition
from apps.llm.errors import QuotaNotFoundError
from apps.llm.statements.quotas import QuotaState
from apps.users.constants import TokenScope
from apps.users.errors import TokenNotFoundError

router = ApiRouter(tags=["Tokens"])
NO_BODY_REASON = "Ended over the API."
MOVES = {"__all__": {"used", "reserved", "left", "resets_at"}}


@router.operation(
    "GET",
    "/{int:token_id}/limits",
    Endpoint(
        returns=list[TokenLimitOut],
        message="Limits.",
        scope=TokenScope.ACCOUNT,
        errors=(TokenNotFoundError,),
        untagged=MOVES,
    ),
)
async def list_token_limits(request: HttpRequest, token_id: int) -> list[TokenLimitOut]:
    """List the limits of a token of yours, with how far each is used.

    Admins do the same with tokens of service accounts, with a token of the scope `staff` besides.
    The `ETag` names the limits themselves, whatever is used of them.
    """
    _, states = await db.call(
        token_limits.list_limits, viewer=caller_of(request), token_id=token_id
    )
    return _shown(states)


@router.operation(
    "PUT",
    "/{int:token_id}/limits",
    Endpoint(
        returns=list[TokenLimitOut],
        message="Saved.",
        scope=TokenScope.ACCOUNT,
        errors=(TokenNotFoundError, TokenMakesOthersError, ForbiddenError, QuotaNotFoundError),
        is_conditional=True,
        untagged=MOVES,
    ),
)
async def set_token_limit(
    request: HttpRequest, token_id: int, payload: TokenLimitIn
) -> list[TokenLimitOut]:
    """Limit a token, or change the amount of its limit of the same unit, period and `is_hard`.

    One that refuses and one that warns are two limits, and both count.

    A token of the scope `account` has no limits: it could make another one without them.
    """
    states = await db.call(
        token_limits.set_limit,
        actor=caller_of(request),
        token_id=token_id,
        precondition=_precondition(request),
        **payload.model_dump(),
    )
    return _shown(states)


@router.operation(
    "DELETE",
    "/{int:token_id}/limits/{int:quota_id}",
    Endpoint(
        returns=list[TokenLimitOut],
        message="Ended.",
        scope=TokenScope.ACCOUNT,
        errors=(TokenNotFoundError, QuotaNotFoundError, ForbiddenError),
        is_conditional=True,
        untagged=MOVES,
    ),
)
async def end_token_limit(
    request: HttpRequest, token_id: int, quota_id: int
) -> list[TokenLimitOut]:
    """End a limit of a token; returns those that are left."""
    states = await db.call(
        token_limits.end_limit,
        actor=caller_of(request),
        token_id=token_id,
        quota_id=quota_id,
        reason=NO_BODY_REASON,
        precondition=_precondition(request),
    )
    return _shown(states)


def _precondition(request: HttpRequest) -> Precondition | None:
    return precondition(request, list[TokenLimitOut], _shown, untagged=MOVES)


def _shown(states: Iterable[QuotaState]) -> list[TokenLimitOut]:
    return [TokenLimitOut.of(state) for state in states]
