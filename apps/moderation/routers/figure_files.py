"""The dashboard's figures as files, for programs of leads and auditors; taking one is on record."""

from collections.abc import Callable, Sequence

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.downloads import downloads
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.spreadsheets import CONTENT_TYPE, Row, stream_csv
from apps.moderation import errors
from apps.moderation.schemas.figure_files import SECTIONS, FigureParams, RuleFigureParams, table_of
from apps.moderation.schemas.figures import RuleScorecardOut
from apps.moderation.services.figures import figures, metrics
from apps.moderation.services.figures.metrics import Period
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Moderation"])
FILE = downloads("The file.", CONTENT_TYPE)


@router.operation(
    "GET",
    "/metrics/export",
    Endpoint(returns=None, message="", scope=TokenScope.STAFF, openapi=FILE, is_stream=True),
)
async def export_figures(request: HttpRequest, asked: Query[FigureParams]) -> StreamingHttpResponse:
    """Download one list of the dashboard's figures as CSV.

    For leads and auditors; that it was asked for is on record. No cell is a formula.
    """
    period = metrics.last_days(asked.days)
    section, _, name = asked.figure.value.partition(".")
    viewer = caller_of(request).user

    def read() -> tuple[Sequence[str], list[Row]]:
        found = figures.of_section(viewer=viewer, section=section, period=period)
        return table_of(found, SECTIONS[section], name)

    return await _file(request, f"{section}-{name}", period, read)


@router.operation(
    "GET",
    "/metrics/rules/{int:rule_id}/export",
    Endpoint(
        returns=None,
        message="",
        scope=TokenScope.STAFF,
        errors=(errors.RuleNotFoundError,),
        openapi=FILE,
        is_stream=True,
    ),
)
async def export_rule_figures(
    request: HttpRequest, rule_id: int, asked: Query[RuleFigureParams]
) -> StreamingHttpResponse:
    """Download one list of a rule's figures as CSV, as those of the dashboard."""
    period = metrics.last_days(asked.days)
    viewer = caller_of(request).user

    def read() -> tuple[Sequence[str], list[Row]]:
        found = figures.of_rule(viewer=viewer, rule_id=rule_id, period=period)
        return table_of(found, RuleScorecardOut, asked.figure.value)

    return await _file(request, f"rule-{rule_id}-{asked.figure.value}", period, read)


async def _file(
    request: HttpRequest,
    name: str,
    period: Period,
    read: Callable[[], tuple[Sequence[str], list[Row]]],
) -> StreamingHttpResponse:
    """Read a figure, note that it leaves, and answer its file."""
    columns, rows = await db.call(read)
    batches = await db.call(
        metrics.export, actor=caller_of(request).user, figure=name, period=period, rows=rows
    )
    answer = stream_csv(
        request,
        filename=f"{name}-{period.days}-days-{period.now:%Y-%m-%d}.csv",
        columns=columns,
        batches=batches,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
