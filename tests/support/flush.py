"""How the database is emptied after a test that commits."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.postgresql.operations import DatabaseOperations
from psycopg.errors import DeadlockDetected

APPEND_ONLY = {
    "audit_auditevent": "audit_append_only",
    "llm_assistantversion": "llm_append_only",
    "llm_price": "llm_append_only",
    "moderation_decision": "moderation_append_only",
    "moderation_policyversion": "moderation_append_only",
    "moderation_rulehit": "moderation_append_only",
    "moderation_ruleversion": "moderation_append_only",
}
ATTEMPTS = 5
MADE_BY_MIGRATIONS = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
}


def flush_with_care(patch: pytest.MonkeyPatch) -> None:
    """Let the flush pass the triggers of append-only tables; keep what migrations made.

    A worker that still reads takes its locks in another order: where PostgreSQL breaks the knot by
    ending the flush, it has done nothing yet and begins anew.
    """
    original, execute = DatabaseOperations.sql_flush, DatabaseOperations.execute_sql_flush

    def sql_flush(
        self: DatabaseOperations, style: Any, tables: Sequence[str], **options: Any
    ) -> list[str]:
        wanted = [table for table in tables if table not in MADE_BY_MIGRATIONS]
        statements = original(self, style, wanted, **options)
        guarded = [(table, name) for table, name in APPEND_ONLY.items() if table in wanted]
        return [
            *(f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name in guarded),
            *statements,
            *(f"ALTER TABLE {table} ENABLE TRIGGER {name}" for table, name in guarded),
        ]

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
