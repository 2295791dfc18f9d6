"""Django's PostgreSQL backend with a cheaper check of pooled connections; named in DATABASES."""

from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection

from apps.core.postgresql.liveness import is_alive


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is lost is replaced when it leaves the pool, as with CONN_HEALTH_CHECKS."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[object]:
        """Return a connection that works."""
        connection: Connection[object] = super().get_new_connection(conn_params)
        while self.pool is not None and not is_alive(connection):
            connection.close()
            self.pool.putconn(connection)
            connection = self.pool.getconn()
        return connection
