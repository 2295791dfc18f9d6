"""Policies and thresholds for programs of staff: the services and rights of their pages."""

from django.http import HttpRequest
from ninja import Query

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.etags import precondition
from apps.core.api.pagination import Slice, paginate
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page, PageParams
from apps.moderation import errors
from apps.moderation.routers.lists import page_of
from apps.moderation.schemas.cases import ReasonIn
from apps.moderation.schemas.policies import (
    PolicyIn,
    PolicyOut,
    PolicyParams,
    PolicyVersionIn,
    PolicyVersionOut,
    ThresholdIn,
    ThresholdOut,
)
from apps.moderation.services.policies import policies, policy_desk
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Moderation"])
STAFF = TokenScope.STAFF
NO_POLICY = (errors.PolicyNotFoundError,)
NO_THRESHOLD = (errors.ThresholdNotFoundError,)


@router.operation(
    "GET",
    "/policies",
    Endpoint(
        returns=Page[PolicyOut],
        message="Policies.",
        scope=STAFF,
        gives={"policy_id": "/items/0/id"},
    ),
)
async def list_policies(request: HttpRequest, page: Query[PolicyParams]) -> Slice:
    """List policies by their codes, as they are worded now; those in use, if nothing else is asked.

    Whoever may see policies may; rule authors too, for a rule names one.
    """
    viewer = caller_of(request).user
    rows = await db.call(policy_desk.list_policies, viewer=viewer, use=page.use)
    found = await paginate(rows, page, order=("code",))
    return Slice([PolicyOut.of(policy) for policy in found.items], found.next_cursor)


@router.operation(
    "POST",
    "/policies",
    Endpoint(
        returns=PolicyOut,
        message="The policy is in use.",
        scope=STAFF,
        status=201,
        tagged_as=PolicyOut,
        gives={"policy_id": "/id"},
    ),
)
async def create_policy(request: HttpRequest, payload: PolicyIn) -> PolicyOut:
    """Write a policy, as a lead; moderators can decide by it at once."""
    policy = await db.call(
        policies.create_policy,
        actor=caller_of(request).user,
        code=payload.code,
        wording=payload.wording(),
        terms=payload.terms(),
        reason=payload.reason,
    )
    return PolicyOut.of(policy)


@router.operation(
    "GET",
    "/policies/{int:policy_id}",
    Endpoint(returns=PolicyOut, message="Policy.", scope=STAFF, errors=NO_POLICY),
)
async def read_policy(request: HttpRequest, policy_id: int) -> PolicyOut:
    """Read one policy, in use or not."""
    viewer = caller_of(request).user
    return PolicyOut.of(
        await db.call(policy_desk.access_policy, viewer=viewer, policy_id=policy_id)
    )


@router.operation(
    "GET",
    "/policies/{int:policy_id}/versions",
    Endpoint(returns=Page[PolicyVersionOut], message="Versions.", scope=STAFF, errors=NO_POLICY),
)
async def list_policy_versions(
    request: HttpRequest, policy_id: int, page: Query[PageParams]
) -> Slice:
    """List the wordings that a policy has and had, newest first."""
    return await page_of(request, page, policy_desk.list_versions, policy_id=policy_id)


@router.operation(
    "POST",
    "/policies/{int:policy_id}/versions",
    Endpoint(
        returns=PolicyOut,
        message="The new version is written.",
        scope=STAFF,
        status=201,
        errors=NO_POLICY,
        is_conditional=True,
    ),
)
async def create_policy_version(
    request: HttpRequest, policy_id: int, payload: PolicyVersionIn
) -> PolicyOut:
    """Write another version of a policy, as a lead; decisions keep the one of their day.

    A policy that is out of use stays so.
    """
    policy = await db.call(
        policies.new_version,
        actor=caller_of(request).user,
        policy_id=policy_id,
        wording=payload.wording(),
        terms=payload.terms(),
        reason=payload.reason,
        precondition=precondition(request, PolicyOut, PolicyOut.of),
    )
    return PolicyOut.of(policy)


@router.operation(
    "POST",
    "/policies/{int:policy_id}/retire",
    Endpoint(
        returns=PolicyOut,
        message="The policy is out of use.",
        scope=STAFF,
        errors=(*NO_POLICY, errors.PolicyInUseError),
        is_conditional=True,
    ),
)
async def retire_policy(request: HttpRequest, policy_id: int, payload: ReasonIn) -> PolicyOut:
    """Take a policy out of use, as a lead, once its rules are off; decisions made under it stay."""
    return await _set_active(request, policy_id, payload, is_active=False)


@router.operation(
    "POST",
    "/policies/{int:policy_id}/reinstate",
    Endpoint(
        returns=PolicyOut,
        message="The policy is in use.",
        scope=STAFF,
        errors=NO_POLICY,
        is_conditional=True,
    ),
)
async def reinstate_policy(request: HttpRequest, policy_id: int, payload: ReasonIn) -> PolicyOut:
    """Take a policy into use again, as a lead."""
    return await _set_active(request, policy_id, payload, is_active=True)


@router.operation(
    "GET",
    "/thresholds",
    Endpoint(
        returns=Page[ThresholdOut],
        message="Thresholds.",
        scope=STAFF,
        gives={"threshold_id": "/items/0/id"},
    ),
)
async def list_thresholds(request: HttpRequest, page: Query[PageParams]) -> Slice:
    """List what points bring, the fewest points first."""
    rows = await db.call(policy_desk.list_thresholds, viewer=caller_of(request).user)
    return await paginate(rows, page, order=("points",))


@router.operation(
    "PUT",
    "/thresholds",
    Endpoint(
        returns=ThresholdOut,
        message="The threshold is set.",
        scope=STAFF,
        is_conditional=True,
        gives={"threshold_id": "/id"},
    ),
)
async def set_threshold(request: HttpRequest, payload: ThresholdIn) -> object:
    """Set what a number of points brings, as a lead; one of the same points is replaced.

    It holds for points from now on; what points brought before stays. With `If-Match` there has to
    be one of these points already.
    """
    return await db.call(
        policies.write_threshold,
        actor=caller_of(request).user,
        **payload.model_dump(),
        precondition=precondition(request, ThresholdOut),
    )


@router.operation(
    "GET",
    "/thresholds/{int:threshold_id}",
    Endpoint(returns=ThresholdOut, message="Threshold.", scope=STAFF, errors=NO_THRESHOLD),
)
async def read_threshold(request: HttpRequest, threshold_id: int) -> object:
    """Read what one number of points brings."""
    viewer = caller_of(request).user
    return await db.call(policy_desk.access_threshold, viewer=viewer, threshold_id=threshold_id)


@router.operation(
    "POST",
    "/thresholds/{int:threshold_id}/remove",
    Endpoint(
        returns=ThresholdOut,
        message="The threshold is removed.",
        scope=STAFF,
        errors=NO_THRESHOLD,
        is_conditional=True,
    ),
)
async def remove_threshold(request: HttpRequest, threshold_id: int, payload: ReasonIn) -> object:
    """Remove a threshold, as a lead, with a reason; what its points brought stays."""
    return await db.call(
        policies.remove_threshold,
        actor=caller_of(request).user,
        threshold_id=threshold_id,
        reason=payload.reason,
        precondition=precondition(request, ThresholdOut),
    )


async def _set_active(
    request: HttpRequest, policy_id: int, payload: ReasonIn, *, is_active: bool
) -> PolicyOut:
    policy = await db.call(
        policies.set_active,
        actor=caller_of(request).user,
        policy_id=policy_id,
        is_active=is_active,
        reason=payload.reason,
        precondition=precondition(request, PolicyOut, PolicyOut.of),
    )
    return PolicyOut.of(policy)
