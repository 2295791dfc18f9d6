"""Django's PostgreSQL backend with a cheaper check of pooled connections; named in DATABASES."""

import time
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError
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

    def _take_living(self, conn_params: dict[str, Any]) -> Connection[object]:
        connection: Connection[object] = super().get_new_connection(conn_params)
        while not is_alive(connection):
            connection.close()
            self.pool.putconn(connection)
            connection = self.pool.getconn()
        return connection


class _Away:
    until = 0.0
