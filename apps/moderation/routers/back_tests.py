"""Back-tests for programs of staff: start, read, and label what matched."""

from django.http import HttpRequest
from ninja import Query

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.pagination import Slice
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page, PageParams
from apps.moderation import errors
from apps.moderation.routers.lists import page_of
from apps.moderation.schemas.back_tests import (
    BackTestIn,
    BackTestOut,
    BackTestReportOut,
    LabelIn,
    MatchOut,
    PassageOut,
)
from apps.moderation.services.rules import back_test_samples, back_tests, rule_desk
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Moderation"])
STAFF = TokenScope.STAFF
NO_RULE = (errors.RuleNotFoundError,)
NO_TEST = (errors.BackTestNotFoundError,)


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
    "POST",
    "/back-tests/{int:back_test_id}/next-passage",
    Endpoint(
        returns=PassageOut,
        message="Say whether it is a violation.",
        scope=STAFF,
        is_reading=True,
        errors=(*NO_TEST, errors.NothingToLabelError),
        gives={"match_id": "/match_id"},
    ),
)
async def read_next_passage(request: HttpRequest, back_test_id: int) -> object:
    """Read the next passage to label; that you read it is noted, and its owner sees it."""
    viewer = caller_of(request).user
    return await db.call(back_test_samples.read_next, actor=viewer, back_test_id=back_test_id)


@router.operation(
    "PUT",
    "/matches/{int:match_id}/label",
    Endpoint(
        returns=MatchOut,
        message="Kept.",
        scope=STAFF,
        errors=(errors.MatchNotFoundError, errors.PassageNotReadError),
    ),
)
async def label_match(request: HttpRequest, match_id: int, payload: LabelIn) -> object:
    """Say whether a passage that you were shown is a violation; null takes the label back."""
    return await db.call(
        back_test_samples.label,
        actor=caller_of(request).user,
        match_id=match_id,
        is_violation=payload.is_violation,
    )
