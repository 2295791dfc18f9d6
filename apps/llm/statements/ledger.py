"""A line of the ledger, what it adds to its day, and what it settles: one statement."""

from __future__ import annotations

from collections.abc import Sequence

from apps.core.postgresql.statements import Statement

_SETTLE = """
    gone AS (
        DELETE FROM llm_reservation
        WHERE purpose = %(purpose)s AND reference_id = ANY(%(reference_ids)s)
        RETURNING counter_id, amount
    ), owed AS (
        SELECT counter_id, sum(amount)::bigint AS amount FROM gone GROUP BY counter_id
    ), held AS MATERIALIZED (
        SELECT counter.id, quota.unit
        FROM llm_quotacounter AS counter JOIN llm_quota AS quota ON quota.id = counter.quota_id
        WHERE counter.id IN (SELECT counter_id FROM owed)
        ORDER BY counter.id
        FOR NO KEY UPDATE OF counter
    )
    UPDATE llm_quotacounter AS counter
    SET reserved = counter.reserved - owed.amount,
        used = counter.used + CASE held.unit
            WHEN 'tokens' THEN %(tokens)s
            ELSE coalesce(%(cost_nano)s::bigint, owed.amount)
        END
    FROM owed JOIN held ON held.id = owed.counter_id
    WHERE counter.id = owed.counter_id
"""

_DAY = """
    day, model, chat_model_id, api_token_id, purpose, calls, prompt_tokens, completion_tokens,
    cost_nano, estimated_calls, unpriced_calls
"""
_JOIN_DAY = """
        ON CONFLICT (user_id, day, model, api_token_id, purpose, chat_model_id) DO UPDATE SET
            calls = known.calls + excluded.calls,
            prompt_tokens = known.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = known.completion_tokens + excluded.completion_tokens,
            cost_nano = known.cost_nano + excluded.cost_nano,
            estimated_calls = known.estimated_calls + excluded.estimated_calls,
            unpriced_calls = known.unpriced_calls + excluded.unpriced_calls
"""

_ADD_LINE = Statement(
    f"""
    WITH person AS MATERIALIZED (
        SELECT id FROM users_user WHERE id = %(user_id)s::bigint FOR KEY SHARE
    ), line AS (
        INSERT INTO llm_usagerecord (
            user_id, api_token_id, purpose, reference_id, model, chat_model_id, prompt_tokens,
            cached_tokens, completion_tokens, source, price_id, price_source, input_nano,
            cached_input_nano, output_nano, cost_nano, cost_source, outcome, first_token_ms,
            duration_ms, created_at
        )
        VALUES (
            (SELECT id FROM person), %(api_token_id)s, %(purpose)s, %(reference_id)s, %(model)s,
            %(chat_model_id)s, %(prompt_tokens)s, %(cached_tokens)s, %(completion_tokens)s,
            %(source)s, %(price_id)s, %(price_source)s,
            %(input_nano)s, %(cached_input_nano)s, %(output_nano)s,
            %(cost_nano)s, %(cost_source)s, %(outcome)s, %(first_token_ms)s, %(duration_ms)s,
            statement_timestamp()
        )
    ), day AS (
        INSERT INTO llm_usageday AS known (
            user_id, day, model, chat_model_id, api_token_id, purpose, calls, prompt_tokens,
            completion_tokens, cost_nano, estimated_calls, unpriced_calls
        )
        VALUES (
            (SELECT id FROM person), %(day)s, %(model)s, %(chat_model_id)s,
            coalesce(%(api_token_id)s::bigint, 0), %(purpose)s, 1, %(prompt_tokens)s,
            %(completion_tokens)s, %(money)s, %(estimated)s, %(unpriced)s
        )
        {_JOIN_DAY}
    ), {_SETTLE.lstrip()}
    """  # noqa: S608  nothing that comes from outside
)


def add_line(**values: object) -> None:
    """Write a line of the ledger with its share of the day, and settle what it had reserved.

    The line of somebody whose account is gone, or goes at this moment, is nobody's.
    """
    _ADD_LINE.run(reference_ids=[values["reference_id"]], **values)


_HOLD = Statement(
    """
    SELECT counter.id FROM llm_quotacounter AS counter
    WHERE counter.id IN (
        SELECT counter_id FROM llm_reservation
        WHERE purpose = %(purpose)s AND reference_id = ANY(%(reference_ids)s)
    )
    ORDER BY counter.id
    FOR NO KEY UPDATE OF counter
    """
)


def hold(*, purpose: str, reference_ids: Sequence[int]) -> None:
    """Lock every counter that some calls have reserved of, before they are settled one by one."""
    _HOLD.run(purpose=purpose, reference_ids=list(reference_ids))


_RELEASE = Statement(f"WITH {_SETTLE.lstrip()}")


def release(*, purpose: str, reference_ids: Sequence[int]) -> None:
    """Give back what calls had reserved that were never made."""
    _RELEASE.run(purpose=purpose, reference_ids=list(reference_ids), tokens=0, cost_nano=0)


def _parting(table: str, span: str) -> Statement:
    """Return the statement that joins a person's sums with those of nobody, span by span."""
    columns = _DAY.replace("day,", f"{span},", 1)
    return Statement(
        f"""
    WITH gone AS (
        DELETE FROM {table} WHERE user_id = %(user_id)s RETURNING {columns}
    )
    INSERT INTO {table} AS known (user_id, {columns})
    SELECT NULL, {columns} FROM gone
    ORDER BY {span}, model, api_token_id, purpose, chat_model_id
    {_JOIN_DAY.replace("user_id, day,", f"user_id, {span},", 1)}
    """  # noqa: S608  names of columns
    )


_PART_WITH_DAYS = _parting("llm_usageday", "day")
_PART_WITH_WEEKS = _parting("llm_usageweek", "week")
_PART_WITH_LINES = Statement(
    "UPDATE llm_usagerecord SET user_id = NULL WHERE user_id = %(user_id)s"
)


def part_with(*, user_id: int) -> None:
    """Make nobody's what a person used: lines, days and weeks stay as they are otherwise."""
    _PART_WITH_DAYS.run(user_id=user_id)
    _PART_WITH_WEEKS.run(user_id=user_id)
    _PART_WITH_LINES.run(user_id=user_id)
