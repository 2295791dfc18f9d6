"""SQL that every message passes; see docs/decisions/0050."""

from __future__ import annotations

from apps.core.postgresql.statements import Statement

ADD_LINE = Statement(
    """
    INSERT INTO llm_usagerecord (
        user_id, purpose, reference_id, model, prompt_tokens, completion_tokens, source, outcome,
        first_token_ms, duration_ms, created_at
    )
    VALUES (
        %(user_id)s, %(purpose)s, %(reference_id)s, %(model)s, %(prompt_tokens)s,
        %(completion_tokens)s, %(source)s, %(outcome)s, %(first_token_ms)s, %(duration_ms)s,
        statement_timestamp()
    )
    """
)
