from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.http import HttpRequest
from ninja import Query

from apps.conversations.errors import ConversationNotFoundError
from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.pagination import Slice, paginate
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page
from apps.moderation import errors
from apps.moderation.routers.cases import HOLDING, STAFF
from apps.moderation.schemas.appeals import (
    AppealListParams,
    AppealOut,
    GrantIn,
    GrantListParams,
    GrantOut,
    OpinionIn,
    ReviewIn,
)
from apps.moderation.schemas.cases import ReasonIn
from apps.moderation.services.appeals import appeals, blind_reviews
from apps.moderation.services.appeals.appeals import Review
from apps.moderation.services.cases import grants
from apps.moderation.services.desk import records

if TYPE_CHECKING:
    from apps.moderation.models import Appeal

router = ApiRouter(tags=["Moderation"])
REVIEWING = (
    *HOLDING,
    errors.AppealNotFoundError,
    errors.AppealDecidedError,
    errors.CaseNotClaimedError,
)


@router.operation(
    "GET",
    "/appeals",
    Endpoint(
        returns=Page[AppealOut],
        message="Appeals.",
        scope=STAFF,
        gives={"appeal_id": "/items/0/id"},
    ),
)
async def list_appeals(request: HttpRequest, page: Query[AppealListParams]) -> Slice:
    """List appeals, newest first."""
    viewer = caller_of(request).user
    rows = await db.call(
        appeals.list_appeals, viewer=viewer, state=page.state, case_id=page.case_id
    )
    found = await paginate(rows, page, order=("-id",))
    may_show = await db.call(
        lambda: [blind_reviews.shows_reasons(viewer=viewer, appeal=one) for one in found.items]
    )
    shown = zip(found.items, may_show, strict=True)
    return Slice([AppealOut.of(one, shows_reasons=may) for one, may in shown], found.next_cursor)


@router.operation(
    "GET",
    "/appeals/{int:appeal_id}",
    Endpoint(
        returns=AppealOut,
        message="Appeal.",
        scope=STAFF,
        errors=(errors.AppealNotFoundError,),
    ),
)
async def read_appeal(request: HttpRequest, appeal_id: int) -> AppealOut:
    """Read an appeal; the first reasons are left out until its reviewer noted an opinion."""
    viewer = caller_of(request).user

    def read() -> AppealOut:
        appeal = appeals.access_appeal(viewer=viewer, appeal_id=appeal_id)
        may_show = blind_reviews.shows_reasons(viewer=viewer, appeal=appeal)
        return AppealOut.of(appeal, shows_reasons=may_show)

    return await db.call(read)


@router.operation(
    "POST",
    "/appeals/{int:appeal_id}/opinion",
    Endpoint(
        returns=AppealOut,
        message="Your first opinion is kept.",
        scope=STAFF,
        errors=REVIEWING,
    ),
)
async def note_first_opinion(request: HttpRequest, appeal_id: int, payload: OpinionIn) -> AppealOut:
    """Say what you think of the text, before you read why it was decided as it was."""
    return await _appeal(
        appeals.note_first_opinion,
        actor=caller_of(request).user,
        appeal_id=appeal_id,
        verdict=payload.verdict,
    )


@router.operation(
    "POST",
    "/appeals/{int:appeal_id}/decision",
    Endpoint(
        returns=AppealOut,
        message="The appeal is decided.",
        scope=STAFF,
        errors=(*REVIEWING, errors.CaseChangedError, errors.FirstOpinionMissingError),
    ),
)
async def decide_appeal(request: HttpRequest, appeal_id: int, payload: ReviewIn) -> AppealOut:
    """Decide an appeal against somebody else's decision, on a case that you hold."""
    return await _appeal(
        appeals.decide_appeal,
        actor=caller_of(request).user,
        appeal_id=appeal_id,
        version=payload.version,
        review=Review(
            outcome=payload.outcome,
            reason=payload.reason,
            reason_for_user=payload.reason_for_user,
        ),
    )


@router.operation(
    "GET", "/grants", Endpoint(returns=Page[GrantOut], message="Grants.", scope=STAFF)
)
async def list_grants(request: HttpRequest, page: Query[GrantListParams]) -> Slice:
    """List who may read which private conversation, newest first, those that ended included.

    Who may not see everybody's sees their own.
    """
    rows = await db.call(
        records.list_grants,
        viewer=caller_of(request).user,
        chosen={"conversation": page.conversation_id, "reader": page.reader_id},
        is_live=page.is_live,
    )
    return await paginate(rows, page, order=("-id",))


@router.operation(
    "POST",
    "/grants",
    Endpoint(
        returns=GrantOut,
        message="You can read this conversation now. Its owner can see that you do.",
        scope=STAFF,
        status=201,
        errors=(ConversationNotFoundError,),
        gives={"grant_id": "/id"},
    ),
)
async def open_grant(request: HttpRequest, payload: GrantIn) -> object:
    """Ask to read a conversation that has no open case, for a few hours."""
    return await db.call(
        grants.open_grant,
        actor=caller_of(request).user,
        conversation_id=payload.conversation_id,
        reason=payload.reason,
    )


@router.operation(
    "DELETE",
    "/grants/{int:grant_id}",
    Endpoint(
        returns=GrantOut,
        message="Ended.",
        scope=STAFF,
        errors=(errors.GrantNotFoundError,),
    ),
)
async def revoke_grant(request: HttpRequest, grant_id: int) -> object:
    """End your own grant before its time, without a reason."""
    actor = caller_of(request).user
    return await db.call(grants.revoke_grant, actor=actor, grant_id=grant_id, reason="")


@router.operation(
    "POST",
    "/grants/{int:grant_id}/end",
    Endpoint(
        returns=GrantOut,
        message="Ended.",
        scope=STAFF,
        errors=(errors.GrantNotFoundError,),
    ),
)
async def end_grant(request: HttpRequest, grant_id: int, payload: ReasonIn) -> object:
    """End a grant before its time, with a reason for the record: your own, or any as a lead."""
    return await db.call(
        grants.revoke_grant,
        actor=caller_of(request).user,
        grant_id=grant_id,
        reason=payload.reason,
    )


async def _appeal(service: Callable[..., Appeal], **given: object) -> AppealOut:
    """Call a service and write the appeal that it returns, with its reasons, in its thread."""
    return await db.call(lambda: AppealOut.of(service(**given), shows_reasons=True))
