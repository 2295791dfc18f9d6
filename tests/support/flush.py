"""How the database is emptied after a test that commits."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations

APPEND_ONLY = {
    "audit_auditevent": "audit_append_only",
    "llm_assistantversion": "llm_append_only",
    "llm_price": "llm_append_only",
    "moderation_decision": "moderation_append_only",
    "moderation_policyversion": "moderation_append_only",
    "moderation_rulehit": "moderation_append_only",
    "moderation_ruleversion": "moderation_append_only",
}
MADE_BY_MIGRATIONS = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
}


def flush_with_care(patch: pytest.MonkeyPatch) -> None:
    """Let the flush pass the triggers of append-only tables; keep what migrations made."""
    original = DatabaseOperations.sql_flush

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

    patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
