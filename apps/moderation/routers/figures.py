"""The lead's figures and the audit record for programs: the rights of their pages."""

from typing import Any

from django.http import HttpRequest
from ninja import Query
from ninja.params.functions import Query as Parameter

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.pagination import Slice
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page
from apps.moderation import errors
from apps.moderation.constants import PeriodDays
from apps.moderation.routers.lists import page_of
from apps.moderation.schemas.figures import (
    CareFiguresOut,
    DecisionFiguresOut,
    GuardFiguresOut,
    QueueFiguresOut,
    RuleScorecardOut,
)
from apps.moderation.schemas.record import AuditEventOut, AuditParams
from apps.moderation.services.cases import record
from apps.moderation.services.figures import figures, metrics
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Moderation"])
STAFF = TokenScope.STAFF
DAYS: Any = Parameter(PeriodDays.MONTH, description="So many days in UTC, the last of them today.")


@router.operation(
    "GET",
    "/metrics/queue",
    Endpoint(returns=QueueFiguresOut, message="Figures of the queue.", scope=STAFF),
)
async def read_queue_figures(request: HttpRequest, days: PeriodDays = DAYS) -> object:
    """Read what waits and for how long, what came and went, and how fast people decided first."""
    return await db.call(
        figures.of_queue, viewer=caller_of(request).user, period=metrics.last_days(days)
    )


@router.operation(
    "GET",
    "/metrics/decisions",
    Endpoint(returns=DecisionFiguresOut, message="Figures of decisions.", scope=STAFF),
)
async def read_decision_figures(request: HttpRequest, days: PeriodDays = DAYS) -> object:
    """Read how many decisions there were, how many did not last, and what people were told."""
    return await db.call(
        figures.of_decisions, viewer=caller_of(request).user, period=metrics.last_days(days)
    )


@router.operation(
    "GET",
    "/metrics/rules",
    Endpoint(returns=GuardFiguresOut, message="Figures of rules and models.", scope=STAFF),
)
async def read_guard_figures(request: HttpRequest, days: PeriodDays = DAYS) -> object:
    """Read how right rules are, which checks fail, and how the answers of models end."""
    return await db.call(
        figures.of_rules, viewer=caller_of(request).user, period=metrics.last_days(days)
    )


@router.operation(
    "GET",
    "/metrics/care",
    Endpoint(returns=CareFiguresOut, message="Figures of care.", scope=STAFF),
)
async def read_care_figures(request: HttpRequest, days: PeriodDays = DAYS) -> object:
    """Read what staff had to see, and what they read of others."""
    return await db.call(
        figures.of_care, viewer=caller_of(request).user, period=metrics.last_days(days)
    )


@router.operation(
    "GET",
    "/metrics/rules/{int:rule_id}",
    Endpoint(
        returns=RuleScorecardOut,
        message="Figures of the rule.",
        scope=STAFF,
        errors=(errors.RuleNotFoundError,),
    ),
)
async def read_rule_figures(request: HttpRequest, rule_id: int, days: PeriodDays = DAYS) -> object:
    """Read what a rule found over time, how right each version was, and what it costs."""
    return await db.call(
        figures.of_rule,
        viewer=caller_of(request).user,
        rule_id=rule_id,
        period=metrics.last_days(days),
    )


@router.operation(
    "GET",
    "/audit",
    Endpoint(returns=Page[AuditEventOut], message="The record.", scope=STAFF),
)
async def list_audit(request: HttpRequest, page: Query[AuditParams]) -> Slice:
    """List who did what, newest first, by `action`, `actor_id`, or a target's kind and number.

    Reasons are empty where you may review an appeal about them and have not noted your opinion.
    """
    chosen = page.model_dump(exclude={"limit", "cursor"})
    found = await page_of(request, page, record.list_events, chosen=chosen)
    return Slice([AuditEventOut.of(one) for one in found.items], found.next_cursor)
