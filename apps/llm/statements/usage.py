"""What was used in a stretch of days, by each of what staff ask for, in one pass over its rows."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from apps.core.postgresql.statements import Statement
from apps.llm.constants import HOUSE_PURPOSES

_SUMMED = ("calls", "prompt_tokens", "completion_tokens", "cost_nano", "unpriced_calls")
_SUMS = ", ".join(f"sum({name})::bigint AS {name}" for name in _SUMMED)
_PLAIN = ", ".join(_SUMMED)
_OF_WHOM = "user_id, model, chat_model_id, purpose, api_token_id"
_IS_HOUSE = f"""(user_id IS NULL AND purpose IN ({
    ", ".join(f"'{purpose.value}'" for purpose in HOUSE_PURPOSES)
}))"""
_MOST = "ORDER BY cost_nano DESC, prompt_tokens DESC, {by} LIMIT %(most)s"


def _of_table(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in _SUMMED)


def _of(kind: str, name: str, number: str, *, by: str) -> str:
    return f"""
    (SELECT '{kind}', {name}, {number}, {_SUMS} FROM once
    GROUP BY {by} {_MOST.format(by=by)})
    """  # noqa: S608  nothing that comes from outside


_WANTED = "(%(purpose)s::text = '' OR purpose = %(purpose)s::text)"
_READ = Statement(
    f"""
    WITH summed AS MATERIALIZED (
        SELECT day FROM llm_usagetotal
        WHERE day BETWEEN %(first)s::date AND %(last)s::date AND purpose = ''
    ), week AS MATERIALIZED (
        SELECT day - 6 AS week FROM summed
        WHERE extract(isodow FROM day) = 7 AND day - 6 >= %(first)s::date
    ), span AS MATERIALIZED (
        SELECT series.day::date AS day
        FROM generate_series(%(first)s::date, %(last)s::date, '1 day') AS series (day)
    ), loose AS MATERIALIZED (
        SELECT day FROM span
        WHERE NOT EXISTS (SELECT FROM week WHERE span.day BETWEEN week.week AND week.week + 6)
    ), once AS MATERIALIZED (
        SELECT {_OF_WHOM}, {_SUMS}
        FROM (
            SELECT {_OF_WHOM}, {_PLAIN} FROM llm_usageweek
            WHERE week = ANY(ARRAY(SELECT week FROM week)) AND {_WANTED}
            UNION ALL
            SELECT {_OF_WHOM}, {_PLAIN} FROM llm_usageday
            WHERE day = ANY(ARRAY(SELECT day FROM loose)) AND {_WANTED}
        ) AS part
        GROUP BY {_OF_WHOM}
    ), person AS MATERIALIZED (
        SELECT user_id, {_IS_HOUSE} AS is_house, {_SUMS} FROM once
        GROUP BY user_id, {_IS_HOUSE}
    ), token AS (
        SELECT api_token_id, {_SUMS} FROM once WHERE api_token_id > 0
        GROUP BY api_token_id {_MOST.format(by="api_token_id")}
    )
    SELECT 'day', known.day::text, NULL::bigint, {_of_table("known")}
    FROM llm_usagetotal AS known JOIN summed ON summed.day = known.day
    WHERE known.purpose = %(purpose)s::text
    UNION ALL (
        SELECT 'day', day::text, NULL::bigint, {_SUMS} FROM llm_usageday
        WHERE day = ANY(ARRAY(SELECT day FROM span EXCEPT SELECT day FROM summed)) AND {_WANTED}
        GROUP BY day
    )
    UNION ALL {_of("purpose", "purpose", "NULL", by="purpose")}
    UNION ALL {_of("model", "model", "chat_model_id", by="model, chat_model_id")}
    UNION ALL (
        SELECT CASE WHEN most.is_house THEN 'house' ELSE 'person' END, account.name, most.user_id,
            {_PLAIN}
        FROM (SELECT * FROM person {_MOST.format(by="user_id")}) AS most
        LEFT JOIN users_user AS account ON account.id = most.user_id
    )
    UNION ALL (
        SELECT 'group', part.name, part.id, {_SUMS}
        FROM person
        JOIN users_user_groups AS membership ON membership.user_id = person.user_id
        JOIN auth_group AS part ON part.id = membership.group_id
        GROUP BY part.id {_MOST.format(by="part.name")}
    )
    UNION ALL (
        SELECT 'token', known.name, token.api_token_id, {_PLAIN}
        FROM token LEFT JOIN users_apitoken AS known ON known.id = token.api_token_id
    )
    """  # noqa: S608  nothing that comes from outside
)


class Line(NamedTuple):
    """What one day, purpose, model, person, group or token used, or the organisation (`house`).

    `name` is None where the person or token is not there, `number` where there is none: what those
    people used whose accounts are gone is one line.
    """

    kind: str
    name: str | None
    number: int | None
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_nano: int
    unpriced_calls: int


def read_used(*, first: date, last: date, purpose: str, most: int) -> list[Line]:
    """Return what was used from one day to another, at most so many lines of each kind but days.

    Whole weeks that were summed are read as such, other days by the index that holds all that is
    summed, each row once; what else is told is summed from the few rows that this leaves.
    """
    rows = _READ.rows(first=first, last=last, purpose=purpose, most=most)
    lines = [Line(*row) for row in rows]
    return sorted(lines, key=lambda one: (-one.cost_nano, -one.prompt_tokens, one.name or ""))
