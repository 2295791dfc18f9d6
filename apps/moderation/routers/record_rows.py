"""One row of a record for programs of staff; none is about whoever reads it."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.router import ApiRouter, Endpoint
from apps.moderation import errors
from apps.moderation.schemas.cases import DecisionOut, FlagOut, NoteOut
from apps.moderation.schemas.record import AuditEventOut
from apps.moderation.schemas.records import (
    EnforcementOut,
    RuleHitOut,
    SentNoticeOut,
    StrikeRecordOut,
)
from apps.moderation.services.cases import record
from apps.moderation.services.desk import records
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Moderation"])


def one_of(returns: type[Any], message: str) -> Endpoint:
    """Return what reading one row promises."""
    gone = (errors.RecordNotFoundError,)
    return Endpoint(returns=returns, message=message, scope=TokenScope.STAFF, errors=gone)


@router.operation("GET", "/decisions/{int:decision_id}", one_of(DecisionOut, "Decision."))
async def read_decision(request: HttpRequest, decision_id: int) -> object:
    """Read a decision.

    Its reasons are empty where you may review the case's appeal and have not noted your opinion.
    """
    row = await _row(request, records.list_decisions, decision_id)
    return DecisionOut.of(row)


@router.operation(
    "GET", "/enforcements/{int:enforcement_id}", one_of(EnforcementOut, "What it did.")
)
async def read_enforcement(request: HttpRequest, enforcement_id: int) -> object:
    """Read what a decision did, and whether it holds."""
    row = await _row(request, records.list_enforcements, enforcement_id)
    return EnforcementOut.of(row)


@router.operation("GET", "/strikes/{int:strike_id}", one_of(StrikeRecordOut, "Points."))
async def read_strike(request: HttpRequest, strike_id: int) -> object:
    """Read points that a person got."""
    row = await _row(request, records.list_strikes, strike_id)
    return StrikeRecordOut.of(row)


@router.operation("GET", "/notices/{int:sent_notice_id}", one_of(SentNoticeOut, "The notice."))
async def read_sent_notice(request: HttpRequest, sent_notice_id: int) -> object:
    """Read what a person was told about a decision, word for word.

    What it says is empty where you may review the case's appeal and have not noted your opinion.
    """
    row = await _row(request, records.list_notices, sent_notice_id)
    return SentNoticeOut.of(row)


@router.operation("GET", "/hits/{int:hit_id}", one_of(RuleHitOut, "Hit."))
async def read_hit(request: HttpRequest, hit_id: int) -> object:
    """Read what a rule found; a hit holds no text."""
    row = await _row(request, records.list_hits, hit_id)
    return RuleHitOut.of(row)


@router.operation("GET", "/flags/{int:flag_id}", one_of(FlagOut, "Flag."))
async def read_flag(request: HttpRequest, flag_id: int) -> object:
    """Read a flag."""
    return await _row(request, records.list_flags, flag_id)


@router.operation("GET", "/notes/{int:note_id}", one_of(NoteOut, "Note."))
async def read_note(request: HttpRequest, note_id: int) -> object:
    """Read what staff told each other about a case."""
    return await _row(request, records.list_notes, note_id)


@router.operation("GET", "/audit/{int:event_id}", one_of(AuditEventOut, "The event."))
async def read_audit_event(request: HttpRequest, event_id: int) -> object:
    """Read one event of the record.

    Its reason is empty where you may review an appeal about it and have not noted your opinion.
    """
    row = await _row(request, record.list_events, event_id)
    return AuditEventOut.of(row)


async def _row(request: HttpRequest, among: Callable[..., QuerySet[Any]], number: int) -> Any:  # noqa: ANN401
    viewer = caller_of(request).user
    return await db.call(records.read_one, viewer=viewer, among=among, number=number)
