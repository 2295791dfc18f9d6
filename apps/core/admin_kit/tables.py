"""Rows of one subject in short on the page of another: the same columns, the newest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin.utils import label_for_field, lookup_field
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.core.admin_kit.details import Table
from apps.core.admin_kit.display import link
from apps.core.admin_kit.model_admin import StaffModelAdmin

ROWS_IN_SHORT = 10


def table_of(
    request: HttpRequest,
    subject: StaffModelAdmin[Any] | None,
    choose: Callable[[Any], QuerySet[Any]],
    *,
    query: str = "",
    without: str = "",
) -> list[Table]:
    """Return some rows of a subject, where the viewer may look at them.

    Args:
        request: whose rights count.
        subject: what its list shows of each row is shown here too.
        choose: which rows of all, by an index.
        query: how the subject's list is asked for all of them; empty where it cannot be.
        without: the column that says of each row what the page is about.

    Returns:
        One table, or none where there is nothing that the viewer may see.
    """
    if subject is None or not subject.has_view_permission(request):
        return []
    found = choose(subject.get_queryset(request)).order_by("-pk")
    rows = list(found[: ROWS_IN_SHORT + 1])
    if not rows:
        return []
    columns = [str(one) for one in subject.list_display if one != without]
    has_more = len(rows) > ROWS_IN_SHORT and query
    return [
        Table(
            label=subject.title,
            columns=[str(label_for_field(one, subject.model, subject)) for one in columns],
            rows=[_cells(subject, columns, row) for row in rows[:ROWS_IN_SHORT]],
            more_url=subject.list_url(query) if has_more else "",
        )
    ]


def _cells(subject: StaffModelAdmin[Any], columns: list[str], row: Model) -> list[object]:
    """Return what the list shows of a row; the first cell leads to its page."""
    first, *others = (lookup_field(one, row, subject)[2] for one in columns)
    return [link(subject.url_of(row.pk), str(first)), *others]
