"""What a call may still use is checked and reserved by one statement."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import OperationalError

from apps.core.postgresql.statements import Statement
from apps.llm.statements.prices import cost_of, price_of

COMPLETING_ATTEMPTS = 4
_APPLYING = """
    SELECT
        quota.*,
        CASE WHEN quota.from_settings THEN %(default_tokens)s::bigint ELSE quota.amount
            END AS share,
        CASE WHEN quota.kind IN ('everyone', 'member') THEN %(user_id)s::bigint ELSE 0
            END AS holder,
        row_number() OVER (
            PARTITION BY
                quota.unit, quota.period, quota.is_hard,
                CASE WHEN quota.kind IN ('person', 'member', 'everyone') THEN 0 ELSE quota.id END
            ORDER BY
                array_position(ARRAY['person', 'member', 'everyone'], quota.kind::text),
                quota.from_settings, quota.amount DESC, quota.id
        ) AS place
    FROM llm_quota AS quota
    WHERE quota.ended_at IS NULL AND (
        (quota.kind = 'everyone' AND (NOT quota.from_settings OR %(default_tokens)s::bigint > 0))
        OR (quota.kind = 'person' AND quota.user_id = %(user_id)s::bigint)
        OR (quota.kind = 'token' AND quota.api_token_id = %(api_token_id)s::bigint)
        OR (quota.kind = 'model' AND (
            quota.chat_model_id = ANY(%(chat_model_ids)s::bigint[])
            OR (quota.chat_model_id IS NULL AND quota.model_name = ANY(%(models)s::text[]))
        ))
        OR (quota.kind IN ('group', 'member') AND quota.group_id = ANY(ARRAY(
            SELECT group_id FROM users_user_groups WHERE user_id = %(user_id)s::bigint
        )))
    )
"""
_PERIODS = """
    (VALUES
        ('hour', %(hour_starts)s::timestamptz, %(hour_ends)s::timestamptz),
        ('day', %(day_starts)s::timestamptz, %(day_ends)s::timestamptz),
        ('week', %(week_starts)s::timestamptz, %(week_ends)s::timestamptz),
        ('month', %(month_starts)s::timestamptz, %(month_ends)s::timestamptz)
    ) AS span (period, starts_at, ends_at)
"""
_ASKED = f"""
    applying AS ({_APPLYING}), asked AS (
        SELECT
            applying.id, applying.kind, applying.unit, applying.period, applying.is_hard,
            applying.by_staff, applying.chat_model_id, applying.model_name, applying.share,
            applying.holder, span.starts_at, span.ends_at
        FROM applying JOIN {_PERIODS} ON span.period = applying.period
        WHERE applying.place = 1
    )
"""  # noqa: S608  nothing that comes from outside
_COLUMNS = """
    asked.id, asked.kind, asked.unit, asked.period, asked.is_hard, asked.by_staff,
    asked.chat_model_id, asked.model_name, asked.share, asked.ends_at,
    coalesce(counter.used, 0), coalesce(counter.reserved, 0)
"""


class QuotaState(NamedTuple):
    """One quota that counts for somebody, and how far it is used in the period that runs."""

    quota_id: int
    kind: str
    unit: str
    period: str
    is_hard: bool
    by_staff: bool
    chat_model_id: int | None
    model_name: str
    amount: int
    resets_at: datetime
    used: int
    reserved: int

    @property
    def left(self) -> int:
        """What is neither used nor reserved."""
        return max(0, self.amount - self.used - self.reserved)

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left."""
        return self.used + self.reserved >= self.amount

    @property
    def is_spent(self) -> bool:
        """Whether nothing would be left if all that is reserved came back."""
        return self.used >= self.amount

    @property
    def share(self) -> float:
        """Which part of it is used or reserved; 1 for one of nothing."""
        return (self.used + self.reserved) / self.amount if self.amount else 1.0


_RESERVE = Statement(
    f"""
    WITH {_ASKED.strip()}, price AS MATERIALIZED (
        SELECT
            coalesce({cost_of("one.prompt_tokens", "one.completion_tokens")}, 0)::bigint AS money,
            rate.id IS NULL AS is_unknown
        FROM (VALUES (
            %(model)s::text, %(chat_model_id)s::bigint, %(moment)s::timestamptz,
            %(prompt_tokens)s::bigint, %(completion_tokens)s::bigint
        )) AS one (model, chat_model_id, moment, prompt_tokens, completion_tokens)
        {price_of("one.model", "one.chat_model_id", "one.moment")}
    ), ready AS MATERIALIZED (
        SELECT count(known.id) = count(*) AS is_complete
        FROM asked LEFT JOIN llm_quotacounter AS known ON asked.id = known.quota_id
            AND asked.holder = known.holder_id AND asked.starts_at = known.starts_at
    ), counter AS MATERIALIZED (
        SELECT known.id, known.quota_id, known.used, known.reserved
        FROM llm_quotacounter AS known
        JOIN asked ON asked.id = known.quota_id AND asked.holder = known.holder_id
            AND asked.starts_at = known.starts_at
        WHERE (SELECT is_complete FROM ready)
        ORDER BY known.id
        FOR NO KEY UPDATE OF known
    ), verdict AS MATERIALIZED (
        SELECT
            NOT (SELECT is_complete FROM ready)
            OR (%(default_tokens)s::bigint > 0 AND NOT EXISTS (
                SELECT FROM llm_quota WHERE from_settings AND ended_at IS NULL
            )) AS is_incomplete,
            coalesce(bool_or(
                asked.is_hard AND counter.used + counter.reserved >= asked.share
            ), false) AS is_used_up,
            coalesce(bool_or(
                asked.is_hard AND asked.unit = 'money' AND (SELECT is_unknown FROM price)
            ), false) AS is_unpriced
        FROM asked LEFT JOIN counter ON counter.quota_id = asked.id
    ), wanted AS MATERIALIZED (
        SELECT
            counter.id,
            CASE asked.unit
                WHEN 'tokens' THEN %(prompt_tokens)s::bigint + %(completion_tokens)s::bigint
                ELSE price.money
            END AS amount,
            CASE WHEN asked.is_hard THEN %(completion_tokens)s::integer END AS answer_tokens
        FROM asked JOIN counter ON counter.quota_id = asked.id, verdict, price
        WHERE NOT verdict.is_incomplete AND NOT verdict.is_used_up AND NOT verdict.is_unpriced
    ), taken AS (
        UPDATE llm_quotacounter AS known SET reserved = known.reserved + wanted.amount
        FROM wanted WHERE known.id = wanted.id
    ), kept AS (
        INSERT INTO llm_reservation (
            purpose, reference_id, counter_id, amount, answer_tokens, created_at
        )
        SELECT
            %(purpose)s, %(reference_id)s, wanted.id, wanted.amount, wanted.answer_tokens,
            statement_timestamp()
        FROM wanted
    )
    SELECT verdict.is_incomplete, verdict.is_used_up, verdict.is_unpriced, {_COLUMNS}
    FROM verdict LEFT JOIN asked ON true LEFT JOIN counter ON counter.quota_id = asked.id
    ORDER BY asked.ends_at DESC, asked.id
    """  # noqa: S608  nothing that comes from outside
)
_ADD_DEFAULT = Statement(
    """
    INSERT INTO llm_quota (
        kind, model_name, unit, period, amount, is_hard, from_settings, reason, created_at
    )
    SELECT 'everyone', '', 'tokens', 'day', 0, true, true, '', statement_timestamp()
    WHERE %(default_tokens)s::bigint > 0
    ON CONFLICT DO NOTHING
    """
)
_ADD_COUNTERS = Statement(
    f"""
    WITH {_ASKED.strip()}
    INSERT INTO llm_quotacounter (quota_id, holder_id, starts_at, ends_at)
    SELECT id, holder, starts_at, ends_at FROM asked ORDER BY id
    ON CONFLICT DO NOTHING
    """  # noqa: S608  nothing that comes from outside
)
_HOLD = Statement(
    f"""
    WITH {_ASKED.strip()}
    SELECT known.id FROM llm_quotacounter AS known
    WHERE known.id IN (
        SELECT counter_id FROM llm_reservation
        WHERE purpose = %(purpose)s AND reference_id = %(reference_id)s
    ) OR known.id IN (
        SELECT counter.id FROM asked JOIN llm_quotacounter AS counter
            ON counter.quota_id = asked.id AND counter.holder_id = asked.holder
            AND counter.starts_at = asked.starts_at
    )
    ORDER BY known.id
    FOR NO KEY UPDATE OF known
    """  # noqa: S608  nothing that comes from outside
)
_READ = Statement(
    f"""
    WITH {_ASKED.strip()}
    SELECT {_COLUMNS}
    FROM asked LEFT JOIN llm_quotacounter AS counter
        ON counter.quota_id = asked.id AND counter.holder_id = asked.holder
        AND counter.starts_at = asked.starts_at
    ORDER BY asked.unit DESC, asked.ends_at, asked.id
    """  # noqa: S608  nothing that comes from outside
)


class Reserved(NamedTuple):
    """What came of asking: nothing was reserved where one of the two is true.

    Attributes:
        is_used_up: whether nothing is left of a hard quota.
        is_unpriced: whether a hard quota counts money and the model has no price.
        quotas: those that count for the call.
    """

    is_used_up: bool
    is_unpriced: bool
    quotas: list[QuotaState]


def reserve(**values: object) -> Reserved:
    """Reserve of every quota that counts for a call what it may use, or of none.

    The counters are locked in the order of their numbers. One that does not exist yet in its period
    is made first, which takes three more statements once a period; none is locked before all exist,
    because whoever makes one is waited for. A quota that staff add meanwhile has its counter made
    as well: no call begins while one is unchecked.

    Args:
        values: purpose, reference_id, model, chat_model_id, prompt_tokens, completion_tokens,
            moment, and what `read_states` takes.

    Raises:
        OperationalError: a counter was missing each time, so that nothing could be checked.
    """
    rows = _RESERVE.rows(**values)
    for _ in range(COMPLETING_ATTEMPTS):
        if not rows[0][0]:
            break
        _ADD_DEFAULT.run(**values)
        _ADD_COUNTERS.run(**values)
        rows = _RESERVE.rows(**values)
    if rows[0][0]:
        message = "the counters of the quotas could not be completed"
        raise OperationalError(message)
    quotas = [QuotaState(*row[3:]) for row in rows if row[3] is not None]
    return Reserved(bool(rows[0][1]), bool(rows[0][2]), quotas)


def hold_with_reserved(**values: object) -> None:
    """Lock the counters that count for a call, and those that it has reserved of, in one order.

    Args:
        values: purpose, reference_id, and what `read_states` takes.
    """
    _ADD_COUNTERS.run(**values)
    _HOLD.run(**values)


def answer_tokens(purpose: str, reference_id: str) -> str:
    """Return SQL for what hard quotas hold for an answer; NULL where none counts.

    Args:
        purpose: SQL for what the call is for.
        reference_id: SQL for the reply or conversation it is for.
    """
    return (
        "(SELECT min(held.answer_tokens) FROM llm_reservation AS held "  # noqa: S608  names
        f"WHERE held.purpose = {purpose} AND held.reference_id = {reference_id})"
    )


def read_states(**values: object) -> list[QuotaState]:
    """Return the quotas that count for somebody, with what is used.

    Args:
        values: user_id, api_token_id, models, chat_model_ids, default_tokens, and the bounds of
            each period.
    """
    return [QuotaState(*row) for row in _READ.rows(**values)]
