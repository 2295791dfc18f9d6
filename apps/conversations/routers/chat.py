from django.http import HttpRequest

from apps.conversations import errors
from apps.conversations.routers.turns import SENT, token_of
from apps.conversations.schemas import ChatIn, ConversationResponse
from apps.conversations.services import asking
from apps.conversations.services.turns import TurnRequest
from apps.core.api.auth import caller_of
from apps.core.api.idempotency import IDEMPOTENCY_KEY, fingerprint_of, mark_replay
from apps.core.api.router import ApiRouter, Endpoint
from apps.users.constants import TokenScope
from apps.users.errors import UserNotFoundError

router = ApiRouter(tags=["Users"])


@router.operation(
    "POST",
    "{int:user_id}/chat",
    Endpoint(
        returns=ConversationResponse,
        message="Answer.",
        scope=TokenScope.CHAT,
        errors=(
            *SENT,
            errors.ConversationNotFoundError,
            UserNotFoundError,
            *asking.ENDINGS,
            errors.ReplyNotReadyError,
        ),
        has_own_key=True,
        gives={"message_id": "/id", "conversation_id": "/conversation_id"},
    ),
)
async def chat(
    request: HttpRequest,
    user_id: int,
    payload: ChatIn,
    idempotency_key: str | None = IDEMPOTENCY_KEY,
) -> ConversationResponse:
    """Send a message and wait for the whole answer.

    An answer that ended otherwise than well is an error with the code of its end.
    """
    answered = await asking.ask(
        caller=caller_of(request),
        user_id=user_id,
        request=TurnRequest(
            conversation_id=payload.conversation_id,
            content=payload.message,
            client_id=idempotency_key,
            fingerprint=fingerprint_of(request),
            context=payload.context,
            metadata=payload.metadata,
            allowed_models=caller_of(request).allowed_models,
            api_token_id=token_of(request),
        ),
    )
    turn = answered.turn
    if not turn.created:
        mark_replay(request)
    return ConversationResponse.of(
        turn.message, reply_id=turn.reply.pk, text=answered.text, user_id=user_id
    )
