from collections.abc import Callable

from django.http import HttpRequest
from ninja import Query

from apps.conversations.errors import ReplyInProgressError
from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.downloads import Download, downloads, list_of
from apps.core.api.pagination import Slice, paginate
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page
from apps.moderation import errors
from apps.moderation.schemas.cases import (
    CaseDetailOut,
    CaseFlagOut,
    CaseOut,
    DecisionIn,
    DecisionOut,
    NoteIn,
    NoteOut,
    PreviewOut,
    ReasonIn,
    ReassignIn,
    RulingIn,
    SnapshotOut,
    UndoIn,
)
from apps.moderation.schemas.queue import (
    CaseExportParams,
    CaseFilterParams,
    CaseRowOut,
    QueueParams,
)
from apps.moderation.services.cases import cases, reassigning
from apps.moderation.services.decisions import decisions, previews, reversals
from apps.moderation.services.desk import desk, exports
from apps.users.constants import TokenScope
from apps.users.errors import RoleRequiredError

router = ApiRouter(tags=["Moderation"])
STAFF = TokenScope.STAFF
HOLDING = (
    errors.CaseNotFoundError,
    errors.CaseClosedError,
    errors.CaseClaimedError,
    errors.AppealPendingError,
    errors.OwnCaseError,
)
DECIDING = (
    *HOLDING,
    errors.CaseNotClaimedError,
    errors.CaseChangedError,
    errors.PolicyNotFoundError,
    ReplyInProgressError,
    RoleRequiredError,
)


@router.operation(
    "GET",
    "/cases",
    Endpoint(
        returns=Page[CaseOut],
        message="Cases.",
        scope=STAFF,
        errors=(errors.SearchRefusedError,),
        gives={"case_id": "/items/0/id", "message_id": "/items/0/message_id"},
    ),
)
async def list_cases(request: HttpRequest, page: Query[CaseFilterParams]) -> Slice:
    """List cases, the most urgent first; with `state` `closed` or `any`, the newest first."""
    chosen = page.model_dump(exclude={"limit", "cursor"})
    rows = await db.call(desk.list_cases, viewer=caller_of(request).user, filters=chosen)
    found = await paginate(rows, page, order=desk.order_of(chosen))
    return Slice([CaseOut.of(case) for case in found.items], found.next_cursor)


@router.operation(
    "GET",
    "/cases/export",
    Endpoint(
        returns=None,
        message="",
        scope=STAFF,
        errors=(errors.SearchRefusedError,),
        openapi=downloads("The file.", *exports.MEDIA_TYPES.values(), as_json=list_of(CaseRowOut)),
        is_stream=True,
    ),
)
async def export_cases(request: HttpRequest, asked: Query[CaseExportParams]) -> Download:
    """Download the cases of the filters as CSV or JSON, with who decided last and why.

    Whom a case is about is a number; what was written is not in it. Where you may review an appeal
    that waits, the reason is blank until you have said what you think.

    For leads and auditors; that it was asked for is on record. No cell of the CSV is a formula.
    """
    made = await exports.export_cases(
        actor=caller_of(request).user,
        filters=asked.model_dump(exclude={"format"}),
        file_format=asked.format,
    )
    return Download(made.pieces, media_type=made.media_type, disposition=made.disposition)


@router.operation(
    "POST",
    "/cases/next",
    Endpoint(
        returns=CaseOut,
        message="You hold this case.",
        scope=STAFF,
        errors=(errors.QueueEmptyError, errors.SearchRefusedError),
        gives={"case_id": "/id"},
    ),
)
async def take_next_case(request: HttpRequest, among: Query[QueueParams]) -> CaseOut:
    """Claim the most urgent case of the filters that waits and in which you have no part."""
    actor = caller_of(request).user
    return await _case(desk.take_next, actor=actor, filters=among.model_dump())


@router.operation(
    "GET",
    "/cases/{int:case_id}",
    Endpoint(
        returns=CaseDetailOut,
        message="Case.",
        scope=STAFF,
        errors=(errors.CaseNotFoundError, errors.OwnCaseError),
    ),
)
async def read_case(request: HttpRequest, case_id: int) -> CaseDetailOut:
    """Read one case with its text, flags, decisions and notes; that you read it is noted."""
    detail = await db.call(desk.read_case, viewer=caller_of(request).user, case_id=case_id)
    kept = detail.snapshot
    return CaseDetailOut(
        case=CaseOut.of(detail.case),
        snapshot=None if kept is None else SnapshotOut.model_validate(kept),
        now=detail.now,
        flags=[CaseFlagOut.of(flag) for flag in detail.flags],
        decisions=[DecisionOut.model_validate(one) for one in detail.decisions],
        notes=[NoteOut.model_validate(note) for note in detail.notes],
    )


@router.operation(
    "POST",
    "/cases/{int:case_id}/claim",
    Endpoint(returns=CaseOut, message="You hold this case.", scope=STAFF, errors=HOLDING),
)
async def claim_case(request: HttpRequest, case_id: int) -> CaseOut:
    """Claim a case for ten minutes, or renew your claim."""
    return await _case(cases.claim, actor=caller_of(request).user, case_id=case_id)


@router.operation(
    "POST",
    "/cases/{int:case_id}/release",
    Endpoint(
        returns=CaseOut,
        message="The case is back in the queue.",
        scope=STAFF,
        errors=(errors.CaseNotFoundError,),
    ),
)
async def release_case(request: HttpRequest, case_id: int) -> CaseOut:
    """Give a case back; nothing happens where you do not hold it."""
    return await _case(cases.release, actor=caller_of(request).user, case_id=case_id)


@router.operation(
    "POST",
    "/cases/{int:case_id}/take-over",
    Endpoint(returns=CaseOut, message="You hold this case.", scope=STAFF, errors=HOLDING),
)
async def take_over_case(request: HttpRequest, case_id: int, payload: ReasonIn) -> CaseOut:
    """Take a case from whoever holds it, as a lead."""
    actor, reason = caller_of(request).user, payload.reason
    return await _case(cases.take_over, actor=actor, case_id=case_id, reason=reason)


@router.operation(
    "POST",
    "/cases/{int:case_id}/reassign",
    Endpoint(
        returns=CaseOut,
        message="They have an hour to open the case.",
        scope=STAFF,
        errors=(errors.CaseNotFoundError, errors.CaseClosedError, errors.OwnCaseError),
    ),
)
async def reassign_case(request: HttpRequest, case_id: int, payload: ReassignIn) -> CaseOut:
    """Give a case to somebody who may decide it, as a lead, whoever holds it."""
    actor, given = caller_of(request).user, payload.model_dump()
    return await _case(reassigning.reassign, actor=actor, case_id=case_id, **given)


@router.operation(
    "POST",
    "/cases/{int:case_id}/notes",
    Endpoint(
        returns=NoteOut,
        message="Note kept.",
        scope=STAFF,
        status=201,
        errors=(errors.CaseNotFoundError, errors.OwnCaseError),
    ),
)
async def write_note(request: HttpRequest, case_id: int, payload: NoteIn) -> object:
    """Tell the other members of staff something about a case."""
    return await db.call(
        cases.add_note, actor=caller_of(request).user, case_id=case_id, text=payload.text
    )


@router.operation(
    "POST",
    "/cases/{int:case_id}/preview",
    Endpoint(
        returns=PreviewOut,
        message="What it would do.",
        scope=STAFF,
        errors=(errors.CaseNotFoundError, errors.OwnCaseError),
    ),
)
async def preview_decision(request: HttpRequest, case_id: int, payload: RulingIn) -> object:
    """Say what a decision would do, and the notice word for word; nothing is stored."""
    return await db.call(
        previews.preview,
        actor=caller_of(request).user,
        case_id=case_id,
        ruling=payload.ruling(),
    )


@router.operation(
    "POST",
    "/cases/{int:case_id}/decision",
    Endpoint(
        returns=DecisionOut,
        message="Decided.",
        scope=STAFF,
        status=201,
        errors=DECIDING,
        gives={"decision_id": "/id"},
    ),
)
async def decide_case(request: HttpRequest, case_id: int, payload: DecisionIn) -> object:
    """Decide a case that you hold; a stale `version` changes nothing."""
    return await db.call(
        decisions.decide,
        actor=caller_of(request).user,
        case_id=case_id,
        version=payload.version,
        ruling=payload.ruling(),
        is_override=payload.is_override,
    )


@router.operation(
    "POST",
    "/decisions/{int:decision_id}/undo",
    Endpoint(
        returns=DecisionOut,
        message="The decision is taken back.",
        scope=STAFF,
        status=201,
        errors=(
            errors.DecisionNotFoundError,
            errors.DecisionSupersededError,
            errors.AppealPendingError,
            errors.CaseClaimedError,
            errors.OwnCaseError,
        ),
    ),
)
async def undo_decision(request: HttpRequest, decision_id: int, payload: UndoIn) -> object:
    """Take a decision back: text and points as they were, and the case open again."""
    return await db.call(
        reversals.undo,
        actor=caller_of(request).user,
        decision_id=decision_id,
        reason=payload.reason,
        reason_for_user=payload.reason_for_user,
    )


async def _case(service: Callable[..., object], **given: object) -> CaseOut:
    """Call a service and write the case that it returns, with what belongs to it, in its thread."""
    return await db.call(lambda: CaseOut.of(service(**given)))
