"""How the database is emptied after a test that commits."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.core.management.commands import flush
from django.db import OperationalError
from django.db.backends.postgresql.operations import DatabaseOperations
from psycopg.errors import DeadlockDetected

ATTEMPTS = 5
MADE_BY_MIGRATIONS = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
}
MANY_BYTES = 8_000_000
EMPTY = """
DO $$
DECLARE
    tables CONSTANT regclass[] := ARRAY[{names}]::regclass[];
    filled regclass;
BEGIN
    LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE;
    SET LOCAL session_replication_role = replica;
    IF (SELECT sum(pg_relation_size(one)) FROM unnest(tables) one) > {many_bytes} THEN
        TRUNCATE {tables};
    END IF;
    FOR filled IN SELECT one FROM unnest(tables) one WHERE pg_relation_size(one) > 0 LOOP
        EXECUTE format('DELETE FROM %s', filled);
    END LOOP;
END
$$
"""
"""Waits for whoever still writes. No trigger acts, so that append-only tables are emptied too.

Most tests fill few tables with few rows: deleting them takes a tenth of what making the files of
all tables anew takes, and that is left for when there is much to forget.
"""


def flush_with_care(patch: pytest.MonkeyPatch) -> None:
    """Empty what tests fill, and keep what migrations made, so that nothing makes it again.

    A worker that still reads takes its locks in another order: where PostgreSQL breaks the knot by
    ending the flush, it has done nothing yet and begins anew.
    """
    execute = DatabaseOperations.execute_sql_flush

    def sql_flush(
        self: DatabaseOperations, style: Any, tables: Sequence[str], **options: Any
    ) -> list[str]:
        wanted = [self.quote_name(name) for name in tables if name not in MADE_BY_MIGRATIONS]
        names = ", ".join(f"'{name}'" for name in wanted)
        return [EMPTY.format(tables=", ".join(wanted), names=names, many_bytes=MANY_BYTES)]

    def execute_sql_flush(self: DatabaseOperations, statements: list[str]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                execute(self, statements)
            except OperationalError as error:
                if attempt == ATTEMPTS or not isinstance(error.__cause__, DeadlockDetected):
                    raise
            else:
                return

    patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
    patch.setattr(DatabaseOperations, "execute_sql_flush", execute_sql_flush)
    patch.setattr(flush, "emit_post_migrate_signal", lambda *_: None)
