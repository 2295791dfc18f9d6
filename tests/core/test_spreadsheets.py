"""Exported tables: no cell is a formula, no text splits a row, the file is written in steps."""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.test import AsyncRequestFactory, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from apps.core.spreadsheets import csv_text, neutralise, stream_csv

HOSTILE = st.sampled_from(list("=+-@|%;\t\r\n \"',x"))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "|cmd",
        "%0A=1",
        " =HYPERLINK(1)",
        "\u200b=1",
        "\ufeff@x",
        "\uff1d1",
        "\x00=1",
    ],
)
def test_what_a_spreadsheet_takes_for_a_formula_becomes_text(text: str) -> None:
    assert neutralise(text) == "'" + text.replace("\x00", "")


@pytest.mark.parametrize(
    ("text", "guarded"),
    [
        ("ok;=1+1", "ok;'=1+1"),
        ("ok; @x; fine", "ok;' @x; fine"),
        ("ok\t\n=1", "ok\t'\n'=1"),
        ('ok;"=1+1', "ok;'\"=1+1"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\n=1", "'\n'=1"),
    ],
)
def test_a_formula_behind_a_separator_of_other_places_becomes_text_too(
    text: str, guarded: str
) -> None:
    assert neutralise(text) == guarded


@pytest.mark.parametrize(
    "text", ["", "a=b", "2 + 2", "no. 5", "ü", "' quoted", "a; b", "one\ntwo", ";" * 9]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert neutralise(text) == text


def test_numbers_times_and_nothing_keep_their_meaning() -> None:
    at = datetime(2026, 5, 1, 12, 30, 5, 999, tzinfo=UTC)
    row = [-5, 0.25, True, False, None, at, date(2026, 5, 1)]
    expected = '-5,0.25,"yes","no","","2026-05-01T12:30:05+00:00","2026-05-01"\r\n'
    assert csv_text([row]) == expected


def plain(text: str) -> str:
    """Return a text without the apostrophes that keep formulas away."""
    return re.sub(r"(^|[;\t\r\n])'", r"\1", text)


@given(st.lists(st.text(HOSTILE | st.characters(codec="utf-8")), min_size=1))
def test_every_row_reads_back_whole_and_no_cell_begins_a_formula(cells: list[str]) -> None:
    text = csv_text([cells])
    (read,) = csv.reader(io.StringIO(text, newline=""))
    expected = [cell.replace("\x00", "") for cell in cells]
    assert [plain(cell) for cell in read] == [plain(cell) for cell in expected]
    for sign in (",", ";", "\t"):
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
        begin = [cell.lstrip()[:1] for line in lines for cell in line]
        assert not set(begin) & set("=+-@|%\t\r"), sign


def batches(asked: list[int]) -> Iterator[list[tuple[int, str]]]:
    for number in range(2):
        asked.append(number)
        yield [(number, "=1")]


EXPECTED = b'\xef\xbb\xbf"Number","Text"\r\n0,"\'=1"\r\n1,"\'=1"\r\n'


def test_a_file_is_written_step_by_step() -> None:
    asked: list[int] = []
    response = stream_csv(
        RequestFactory().get("/"),
        filename="rows.csv",
        columns=("Number", "Text"),
        batches=batches(asked),
    )
    steps = iter(response)
    next(steps)
    assert asked == []
    next(steps)
    assert asked == [0]
    assert response["Content-Disposition"] == 'attachment; filename="rows.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"


async def test_a_file_is_written_step_by_step_on_the_event_loop(db: None) -> None:
    request = AsyncRequestFactory().get("/")
    assert isinstance(request, ASGIRequest)
    response = stream_csv(
        request, filename="rows.csv", columns=("Number", "Text"), batches=batches([])
    )
    content: AsyncIterator[bytes] = aiter(response)  # type: ignore[arg-type]
    assert b"".join([part async for part in content]) == EXPECTED
