from django.http import HttpRequest

from apps.conversations.routers.turns import current_user, token_of
from apps.conversations.services import usage
from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.router import ApiRouter, Endpoint
from apps.llm.schemas import UsageReportOut
from apps.users.constants import TokenScope
from apps.users.errors import UserNotFoundError

router = ApiRouter(tags=["Usage"])


@router.operation(
    "GET",
    "usage",
    Endpoint(returns=UsageReportOut, message="Usage.", scope=TokenScope.ACCOUNT),
)
async def read_own_usage(request: HttpRequest) -> UsageReportOut:
    """Read what you used in 30 days, and what is left of each of your limits and this token's."""
    found = await db.call(
        usage.read_own, viewer=current_user(request), api_token_id=token_of(request)
    )
    return UsageReportOut.of(found)


@router.operation(
    "GET",
    "users/{int:user_id}/usage",
    Endpoint(
        returns=UsageReportOut,
        message="Usage.",
        scope=TokenScope.ACCOUNT,
        errors=(UserNotFoundError,),
    ),
)
async def read_usage_of(request: HttpRequest, user_id: int) -> UsageReportOut:
    """Read the same of a person: yourself, or anybody for admins with the scope `staff`."""
    found = await db.call(usage.read_of, caller=caller_of(request), user_id=user_id)
    return UsageReportOut.of(found)
