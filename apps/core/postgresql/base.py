"""Django's PostgreSQL backend, with a cheaper check of pooled connections and prepared statements.

It is named in DATABASES.
"""

import time
from typing import Any, Self

from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from psycopg import Connection, Cursor, OperationalError
from psycopg.types.numeric import Int8Dumper
from psycopg_pool import PoolTimeout

from apps.core.postgresql.liveness import is_alive

PAUSE_SECONDS = 1.0


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is lost is replaced when it leaves the pool, as with CONN_HEALTH_CHECKS."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[object]:
        """Return a connection that works.

        Whoever waited in vain spares the others the wait: they fail at once for a moment, so that
        while PostgreSQL is away a crowd is refused quickly instead of queueing for the threads.
        """
        if self.pool is None:
            connection: Connection[object] = super().get_new_connection(conn_params)
            return connection
        if time.monotonic() < _Away.until:
            raise OperationalError
        try:
            return self._take_living(conn_params)
        except PoolTimeout:
            _Away.until = time.monotonic() + PAUSE_SECONDS
            raise

    def prepared_cursor(self) -> CursorWrapper:
        """Return a cursor whose statements are planned once for each connection."""
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = _PreparingCursor(self.connection)
        wrapper: CursorWrapper = self._prepare_cursor(cursor)  # type: ignore[attr-defined]
        return wrapper

    def _take_living(self, conn_params: dict[str, Any]) -> Connection[object]:
        connection: Connection[object] = super().get_new_connection(conn_params)
        while not is_alive(connection):
            connection.close()
            self.pool.putconn(connection)
            connection = self.pool.getconn()
        return connection


class _PreparingCursor(Cursor[Any]):
    """Sends values apart from the text, with one type for every integer: one plan serves all."""

    def __init__(self, connection: Connection[Any]) -> None:
        super().__init__(connection)
        self.adapters.register_dumper(int, Int8Dumper)

    def execute(self, *arguments: Any, **options: Any) -> Self:  # noqa: ANN401  as the original
        return super().execute(*arguments, **{"prepare": True, **options})


class _Away:
    until = 0.0
