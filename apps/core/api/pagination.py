"""Pages of a list by cursor: the place of the last row, signed, so that only ours come back.

The signature holds for one list: its path, with the numbers of what it belongs to, and its filters.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import orjson
from django.core import signing
from django.core.signing import b64_decode, b64_encode
from django.db.models import Model, QuerySet
from django.utils.dateparse import parse_datetime

from apps.core import constants, db
from apps.core.api.schemas import PageParams
from apps.core.errors import ValidationFailedError
from apps.core.querysets import after_place

M = TypeVar("M", bound=Model)


class Slice(NamedTuple):
    """The rows of one page, and the cursor of the next."""

    items: list[Any]
    next_cursor: str | None


class InvalidCursorError(ValidationFailedError):
    """The cursor is not one that this list gave out."""

    code = "invalid_cursor"
    default_message = constants.INVALID_CURSOR


async def paginate(queryset: QuerySet[M], page: PageParams, *, order: Sequence[str]) -> Slice:
    """Read one page of a query, in one hop to the database.

    Args:
        queryset: all rows that the caller may see.
        page: which page.
        order: fields that order the rows and together are unique, such as `("-created_at", "-id")`.

    Raises:
        InvalidCursorError: the cursor is not of this list.
    """
    salt = f"cursor:{page.list_name}:{queryset.model._meta.label}:{','.join(order)}"  # noqa: SLF001
    narrowed = queryset.order_by(*order)
    if page.cursor is not None:
        narrowed = after_place(narrowed, order, decode_cursor(page.cursor, salt=salt))
    rows = await db.call(lambda: list(narrowed[: page.limit + 1]))
    items = rows[: page.limit]
    if len(rows) <= page.limit:
        return Slice(items, None)
    last = items[-1]
    values = [getattr(last, name.removeprefix("-")) for name in order]
    return Slice(items, encode_cursor(values, salt=salt))


def encode_cursor(values: Sequence[object], *, salt: str) -> str:
    """Write the place of a row as one opaque, signed word."""
    text = b64_encode(orjson.dumps([_plain(value) for value in values])).decode()
    return signing.Signer(salt=salt).sign(text)


def decode_cursor(cursor: str, *, salt: str) -> list[Any]:
    """Read the place of a row.

    Raises:
        InvalidCursorError: we did not write it for this list.
    """
    try:
        text = signing.Signer(salt=salt).unsign(cursor)
    except signing.BadSignature:
        raise InvalidCursorError from None
    return [_rich(value) for value in orjson.loads(b64_decode(text.encode()))]


def write_number_cursor(number: int, page: PageParams) -> str:
    """Write the number of the last row of a page as a cursor of its list."""
    return write_numbers_cursor([number], page)


def write_numbers_cursor(numbers: Sequence[int], page: PageParams) -> str:
    """Write the numbers that say where a list goes on as a cursor of it."""
    return encode_cursor(numbers, salt=f"cursor:{page.list_name}")


def read_number_cursor(page: PageParams) -> int | None:
    """Read the number of the last row before a page; None for the first page.

    Raises:
        InvalidCursorError: we did not write it for this list.
    """
    numbers = read_numbers_cursor(page)
    return None if numbers is None else numbers[0]


def read_numbers_cursor(page: PageParams) -> list[int] | None:
    """Read the numbers that `write_numbers_cursor` wrote; None for the first page.

    Raises:
        InvalidCursorError: we did not write it for this list.
    """
    if page.cursor is None:
        return None
    return [int(one) for one in decode_cursor(page.cursor, salt=f"cursor:{page.list_name}")]


def _plain(value: object) -> object:
    return {"at": value.isoformat()} if isinstance(value, datetime) else value


def _rich(value: object) -> object:
    return parse_datetime(value["at"]) if isinstance(value, dict) else value
