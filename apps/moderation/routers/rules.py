"""Rules for programs of staff: the services and rights of the rules' pages."""

from django.http import HttpRequest
from ninja import Query

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.pagination import Slice
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page, PageParams
from apps.moderation import errors
from apps.moderation.routers.lists import page_of
from apps.moderation.schemas.rules import (
    BackTestIn,
    BackTestOut,
    BackTestReportOut,
    LabelIn,
    LimitsIn,
    MatchOut,
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
from apps.moderation.services import (
    back_test_samples,
    back_tests,
    rule_desk,
    rule_modes,
    rules,
    trying,
)
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Moderation"])
STAFF = TokenScope.STAFF
NO_RULE = (errors.RuleNotFoundError,)
NO_TEST = (errors.BackTestNotFoundError,)


@router.operation("GET", "/rules", Endpoint(returns=Page[RuleOut], message="Rules.", scope=STAFF))
async def list_rules(request: HttpRequest, page: Query[RuleParams]) -> Slice:
    """List rules with their present versions, newest first."""
    found = await page_of(request, page, rule_desk.list_rules, mode=page.mode)
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
    )
    return RuleOut.of(rule)


@router.operation(
    "PUT",
    "/rules/{int:rule_id}/limits",
    Endpoint(returns=RuleOut, message="The limits are set.", scope=STAFF, errors=NO_RULE),
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


@router.operation(
    "GET",
    "/rules/{int:rule_id}/back-tests",
    Endpoint(returns=Page[BackTestOut], message="Back-tests.", scope=STAFF, errors=NO_RULE),
)
async def list_back_tests(request: HttpRequest, rule_id: int, page: Query[PageParams]) -> Slice:
    """List the back-tests of a rule's versions, newest first."""
    return await page_of(request, page, rule_desk.list_back_tests, rule_id=rule_id)


@router.operation(
    "POST",
    "/back-tests",
    Endpoint(returns=BackTestOut, message="Queued.", scope=STAFF, status=202, errors=NO_RULE),
)
async def start_back_test(request: HttpRequest, payload: BackTestIn) -> object:
    """Try a version on stored messages, beside the live one; ask for its progress by its number."""
    return await db.call(
        back_tests.start,
        actor=caller_of(request).user,
        version_id=payload.version_id,
        messages=payload.messages,
    )


@router.operation(
    "GET",
    "/back-tests/{int:back_test_id}",
    Endpoint(returns=BackTestReportOut, message="Back-test.", scope=STAFF, errors=NO_TEST),
)
async def read_back_test(request: HttpRequest, back_test_id: int) -> BackTestReportOut:
    """Read how far a back-test has come, and its figures so far."""
    viewer = caller_of(request).user
    back_test = await db.call(rule_desk.access_back_test, viewer=viewer, back_test_id=back_test_id)
    return BackTestReportOut.of(back_test, await db.call(back_test_samples.report, back_test))


@router.operation(
    "POST",
    "/back-tests/{int:back_test_id}/cancel",
    Endpoint(returns=BackTestOut, message="Ended.", scope=STAFF, errors=NO_TEST),
)
async def cancel_back_test(request: HttpRequest, back_test_id: int) -> object:
    """End a back-test; what it has found so far stays."""
    viewer = caller_of(request).user
    return await db.call(back_tests.cancel, actor=viewer, back_test_id=back_test_id)


@router.operation(
    "GET",
    "/back-tests/{int:back_test_id}/matches",
    Endpoint(returns=Page[MatchOut], message="Matches.", scope=STAFF, errors=NO_TEST),
)
async def list_matches(request: HttpRequest, back_test_id: int, page: Query[PageParams]) -> Slice:
    """List the fair sample of what a back-test matched, with its labels and without any text."""
    return await page_of(request, page, rule_desk.list_matches, back_test_id=back_test_id)


@router.operation(
    "PUT",
    "/matches/{int:match_id}/label",
    Endpoint(returns=MatchOut, message="Kept.", scope=STAFF, errors=(errors.MatchNotFoundError,)),
)
async def label_match(request: HttpRequest, match_id: int, payload: LabelIn) -> object:
    """Say whether a matched message is a violation; null takes the label back."""
    return await db.call(
        back_test_samples.label,
        actor=caller_of(request).user,
        match_id=match_id,
        is_violation=payload.is_violation,
    )
