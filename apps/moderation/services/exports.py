"""The filtered queue as rows for other programs: no text, no name, no address."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import OuterRef, Subquery

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core import spreadsheets
from apps.moderation.models import Decision
from apps.moderation.services import cases, queue
from apps.moderation.services.queue_filters import QueueFilter
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
Row = dict[str, spreadsheets.Cell]


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

    Args:
        actor: who exports.
        chosen: the filter.
        below: the last number of the step before; None at the beginning.

    Raises:
        ForbiddenError: the actor may not export any more.
    """
    cases.require(actor, EXPORT)
    rows = queue.rows_of(viewer=actor, chosen=chosen)
    if below is not None:
        rows = rows.filter(pk__lt=below)
    last = Decision.objects.filter(case=OuterRef("pk"), superseded_by=None).order_by("-id")
    values = (
        rows.annotate(
            verdict=Subquery(last.values("verdict")[:1]),
            decided_by=Subquery(last.values("actor_label")[:1]),
            reason=Subquery(last.values("reason")[:1]),
        )
        .order_by("-id")
        .values(*(f"{name}__code" if name == "policy" else name for name in COLUMNS))
    )
    return [
        {name: row[f"{name}__code" if name == "policy" else name] for name in COLUMNS}
        for row in values[:ROWS_PER_STEP]
    ]


def as_csv(rows: Iterable[Row], *, with_header: bool) -> str:
    """Write rows as CSV in which no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    if with_header:
        writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([spreadsheets.neutralise(row[name]) for name in COLUMNS])
    return text.getvalue()


def as_json(rows: Sequence[Row], *, is_first: bool) -> str:
    """Write rows as a part of a JSON list, without its brackets."""
    lines = [json.dumps(row, default=str, ensure_ascii=False) for row in rows]
    joined = ",\n".join(lines)
    return joined if is_first or not joined else f",\n{joined}"
