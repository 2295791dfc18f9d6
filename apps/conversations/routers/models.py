from django.http import HttpRequest

from apps.conversations.model_schemas import OfferedOut
from apps.conversations.services import choosing
from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.router import ApiRouter, Endpoint
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Models"])


@router.operation(
    "GET",
    "",
    Endpoint(
        returns=OfferedOut,
        message="Assistants and models.",
        scope=TokenScope.CHAT,
    ),
)
async def list_models(request: HttpRequest) -> OfferedOut:
    """List the assistants that you may choose, and the models that they ask."""
    caller = caller_of(request)
    return OfferedOut.of(
        await db.call(
            choosing.list_offered, viewer=caller.user, allowed_models=caller.allowed_models
        )
    )
