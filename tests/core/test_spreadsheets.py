"""Exported tables: no cell is a formula, no text splits a row, the file is written in steps."""

import csv
import io
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.test import AsyncRequestFactory, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from apps.core.spreadsheets import csv_text, neutralise, stream_csv


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "|cmd",
        "%0A=1",
        "\t=1",
        "\r=1",
        "\n=1",
        " =HYPERLINK(1)",
        "\u200b=1",
        "\ufeff@x",
        "\uff1d1",
        "\x00=1",
    ],
)
def test_what_a_spreadsheet_takes_for_a_formula_becomes_text(text: str) -> None:
    assert neutralise(text) == "'" + text.replace("\x00", "")


@pytest.mark.parametrize("text", ["", "a=b", "2 + 2", "no. 5", "ü", "' quoted"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert neutralise(text) == text


def test_numbers_times_and_nothing_keep_their_meaning() -> None:
    at = datetime(2026, 5, 1, 12, 30, 5, 999, tzinfo=UTC)
    row = [-5, 0.25, True, False, None, at, date(2026, 5, 1)]
    expected = '-5,0.25,"yes","no","","2026-05-01T12:30:05+00:00","2026-05-01"\r\n'
    assert csv_text([row]) == expected


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1))
def test_every_row_reads_back_whole_and_no_cell_begins_a_formula(cells: list[str]) -> None:
    text = csv_text([cells])
    (read,) = csv.reader(io.StringIO(text, newline=""))
    expected = [cell.replace("\x00", "") for cell in cells]
    assert [cell.removeprefix("'") for cell in read] == [c.removeprefix("'") for c in expected]
    assert not [cell for cell in read if cell.lstrip()[:1] in set("=+-@|%\t\r") - {""}]


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
