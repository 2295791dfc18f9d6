"""Sums of days and weeks that are over: made once, so that the figures of months read few rows."""

from __future__ import annotations

from datetime import date

from apps.core.postgresql.statements import Statement

_SUMMED = ("calls", "prompt_tokens", "completion_tokens", "cost_nano", "unpriced_calls")
_NAMES = ", ".join(_SUMMED)
_SUMS = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in _SUMMED)
_OF_WHOM = "user_id, model, chat_model_id, api_token_id, purpose"

_MISSING = Statement(
    """
    SELECT series.day::date
    FROM generate_series(%(first)s::date, %(last)s::date, '1 day') AS series (day)
    WHERE NOT EXISTS (
        SELECT FROM llm_usagetotal AS known
        WHERE known.day = series.day::date AND known.purpose = ''
    )
    ORDER BY series.day
    LIMIT %(most)s
    """
)
_ADD_TOTALS = Statement(
    f"""
    INSERT INTO llm_usagetotal (day, purpose, {_NAMES})
    SELECT %(day)s::date, purpose, {_SUMS} FROM llm_usageday WHERE day = %(day)s::date
    GROUP BY purpose
    UNION ALL
    SELECT %(day)s::date, '', {_SUMS} FROM llm_usageday WHERE day = %(day)s::date
    ON CONFLICT DO NOTHING
    """  # noqa: S608  names of columns
)
_ADD_WEEK = Statement(
    f"""
    INSERT INTO llm_usageweek ({_OF_WHOM}, week, estimated_calls, {_NAMES})
    SELECT {_OF_WHOM}, %(week)s::date, sum(estimated_calls), {_SUMS} FROM llm_usageday
    WHERE day BETWEEN %(week)s::date AND %(week)s::date + 6
    GROUP BY {_OF_WHOM}
    ON CONFLICT DO NOTHING
    """  # noqa: S608  names of columns
)
_REMOVE_WEEKS = Statement("DELETE FROM llm_usageweek WHERE week < %(before)s::date")


def missing_days(*, first: date, last: date, most: int) -> list[date]:
    """Return the days of a stretch that have not been summed, the oldest first."""
    return [row[0] for row in _MISSING.rows(first=first, last=last, most=most)]


def add_totals(*, day: date) -> None:
    """Sum a day that is over, for each purpose and for all."""
    _ADD_TOTALS.run(day=day)


def add_week(*, week: date) -> None:
    """Sum the week that begins on this Monday, for each person, model, token and purpose."""
    _ADD_WEEK.run(week=week)


def remove_weeks(*, before: date) -> int:
    """Remove the sums of weeks that no figure asks for any more; the days stay."""
    return _REMOVE_WEEKS.run(before=before)
