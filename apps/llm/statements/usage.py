"""What was used in a stretch of days, by each of what staff ask for, in one pass over the days."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from apps.core.postgresql.statements import Statement

_SUMMED = ("calls", "prompt_tokens", "completion_tokens", "cost_nano", "unpriced_calls")
_SUMS = ", ".join(f"sum({name})::bigint AS {name}" for name in _SUMMED)
_PLAIN = ", ".join(_SUMMED)
_MOST = "ORDER BY cost_nano DESC, prompt_tokens DESC, {by} LIMIT %(most)s"


def _of(kind: str, name: str, number: str, *, by: str, having: str = "") -> str:
    return f"""
    (SELECT '{kind}', {name}, {number}, {_SUMS} FROM once WHERE is_rest = 1
    GROUP BY {by} {having} {_MOST.format(by=by)})
    """  # noqa: S608  nothing that comes from outside


_READ = Statement(
    f"""
    WITH once AS MATERIALIZED (
        SELECT
            grouping(day) AS is_rest, day, user_id, model, chat_model_id, purpose, api_token_id,
            {_SUMS}
        FROM llm_usageday
        WHERE day BETWEEN %(first)s::date AND %(last)s::date
            AND (%(purpose)s::text = '' OR purpose = %(purpose)s::text)
        GROUP BY GROUPING SETS (
            (day), (user_id, model, chat_model_id, purpose, api_token_id)
        )
    ), person AS MATERIALIZED (
        SELECT user_id, {_SUMS} FROM once WHERE is_rest = 1 GROUP BY user_id
    ), token AS (
        SELECT api_token_id, {_SUMS} FROM once WHERE is_rest = 1 AND api_token_id > 0
        GROUP BY api_token_id {_MOST.format(by="api_token_id")}
    )
    SELECT 'day', day::text, NULL::bigint, {_PLAIN} FROM once WHERE is_rest = 0
    UNION ALL {_of("purpose", "purpose", "NULL", by="purpose")}
    UNION ALL {_of("model", "model", "chat_model_id", by="model, chat_model_id")}
    UNION ALL (
        SELECT 'person', account.name, most.user_id, {_PLAIN}
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
    """What one day, purpose, model, person, group or token used.

    `name` is None where the person or token is not there, `number` where there is none.
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

    The days are read once, by the index that holds all that is summed; what else is told is summed
    from the few rows that this leaves.
    """
    rows = _READ.rows(first=first, last=last, purpose=purpose, most=most)
    lines = [Line(*row) for row in rows]
    return sorted(lines, key=lambda one: (-one.cost_nano, -one.prompt_tokens, one.name or ""))
