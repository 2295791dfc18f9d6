"""The price of a model at a moment, as a part of other statements and by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from apps.core.postgresql.statements import Statement
from apps.llm.constants import PRICED_TOKENS


class Rate(NamedTuple):
    """What a model costs: nano-dollars for a million tokens, and the row that says so.

    `source` is a word of `PriceSource`. The `long_` prices count for all tokens of a call whose
    prompt has more than `long_above` tokens.
    """

    price_id: int
    input_nano: int
    cached_input_nano: int
    output_nano: int
    source: str = ""
    long_above: int | None = None
    long_input_nano: int | None = None
    long_cached_input_nano: int | None = None
    long_output_nano: int | None = None

    def for_prompt(self, prompt_tokens: int) -> Rate:
        """Return the prices that count for a call with a prompt of so many tokens."""
        if self.long_above is None or prompt_tokens <= self.long_above:
            return self
        return self._replace(
            input_nano=self.long_input_nano or 0,
            cached_input_nano=self.long_cached_input_nano or 0,
            output_nano=self.long_output_nano or 0,
        )

    def cost(self, *, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> int:
        """Return what tokens cost in nano-dollars, rounded to the nearest.

        Args:
            prompt_tokens: all of the prompt's.
            completion_tokens: of the answer.
            cached_tokens: those of the prompt that the provider took from its cache.
        """
        rate = self.for_prompt(prompt_tokens)
        cached = min(cached_tokens, prompt_tokens)
        parts = (
            (prompt_tokens - cached) * rate.input_nano
            + cached * rate.cached_input_nano
            + completion_tokens * rate.output_nano
        )
        return (parts + PRICED_TOKENS // 2) // PRICED_TOKENS


_COLUMNS = ("id", *Rate._fields[1:])
RATE_COLUMNS = ", ".join(f"rate.{column}" for column in _COLUMNS)


def rate_of(row: Sequence[Any]) -> Rate | None:
    """Return the rate that a statement read by RATE_COLUMNS; None for a model without a price."""
    return Rate(*row) if row[0] is not None else None


def price_of(model: str, chat_model_id: str, moment: str) -> str:
    """Return the lateral join that finds the price of a model, as `rate`, in a statement.

    What staff typed goes before what a price list says, and that is what it said at the moment.

    Args:
        model: SQL for the model's name.
        chat_model_id: SQL for its number in the catalogue; NULL where it has none.
        moment: SQL for when.
    """
    return f"""
    LEFT JOIN LATERAL (
        SELECT {", ".join(f"price.{column}" for column in _COLUMNS)}
        FROM llm_price AS price
        WHERE price.valid_from <= {moment} AND (
            (price.lookup_id IS NULL AND price.model_name = {model}
                AND (price.chat_model_id IS NULL OR price.chat_model_id = {chat_model_id}))
            OR (price.lookup_id IS NULL AND price.is_prefix
                AND starts_with({model}, price.model_name))
            OR (price.model_name = {model} AND price.lookup_id = ANY(ARRAY(
                SELECT lookup.id FROM llm_pricelookup AS lookup
                WHERE lookup.chat_model_id = {chat_model_id}
                    AND (lookup.is_current OR lookup.retired_at > {moment})
            )))
        )
        ORDER BY
            price.lookup_id IS NULL DESC, price.chat_model_id IS NOT NULL DESC,
            price.model_name = {model} DESC, length(price.model_name) DESC, price.valid_from DESC,
            price.id DESC
        LIMIT 1
    ) AS rate ON true
    """  # noqa: S608  names of columns and parameters


def cost_of(prompt_tokens: str, completion_tokens: str) -> str:
    """Return SQL for what tokens may cost by `rate`, rounded up; NULL without a price.

    Args:
        prompt_tokens: SQL for those of the prompt.
        completion_tokens: SQL for those of the answer.
    """
    is_long = f"{prompt_tokens} > rate.long_above"
    return f"""
    ceil((
        {prompt_tokens}::numeric
            * CASE WHEN {is_long} THEN rate.long_input_nano ELSE rate.input_nano END
        + {completion_tokens}::numeric
            * CASE WHEN {is_long} THEN rate.long_output_nano ELSE rate.output_nano END
    ) / {PRICED_TOKENS})
    """


LIMITED = "EXISTS (SELECT FROM llm_quota WHERE ended_at IS NULL AND NOT from_settings)"
"""SQL that tells whether staff or owners have set any quota."""


def paused(model: str, chat_model_id: str) -> str:
    """Return SQL that tells whether staff keep answers of a model from being written."""
    return (
        "EXISTS (SELECT FROM llm_pause AS pause WHERE pause.lifted_at IS NULL AND ("
        f"(pause.chat_model_id IS NULL AND pause.model_name IN ('', {model}))"
        f" OR pause.chat_model_id = {chat_model_id}))"
    )


_FIND = Statement(
    f"""
    SELECT {RATE_COLUMNS}
    FROM (
        VALUES (%(model)s::text, %(chat_model_id)s::bigint, %(moment)s::timestamptz)
    ) AS asked (model, chat_model_id, moment)
    {price_of("asked.model", "asked.chat_model_id", "asked.moment")}
    """  # noqa: S608  names of columns
)


def find_rate(*, model: str, chat_model_id: int | None, moment: datetime) -> Rate | None:
    """Return what a model cost at a moment; None where it had no price."""
    row = _FIND.row(model=model, chat_model_id=chat_model_id, moment=moment)
    return rate_of(row) if row is not None else None
