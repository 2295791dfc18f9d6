"""The price of a model at a moment, as a part of other statements and by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from apps.core.postgresql.statements import Statement
from apps.llm.constants import PRICED_TOKENS

RATE_COLUMNS = "rate.id, rate.input_nano, rate.cached_input_nano, rate.output_nano"


class Rate(NamedTuple):
    """What a model costs: nano-dollars for a million tokens, and the row that says so."""

    price_id: int
    input_nano: int
    cached_input_nano: int
    output_nano: int

    def cost(self, *, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> int:
        """Return what tokens cost in nano-dollars, rounded to the nearest.

        Args:
            prompt_tokens: all of the prompt's.
            completion_tokens: of the answer.
            cached_tokens: those of the prompt that the provider took from its cache.
        """
        cached = min(cached_tokens, prompt_tokens)
        parts = (
            (prompt_tokens - cached) * self.input_nano
            + cached * self.cached_input_nano
            + completion_tokens * self.output_nano
        )
        return (parts + PRICED_TOKENS // 2) // PRICED_TOKENS


def rate_of(row: Sequence[int | None]) -> Rate | None:
    """Return the rate that a statement read by RATE_COLUMNS; None for a model without a price."""
    return Rate(*row) if row[0] is not None else None  # type: ignore[arg-type]


def price_of(model: str, moment: str) -> str:
    """Return the lateral join that finds the price of a model, as `rate`, in a statement.

    Args:
        model: SQL for the model's name.
        moment: SQL for when.
    """
    return f"""
    LEFT JOIN LATERAL (
        SELECT price.id, price.input_nano, price.cached_input_nano, price.output_nano
        FROM llm_price AS price
        WHERE price.valid_from <= {moment} AND (
            price.model_name = {model}
            OR (price.is_prefix AND starts_with({model}, price.model_name))
        )
        ORDER BY
            price.model_name = {model} DESC, length(price.model_name) DESC, price.valid_from DESC,
            price.id DESC
        LIMIT 1
    ) AS rate ON true
    """  # noqa: S608  names of columns and parameters


LIMITED = "EXISTS (SELECT FROM llm_quota WHERE ended_at IS NULL AND NOT from_settings)"
"""SQL that tells whether staff or owners have set any quota."""


def paused(model: str) -> str:
    """Return SQL that tells whether staff keep answers of a model from being written."""
    return (
        "EXISTS (SELECT FROM llm_pause AS pause WHERE pause.lifted_at IS NULL"
        f" AND pause.model_name IN ('', {model}))"
    )


_FIND = Statement(
    f"""
    SELECT {RATE_COLUMNS}
    FROM (VALUES (%(model)s::text, %(moment)s::timestamptz)) AS asked (model, moment)
    {price_of("asked.model", "asked.moment")}
    """  # noqa: S608  names of columns
)


def find_rate(*, model: str, moment: datetime) -> Rate | None:
    """Return what a model cost at a moment; None where it had no price."""
    row = _FIND.row(model=model, moment=moment)
    return rate_of(row) if row is not None else None
