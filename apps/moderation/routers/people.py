"""Deciding about people outside the queue, for programs of staff."""

from django.http import HttpRequest

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.router import ApiRouter, Endpoint
from apps.moderation import errors
from apps.moderation.constants import EnforcementKind
from apps.moderation.schemas.by_hand import LiftIn, PersonMeasureIn
from apps.moderation.schemas.cases import DecisionOut
from apps.moderation.services.decisions import lifting, measures
from apps.users.constants import TokenScope
from apps.users.errors import (
    OwnRightsError,
    RoleRequiredError,
    StandingConflictError,
    UserNotFoundError,
)

router = ApiRouter(tags=["Moderation"])
STAFF = TokenScope.STAFF


@router.operation(
    "POST",
    "/people/{int:user_id}/measures",
    Endpoint(
        returns=DecisionOut,
        message="Decided.",
        scope=STAFF,
        status=201,
        errors=(
            UserNotFoundError,
            OwnRightsError,
            RoleRequiredError,
            errors.GrantRequiredError,
            errors.CaseClaimedError,
            errors.AppealPendingError,
            errors.OwnCaseError,
            errors.PolicyNotFoundError,
        ),
        gives={"decision_id": "/id", "case_id": "/case_id"},
    ),
)
async def act_on_person(request: HttpRequest, user_id: int, payload: PersonMeasureIn) -> object:
    """Warn, restrict or suspend a person, as a decision on the case of a message or of the person.

    They get a notice and can appeal; no points are added. Undo the decision to take it back.
    """
    why = measures.Why(
        policy=payload.policy,
        reason=payload.reason,
        reason_for_user=payload.reason_for_user,
        message_id=payload.message_id,
    )
    return await db.call(
        measures.act_on_person,
        actor=caller_of(request).user,
        user_id=user_id,
        kind=EnforcementKind(payload.kind),
        why=why,
        until=payload.until,
    )


@router.operation(
    "POST",
    "/people/{int:user_id}/lift",
    Endpoint(
        returns=list[DecisionOut],
        message="Lifted.",
        scope=STAFF,
        errors=(
            UserNotFoundError,
            OwnRightsError,
            RoleRequiredError,
            StandingConflictError,
            errors.CaseWaitsError,
            errors.CaseClaimedError,
            errors.AppealPendingError,
            errors.OwnCaseError,
        ),
    ),
)
async def lift_from_person(request: HttpRequest, user_id: int, payload: LiftIn) -> object:
    """End every restriction and suspension of a person early, as whoever decided it, or as a lead.

    One decision for each case that brought one; the rest of what was decided stays.
    """
    return await db.call(
        lifting.lift_from_person,
        actor=caller_of(request).user,
        user_id=user_id,
        reason=payload.reason,
        reason_for_user=payload.reason_for_user,
    )
