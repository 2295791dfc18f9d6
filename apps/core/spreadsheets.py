"""Tables that leave as CSV: streamed, and harmless in the program that opens them.

A cell that begins with one of a few signs is a formula to a spreadsheet, wherever its text came
from; it gets an apostrophe before it, which spreadsheets take as "this is text". Where semicolons
or tabs separate cells, quotes behind a comma protect nothing: a text is cut at each of them and at
the ends of its lines. So whatever would begin a formula there gets an apostrophe too.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

from apps.core.db import call

Cell = str | int | float | Decimal | bool | date | None
Row = Sequence[Cell]

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
CONTENT_TYPE = "text/csv; charset=utf-8"
UNSEEN = r"\s\x00-\x20\u00a0\u200b-\u200f\u2060\ufeff"
SIGN = r"[=+\-@|%\uff1d\uff0b\uff0d\uff20\u2212]"
FORMULA = re.compile(rf"[{UNSEEN}]*{SIGN}|[\t\r\n\x00]")
BEFORE_A_SIGN = re.compile(rf"(?<![{UNSEEN}\";])[{UNSEEN}\";]++(?={SIGN})")
CUT = re.compile(r"[;\t\r\n]")


def neutralise(value: Cell) -> str | int | float | Decimal:
    """Return a cell that no spreadsheet reads as a formula; numbers stay numbers.

    Args:
        value: what the cell says; times are written in ISO 8601, nothing becomes an empty cell.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    text = BEFORE_A_SIGN.sub(_guarded, value.replace("\x00", ""))
    return f"'{text}" if FORMULA.match(value) else text


def _guarded(found: re.Match[str]) -> str:
    return CUT.sub(r"\g<0>'", found[0])


def csv_text(rows: Iterable[Row]) -> str:
    """Write rows as lines of CSV; every text is quoted, and no separator in it begins a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC)
    for row in rows:
        writer.writerow([neutralise(cell) for cell in row])
    return buffer.getvalue()


def csv_heading(columns: Sequence[str]) -> str:
    """Write the beginning of a file: by its first sign a spreadsheet knows how letters are kept."""
    return BYTE_ORDER_MARK + csv_text([columns])


def stream_csv(
    request: HttpRequest, *, filename: str, columns: Sequence[str], batches: Iterable[Sequence[Row]]
) -> StreamingHttpResponse:
    """Answer with a file that is written while it is read.

    Args:
        request: says in which mode the server runs.
        filename: plain ASCII without quotes.
        columns: the heading.
        batches: rows, a few hundred at a time. Each step may run in another thread, so each takes
            its rows with a query of its own (after the last key), never from an open cursor.
    """
    steps = _texts(columns, batches)
    content = _in_threads(steps) if isinstance(request, ASGIRequest) else _encoded(steps)
    return StreamingHttpResponse(
        content,
        content_type=CONTENT_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="{filename}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _texts(columns: Sequence[str], batches: Iterable[Sequence[Row]]) -> Iterator[str]:
    yield csv_heading(columns)
    for batch in batches:
        yield csv_text(batch)


def _encoded(steps: Iterator[str]) -> Iterator[bytes]:
    for text in steps:
        yield text.encode()


async def _in_threads(steps: Iterator[str]) -> AsyncIterator[bytes]:
    while (text := await call(next, steps, None)) is not None:
        yield text.encode()
