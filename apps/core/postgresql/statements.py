"""SQL by hand, for the few statements that every message passes; see docs/decisions/0050."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model

from apps.core.postgresql.base import DatabaseWrapper

M = TypeVar("M", bound=Model)
Row = tuple[Any, ...]


class Statement:
    """One statement with named parameters, which PostgreSQL plans once for each connection.

    It runs on Django's connection, so it takes part in the transaction that is open there. Values
    are sent apart from the text and never become part of it.
    """

    def __init__(self, text: str) -> None:
        """Take the text.

        Args:
            text: SQL with parameters as `%(name)s`.
        """
        self._text = text

    def run(self, **parameters: Any) -> int:  # noqa: ANN401
        """Run it and return how many rows it changed or found."""
        with cast("DatabaseWrapper", connection).prepared_cursor() as cursor:
            cursor.execute(self._text, parameters)
            changed: int = cursor.rowcount
            return changed

    def row(self, **parameters: Any) -> Row | None:  # noqa: ANN401
        """Run it and return the first row, None if there is none."""
        with cast("DatabaseWrapper", connection).prepared_cursor() as cursor:
            cursor.execute(self._text, parameters)
            row: Row | None = cursor.fetchone()
            return row

    def rows(self, **parameters: Any) -> list[Row]:  # noqa: ANN401
        """Run it and return all rows."""
        with cast("DatabaseWrapper", connection).prepared_cursor() as cursor:
            cursor.execute(self._text, parameters)
            rows: list[Row] = cursor.fetchall()
            return rows


class Columns:
    """Some or all columns of a model, to be named in a statement and read from its rows."""

    def __init__(self, model: type[M], *names: str) -> None:
        """Take the columns.

        Args:
            model: whose table it is.
            names: of fields; all of them if none is named.
        """
        fields = model._meta.concrete_fields  # noqa: SLF001  documented, whatever its name says
        chosen = [field for field in fields if not names or field.attname in names]
        self._model = model
        self._names = [field.attname for field in chosen]
        self._columns = [field.column for field in chosen]

    def __len__(self) -> int:
        return len(self._names)

    def of(self, table: str) -> str:
        """Return the list of columns for a SELECT, each with the table's name before it."""
        return ", ".join(f"{table}.{column}" for column in self._columns)

    def load(self, values: Sequence[object]) -> Any:  # noqa: ANN401  an instance of its model
        """Return the instance for the values of these columns, as the ORM would load it."""
        return self._model.from_db(DEFAULT_DB_ALIAS, self._names, values)
