"""The filtered queue as rows for other programs.

A row says how the case stands, and of the decision that stands who made it and why. Whom the case
is about is a number; neither what was written nor a name or address of theirs is in it, unless
staff wrote such into a reason.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from django.db import transaction

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core import db, spreadsheets
from apps.core.errors import ForbiddenError
from apps.moderation.services.appeals import blind_reviews
from apps.moderation.services.cases import cases
from apps.moderation.services.desk import queue, queue_filters
from apps.moderation.services.desk.queue_filters import QueueFilter
from apps.users.models import User

EXPORT = "moderation.export_case"
ROWS_PER_STEP = 1_000
COLUMNS = (
    "id",
    "state",
    "severity",
    "priority",
    "policy",
    "source",
    "target_role",
    "model",
    "language",
    "flag_count",
    "has_appeal",
    "message_id",
    "conversation_id",
    "subject_id",
    "claimed_by_id",
    "created_at",
    "due_at",
    "closed_at",
    "verdict",
    "decided_by",
    "reason",
)
SOURCES = {"policy": "policy__code"}
"""The columns that are called otherwise where they come from."""
Row = dict[str, spreadsheets.Cell]
Format = Literal["csv", "json"]
MEDIA_TYPES: dict[Format, str] = {"csv": spreadsheets.CONTENT_TYPE, "json": "application/json"}


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A file on its way: what its receiver is told of it, and its pieces."""

    media_type: str
    disposition: str
    pieces: AsyncIterator[bytes]


async def export_cases(*, actor: User, filters: Mapping[str, Any], file_format: Format) -> CaseFile:
    """Return the cases that a program's filters find as a file; that it was asked for is noted.

    Args:
        actor: who exports.
        filters: the words of `queue_filters.QueueFilter`; None does not narrow.
        file_format: of the file.

    Raises:
        ForbiddenError, SearchRefusedError: as `begin`.
    """
    words = {name: str(value) for name, value in filters.items() if value is not None}
    chosen = queue_filters.parse(words)
    await db.call(begin, actor=actor, chosen=chosen, file_format=file_format)
    return CaseFile(
        MEDIA_TYPES[file_format], disposition_of(file_format), stream(actor, chosen, file_format)
    )


def disposition_of(file_format: Format) -> str:
    """Return the header that names the file."""
    return f'attachment; filename="cases.{file_format}"'


async def stream(actor: User, chosen: QueueFilter, file_format: Format) -> AsyncIterator[bytes]:
    """Write the file of an export that has begun, a step at a time."""
    is_first, below = True, None
    while rows := await db.call(take_step, actor=actor, chosen=chosen, below=below):
        yield part_of(rows, file_format, is_first=is_first).encode()
        is_first, below = False, last_of(rows)
    yield ending(file_format, is_empty=is_first).encode()


@transaction.atomic
def begin(*, actor: User, chosen: QueueFilter, file_format: str) -> None:
    """Check the right to export, and write down that it was used.

    Raises:
        ForbiddenError: the actor may not export.
        SearchRefusedError: the filter would read everything.
    """
    cases.require(actor, EXPORT)
    queue.rows_of(viewer=actor, chosen=chosen)
    audit.record(
        actor=actor,
        action=AuditAction.CASE_EXPORTED,
        target_type="case",
        target_id=0,
        data={"filter": chosen.to_query(), "format": file_format},
    )


def take_step(*, actor: User, chosen: QueueFilter, below: int | None) -> list[Row]:
    """Return the next rows of an export, newest first; an empty list at its end.

    Reasons that are kept from a reviewer are blank, as they are everywhere.

    Args:
        actor: who exports; read anew, so that a right that is gone ends the export here.
        chosen: the filter.
        below: the last number of the step before; None at the beginning.

    Raises:
        ForbiddenError: the actor may not export any more.
    """
    viewer = _as_of_now(actor)
    cases.require(viewer, EXPORT)
    rows = queue.rows_of(viewer=viewer, chosen=chosen).with_last_decision()
    rows = rows if below is None else rows.before_number(below)
    columns = ("is_kept", *(SOURCES.get(name, name) for name in COLUMNS))
    told = blind_reviews.with_kept_reasons(rows, viewer=viewer, case="pk").order_by("-id")
    return [_row_of(found) for found in told.values(*columns)[:ROWS_PER_STEP]]


def _as_of_now(actor: User) -> User:
    """Return somebody with the rights and the standing that they have at this moment."""
    found: User | None = User.objects.filter(pk=actor.pk).first()
    if found is None:
        raise ForbiddenError
    return found


def _row_of(found: Mapping[str, Any]) -> Row:
    kept = {"reason": ""} if found["is_kept"] and found["reason"] else {}
    return {name: found[SOURCES.get(name, name)] for name in COLUMNS} | kept


def part_of(rows: Sequence[Row], file_format: Format, *, is_first: bool) -> str:
    """Write the rows of one step."""
    if file_format == "csv":
        return as_csv(rows, with_header=is_first)
    return f"{'[' if is_first else ''}{as_json(rows, is_first=is_first)}"


def ending(file_format: Format, *, is_empty: bool) -> str:
    """Write what stands behind the last row; all of it where there was none."""
    if file_format == "csv":
        return as_csv([], with_header=True) if is_empty else ""
    return "[]\n" if is_empty else "]\n"


def last_of(rows: Sequence[Row]) -> int:
    """Return below which number the next step goes on."""
    return int(str(rows[-1]["id"]))


def as_csv(rows: Iterable[Row], *, with_header: bool) -> str:
    """Write rows as CSV in which no cell is a formula, whichever sign a spreadsheet splits at."""
    heading = spreadsheets.csv_heading(COLUMNS) if with_header else ""
    return heading + spreadsheets.csv_text([row[name] for name in COLUMNS] for row in rows)


def as_json(rows: Sequence[Row], *, is_first: bool) -> str:
    """Write rows as a part of a JSON list, without its brackets."""
    lines = [orjson.dumps(row).decode() for row in rows]
    joined = ",\n".join(lines)
    return joined if is_first or not joined else f",\n{joined}"
