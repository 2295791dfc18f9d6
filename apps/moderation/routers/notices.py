from django.http import HttpRequest
from ninja import Query

from apps.conversations.errors import MessageNotFoundError
from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.pagination import (
    Slice,
    paginate,
    read_number_cursor,
    write_number_cursor,
)
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page, PageParams
from apps.moderation import errors
from apps.moderation.schemas.notices import (
    AccountOut,
    AppealIn,
    NoticeOut,
    OwnAppealOut,
    ReadingOut,
    ReportIn,
    ReportOut,
)
from apps.moderation.services.appeals import appeals
from apps.moderation.services.cases import readings, reports
from apps.moderation.services.decisions import inbox
from apps.users.constants import TokenScope

notices_router = ApiRouter(tags=["Notices"])
reports_router = ApiRouter(tags=["Messages"])


@reports_router.operation(
    "POST",
    "{int:message_id}/reports",
    Endpoint(
        returns=ReportOut,
        message="Thank you. You will be told what came of it.",
        scope=TokenScope.CHAT,
        status=201,
        errors=(MessageNotFoundError, errors.AlreadyReportedError, errors.ReportNotPossibleError),
    ),
)
async def report_message(request: HttpRequest, message_id: int, payload: ReportIn) -> object:
    """Report a message or an answer of your conversations to staff."""
    return await db.call(
        reports.report_message,
        actor=caller_of(request).user,
        message_id=message_id,
        reason=payload.reason.value,
        comment=payload.comment,
    )


@notices_router.operation(
    "GET",
    "",
    Endpoint(
        returns=Page[NoticeOut],
        message="Notices.",
        scope=TokenScope.ACCOUNT,
        gives={"notice_id": "/items/0/id"},
    ),
)
async def list_notices(request: HttpRequest, page: Query[PageParams]) -> Slice:
    """List what you were told about decisions, newest first."""
    rows = inbox.list_notices(viewer=caller_of(request).user)
    found = await paginate(rows, page, order=("-id",))
    return Slice([NoticeOut.of(notice) for notice in found.items], found.next_cursor)


@notices_router.operation(
    "GET",
    "/standing",
    Endpoint(returns=AccountOut, message="How you stand.", scope=TokenScope.ACCOUNT),
)
async def read_standing(request: HttpRequest) -> object:
    """Read how many points you have and what comes next."""
    return await db.call(inbox.account_of, viewer=caller_of(request).user)


@notices_router.operation(
    "GET",
    "/readings",
    Endpoint(returns=Page[ReadingOut], message="Readings.", scope=TokenScope.ACCOUNT),
)
async def list_readings(request: HttpRequest, page: Query[PageParams]) -> Slice:
    """List who of the staff read your conversations without a case, when and why; newest first."""
    before = read_number_cursor(page)
    viewer = caller_of(request).user
    rows = await db.call(readings.list_readings, viewer=viewer, before=before, limit=page.limit + 1)
    items = rows[: page.limit]
    if len(rows) <= page.limit:
        return Slice(items, None)
    return Slice(items, write_number_cursor(items[-1].grant_id, page))


@notices_router.operation(
    "GET",
    "/{int:notice_id}",
    Endpoint(
        returns=NoticeOut,
        message="Notice.",
        scope=TokenScope.ACCOUNT,
        errors=(errors.NoticeNotFoundError,),
    ),
)
async def read_notice(request: HttpRequest, notice_id: int) -> NoticeOut:
    """Read one notice; it counts as read from then on."""
    viewer = caller_of(request).user
    return await db.call(
        lambda: NoticeOut.of(inbox.read_notice(viewer=viewer, notice_id=notice_id))
    )


@notices_router.operation(
    "POST",
    "/{int:notice_id}/appeal",
    Endpoint(
        returns=OwnAppealOut,
        message="Your appeal is on its way.",
        scope=TokenScope.ACCOUNT,
        status=201,
        errors=(errors.NoticeNotFoundError, errors.AppealNotPossibleError),
    ),
)
async def submit_appeal(request: HttpRequest, notice_id: int, payload: AppealIn) -> object:
    """Ask for a second look at a decision, once and within its time."""
    return await db.call(
        appeals.submit, actor=caller_of(request).user, notice_id=notice_id, text=payload.text
    )


@notices_router.operation(
    "DELETE",
    "/{int:notice_id}/appeal",
    Endpoint(
        returns=OwnAppealOut,
        message="Your appeal is withdrawn.",
        scope=TokenScope.ACCOUNT,
        errors=(
            errors.NoticeNotFoundError,
            errors.AppealNotFoundError,
            errors.AppealDecidedError,
        ),
    ),
)
async def withdraw_appeal(request: HttpRequest, notice_id: int) -> object:
    """Take your appeal back."""
    return await db.call(appeals.withdraw, actor=caller_of(request).user, notice_id=notice_id)
