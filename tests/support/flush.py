"""How the database is emptied after a test that commits."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations

AUDIT = "audit_auditevent"
MADE_BY_MIGRATIONS = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
}


def flush_with_care(patch: pytest.MonkeyPatch) -> None:
    """Let the flush pass the audit's trigger, and keep the roles that migrations made."""
    original = DatabaseOperations.sql_flush

    def sql_flush(
        self: DatabaseOperations, style: Any, tables: Sequence[str], **options: Any
    ) -> list[str]:
        wanted = [table for table in tables if table not in MADE_BY_MIGRATIONS]
        statements = original(self, style, wanted, **options)
        if AUDIT not in wanted:
            return statements
        return [
            f"ALTER TABLE {AUDIT} DISABLE TRIGGER audit_append_only",
            *statements,
            f"ALTER TABLE {AUDIT} ENABLE TRIGGER audit_append_only",
        ]

    patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
