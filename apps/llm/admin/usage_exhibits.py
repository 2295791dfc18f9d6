"""What was used and what it cost, drawn: the figures of the usage page and its tiles."""

from __future__ import annotations

from collections.abc import Sequence

from apps.core.admin_kit.exhibits import (
    MOST_ROWS,
    Column,
    Exhibit,
    Tile,
    counted,
    day_label,
    part_drawn,
)
from apps.core.plots import Columns, Row, Rows, Unit
from apps.core.spreadsheets import Cell
from apps.llm.services import money
from apps.llm.services.usage_figures import UsageFigures, Used

NUMBERS = (
    Column("Calls", Unit.COUNT),
    Column("Prompt tokens", Unit.COUNT),
    Column("Answer tokens", Unit.COUNT),
    Column("Cost", Unit.DOLLARS),
    Column("Calls without a price", Unit.COUNT),
)
PURPOSES = (
    "What models were asked for. Judgements of rules and moderation endpoints are the "
    "organisation's: they count for no person and against no quota."
)
UNPRICED = " Calls of models without a price are left out of the cost."


def exhibits_of(figures: UsageFigures, days: int) -> list[Exhibit]:
    """Return the figures of the page, each with its numbers."""
    return [
        _tokens_by_day(figures, days),
        _cost_by_day(figures, days),
        _ranked("purposes", "By purpose", "Purpose", figures.purposes, PURPOSES),
        _ranked("models", "By model", "Model", figures.models, "Which models were asked."),
        _ranked("people", "By person", "Person", figures.people, "Whose calls they were."),
        _ranked(
            "groups",
            "By group",
            "Group",
            figures.groups,
            "By the groups that people are in today, their roles and duties among them; whoever "
            "is in several counts in each.",
        ),
        _ranked(
            "tokens",
            "By API token",
            "Token",
            figures.tokens,
            "Calls of programs, by the token that they came by.",
        ),
    ]


def _tokens_by_day(figures: UsageFigures, days: int) -> Exhibit:
    total = figures.total
    return Exhibit(
        plot=Columns(
            "tokens-by-day",
            "Tokens by day",
            f"In the last {days} days {total.tokens:,} tokens in {counted(total.calls, 'call')}.",
            [day_label(day) for day, _ in figures.days],
            [
                ("Prompts", [used.prompt_tokens for _, used in figures.days]),
                ("Answers", [used.completion_tokens for _, used in figures.days]),
            ],
            is_stacked=True,
        ),
        meaning="Prompts are what models read, earlier messages too; answers are what they wrote.",
        columns=(Column("Day"), *NUMBERS),
        rows=[(day, *_numbers(used)) for day, used in figures.days],
        is_empty=not total.calls,
        empty="No model was asked in this period.",
        is_wide=True,
    )


def _cost_by_day(figures: UsageFigures, days: int) -> Exhibit:
    total = figures.total
    return Exhibit(
        plot=Columns(
            "cost-by-day",
            "Cost by day",
            f"In the last {days} days {money.say(total.cost_nano)}.",
            [day_label(day) for day, _ in figures.days],
            [("Cost", [float(money.dollars(used.cost_nano)) for _, used in figures.days])],
            unit=Unit.DOLLARS,
        ),
        meaning="By the prices that held when each call began." + UNPRICED,
        columns=(Column("Day"), *NUMBERS),
        rows=[(day, *_numbers(used)) for day, used in figures.days],
        is_empty=not total.cost_nano,
        empty="Nothing that has a price was used. Set prices to see what calls cost.",
        is_wide=True,
    )


def _ranked(key: str, title: str, what: str, used: Sequence[Used], meaning: str) -> Exhibit:
    has_cost = any(one.cost_nano for one in used)
    first = used[0].name if used else ""
    return Exhibit(
        plot=Rows(
            f"usage-{key}",
            title,
            f"{first} {'cost' if has_cost else 'used'} most.",
            [
                Row(
                    one.name,
                    f"{money.say(one.cost_nano)}, {one.tokens:,} tokens"
                    if has_cost
                    else f"{one.tokens:,} tokens",
                    bar=float(money.dollars(one.cost_nano)) if has_cost else one.tokens,
                )
                for one in used[:MOST_ROWS]
            ],
            unit=Unit.DOLLARS if has_cost else Unit.COUNT,
        ),
        meaning=meaning + part_drawn(len(used)),
        columns=(Column(what), *NUMBERS),
        rows=[(one.name, *_numbers(one)) for one in used],
        is_empty=not used,
        empty="Nothing in this period.",
    )


def _numbers(used: Used) -> tuple[Cell, ...]:
    return (
        used.calls,
        used.prompt_tokens,
        used.completion_tokens,
        float(money.dollars(used.cost_nano)),
        used.unpriced_calls,
    )


def tiles_of(figures: UsageFigures, days: int) -> list[Tile]:
    """Return the numbers at the head of the page."""
    total = figures.total
    today = figures.days[-1][1]
    unpriced = f"{counted(total.unpriced_calls, 'call')} of models without a price"
    return [
        Tile("Cost", money.say(total.cost_nano), f"in {days} days", icon="payments"),
        Tile("Cost today", money.say(today.cost_nano), "so far", icon="today"),
        Tile("Tokens", f"{total.tokens:,}", counted(total.calls, "call"), icon="data_usage"),
        Tile(
            "Without a price",
            f"{total.unpriced_calls:,}",
            unpriced if total.unpriced_calls else "nothing to set",
            "danger" if total.unpriced_calls else "neutral",
            "sell",
        ),
    ]
