"""Deciding outside the queue, for programs of staff: one message, or several cases at once."""

from uuid import UUID

from django.http import HttpRequest

from apps.conversations.errors import (
    MessageAlreadyHiddenError,
    MessageNotFoundError,
    OwnConversationError,
)
from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.router import ApiRouter, Endpoint
from apps.moderation import errors
from apps.moderation.schemas.bulk import BatchIn, BatchOut, BatchPreviewOut, PicksIn
from apps.moderation.schemas.by_hand import FlagIn, HideIn
from apps.moderation.schemas.cases import DecisionOut, FlagOut, ReasonIn
from apps.moderation.services.decisions import by_hand
from apps.moderation.services.desk import bulk
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Moderation"])
STAFF = TokenScope.STAFF


@router.operation(
    "POST",
    "/messages/{int:message_id}/hide",
    Endpoint(
        returns=DecisionOut,
        message="The message is hidden.",
        scope=STAFF,
        status=201,
        errors=(
            MessageNotFoundError,
            MessageAlreadyHiddenError,
            OwnConversationError,
            errors.GrantRequiredError,
            errors.CaseClaimedError,
            errors.AppealPendingError,
            errors.OwnCaseError,
            errors.PolicyNotFoundError,
        ),
        gives={"decision_id": "/id", "case_id": "/case_id"},
    ),
)
async def hide_message(request: HttpRequest, message_id: int, payload: HideIn) -> object:
    """Hide a message that you may read, as a decision on its case, which opens or is taken.

    Its reader gets a notice and can appeal; no points are added. Undo the decision to show it.
    """
    return await db.call(
        by_hand.hide_message,
        actor=caller_of(request).user,
        message_id=message_id,
        policy_code=payload.policy,
        reason=payload.reason,
        reason_for_user=payload.reason_for_user,
    )


@router.operation(
    "POST",
    "/messages/{int:message_id}/flag",
    Endpoint(
        returns=FlagOut,
        message="The message is in the queue.",
        scope=STAFF,
        status=201,
        errors=(
            MessageNotFoundError,
            OwnConversationError,
            errors.GrantRequiredError,
            errors.ReportNotPossibleError,
            errors.AlreadyReportedError,
            errors.PolicyNotFoundError,
        ),
        gives={"flag_id": "/id", "case_id": "/case_id"},
    ),
)
async def flag_message(request: HttpRequest, message_id: int, payload: FlagIn) -> object:
    """Have somebody else decide about a message that you may read: its case opens, or is joined.

    Nothing is hidden and nobody is told. You have a part in the case then, and do not decide it.
    """
    return await db.call(
        by_hand.flag_message,
        actor=caller_of(request).user,
        message_id=message_id,
        policy_code=payload.policy,
        reason=payload.reason,
    )


@router.operation(
    "POST",
    "/batches",
    Endpoint(
        returns=BatchOut,
        message="What was done, and what was not.",
        scope=STAFF,
        errors=(errors.PolicyNotFoundError,),
        gives={"batch_id": "/batch_id"},
    ),
)
async def decide_batch(request: HttpRequest, payload: BatchIn) -> object:
    """Decide several cases alike, as a lead; one that cannot be decided is left and named."""
    return await db.call(
        bulk.decide_many,
        actor=caller_of(request).user,
        picks=payload.picks(),
        ruling=payload.ruling(),
        typed_count=payload.typed_count,
    )


@router.operation(
    "POST",
    "/batches/preview",
    Endpoint(
        returns=BatchPreviewOut,
        message="What it would be about.",
        scope=STAFF,
        is_reading=True,
    ),
)
async def preview_batch(request: HttpRequest, payload: PicksIn) -> BatchPreviewOut:
    """Look at what a batch would be about, as a lead: how much, of how many people, and a sample.

    Nothing is decided; whose words it showed is noted.
    """
    actor = caller_of(request).user
    return BatchPreviewOut.of(await db.call(bulk.look, actor=actor, picks=payload.picks()))


@router.operation(
    "GET",
    "/batches/{uuid:batch_id}",
    Endpoint(
        returns=list[DecisionOut],
        message="Decisions that hold.",
        scope=STAFF,
        errors=(errors.BatchNotFoundError,),
    ),
)
async def read_batch(request: HttpRequest, batch_id: UUID) -> list[DecisionOut]:
    """Read the decisions of a batch that still hold, as a lead; none about yourself.

    Where you may review an appeal that waits, its reasons are blank until you have said what you
    think.
    """
    actor = caller_of(request).user
    found = await db.call(bulk.decisions_of, actor=actor, batch_id=batch_id)
    return [DecisionOut.of(one) for one in found]


@router.operation(
    "POST",
    "/batches/{uuid:batch_id}/undo",
    Endpoint(
        returns=BatchOut,
        message="What was taken back, and what was not.",
        scope=STAFF,
        errors=(errors.BatchNotFoundError,),
    ),
)
async def undo_batch(request: HttpRequest, batch_id: UUID, payload: ReasonIn) -> object:
    """Take back every decision of a batch that still holds, as a lead."""
    return await db.call(
        bulk.undo_batch, actor=caller_of(request).user, batch_id=batch_id, reason=payload.reason
    )
