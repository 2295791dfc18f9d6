"""Rules for programs of staff: the services and rights of the rules' pages."""

from django.http import HttpRequest
from ninja import Query

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.etags import precondition
from apps.core.api.pagination import Slice
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page, PageParams
from apps.moderation import errors
from apps.moderation.routers.lists import page_of
from apps.moderation.schemas.rules import (
    LimitsIn,
    ModeIn,
    RuleEventOut,
    RuleIn,
    RuleOut,
    RuleParams,
    RuleVersionIn,
    RuleVersionOut,
    ScorecardOut,
    TrialOut,
    TryIn,
)
from apps.moderation.services.rules import rule_desk, rule_modes, rules, trying
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Moderation"])
STAFF = TokenScope.STAFF
NO_RULE = (errors.RuleNotFoundError,)


@router.operation("GET", "/rules", Endpoint(returns=Page[RuleOut], message="Rules.", scope=STAFF))
async def list_rules(request: HttpRequest, page: Query[RuleParams]) -> Slice:
    """List rules with their present versions, newest first."""
    found = await page_of(request, page, rule_desk.list_rules, mode=page.mode, kind=page.kind)
    return Slice([RuleOut.of(rule) for rule in found.items], found.next_cursor)


@router.operation(
    "POST",
    "/rules",
    Endpoint(
        returns=RuleOut,
        message="The rule is written, and off.",
        scope=STAFF,
        status=201,
        errors=(errors.PolicyNotFoundError,),
        tagged_as=RuleOut,
    ),
)
async def create_rule(request: HttpRequest, payload: RuleIn) -> RuleOut:
    """Write a rule with its first version; it is off until you set its mode."""
    rule = await db.call(
        rules.create_rule,
        actor=caller_of(request).user,
        plan=payload.plan(),
        configuration=payload.configuration,
        threshold=payload.threshold,
        note=payload.note,
    )
    return RuleOut.of(rule)


@router.operation(
    "GET",
    "/rules/{int:rule_id}",
    Endpoint(returns=RuleOut, message="Rule.", scope=STAFF, errors=NO_RULE),
)
async def read_rule(request: HttpRequest, rule_id: int) -> RuleOut:
    """Read one rule."""
    return RuleOut.of(
        await db.call(rules.access_rule, viewer=caller_of(request).user, rule_id=rule_id)
    )


@router.operation(
    "GET",
    "/rules/{int:rule_id}/versions",
    Endpoint(returns=Page[RuleVersionOut], message="Versions.", scope=STAFF, errors=NO_RULE),
)
async def list_rule_versions(request: HttpRequest, rule_id: int, page: Query[PageParams]) -> Slice:
    """List the versions of a rule, newest first."""
    return await page_of(request, page, rule_desk.list_versions, rule_id=rule_id)


@router.operation(
    "POST",
    "/rules/{int:rule_id}/versions",
    Endpoint(returns=RuleVersionOut, message="Written.", scope=STAFF, status=201, errors=NO_RULE),
)
async def create_rule_version(request: HttpRequest, rule_id: int, payload: RuleVersionIn) -> object:
    """Write another version; while the rule is live it is a draft, and the live one goes on."""
    return await db.call(
        rules.new_version,
        actor=caller_of(request).user,
        rule_id=rule_id,
        configuration=payload.configuration,
        threshold=payload.threshold,
        note=payload.note,
    )


@router.operation(
    "POST",
    "/rules/{int:rule_id}/mode",
    Endpoint(
        returns=RuleOut,
        message="The mode is set.",
        scope=STAFF,
        errors=(*NO_RULE, errors.RuleGateError, errors.PolicyNotFoundError),
        is_conditional=True,
    ),
)
async def set_mode(request: HttpRequest, rule_id: int, payload: ModeIn) -> RuleOut:
    """Set what a hit does; off is always one step away, and enforcing has to be earned."""
    rule = await db.call(
        rule_modes.set_mode,
        actor=caller_of(request).user,
        rule_id=rule_id,
        mode=payload.mode,
        version_id=payload.version_id,
        override_reason=payload.override_reason,
        precondition=precondition(request, RuleOut, RuleOut.of),
    )
    return RuleOut.of(rule)


@router.operation(
    "PUT",
    "/rules/{int:rule_id}/limits",
    Endpoint(
        returns=RuleOut,
        message="The limits are set.",
        scope=STAFF,
        errors=NO_RULE,
        is_conditional=True,
    ),
)
async def set_limits(request: HttpRequest, rule_id: int, payload: LimitsIn) -> RuleOut:
    """Say what a rule may do: its action, its cap, its end, and what happens if it cannot look.

    While it enforces, this needs the right to let rules enforce.
    """
    rule = await db.call(
        rules.set_limits,
        actor=caller_of(request).user,
        rule_id=rule_id,
        limits=payload.limits(),
        precondition=precondition(request, RuleOut, RuleOut.of),
    )
    return RuleOut.of(rule)


@router.operation(
    "POST",
    "/rules/{int:rule_id}/try",
    Endpoint(returns=TrialOut, message="Looked at.", scope=STAFF, errors=NO_RULE),
)
async def try_rule(request: HttpRequest, rule_id: int, payload: TryIn) -> object:
    """Look at a text with every rule that is on and with this one; nothing is stored."""
    viewer = caller_of(request).user
    rule = await db.call(rules.access_rule, viewer=viewer, rule_id=rule_id)
    return await db.call(
        trying.try_text, viewer=viewer, text=payload.text, rule=rule, draft=payload.configuration
    )


@router.operation(
    "GET",
    "/rules/{int:rule_id}/scorecard",
    Endpoint(returns=ScorecardOut, message="Scorecard.", scope=STAFF, errors=NO_RULE),
)
async def read_scorecard(request: HttpRequest, rule_id: int) -> ScorecardOut:
    """Read a rule's figures over a week: precision with its interval, hits, failures, latency."""
    viewer = caller_of(request).user
    return ScorecardOut.of(await db.call(rule_desk.read_scorecard, viewer=viewer, rule_id=rule_id))


@router.operation(
    "GET",
    "/rules/{int:rule_id}/history",
    Endpoint(returns=Page[RuleEventOut], message="History.", scope=STAFF, errors=NO_RULE),
)
async def list_history(request: HttpRequest, rule_id: int, page: Query[PageParams]) -> Slice:
    """List who did what to a rule, newest first, for those who may read the record."""
    return await page_of(request, page, rule_desk.list_history, rule_id=rule_id)
