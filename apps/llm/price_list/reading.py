"""Answers questions about prices from the package's data; run as a program, JSON in and out.

It is given what `asking.Question` holds and answers what `asking.Answer` holds, in order.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ModelInfo,
    ModelPrice,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

NANO = 1_000_000_000
AHEAD = timedelta(hours=48)
AGAIN = timedelta(hours=24)
COUNTED = ("input_mtok", "cache_read_mtok", "output_mtok")
BESIDES = ("requests_kcount", "output_reasoning_mtok", "output_citation_mtok")
Step = dict[str, Any]


def answer(question: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """Return what the list says of one model at one address."""
    snapshot = get_snapshot()
    try:
        provider = snapshot.find_provider(None, None, question["url"])
    except LookupError:
        return {"outcome": "no_provider"}
    model = provider.find_model(question["model"], all_providers=snapshot.providers)
    if model is None:
        return {"outcome": "no_model", "entry": provider.id}
    entry = f"{provider.id}/{model.id}"
    steps = schedule(model, now)
    if steps is None:
        return {"outcome": "unfit", "entry": entry}
    again = (now + AGAIN).isoformat() if _depends_on_the_hour(model) else None
    return {"outcome": "found", "entry": entry, "steps": steps, "look_again_at": again}


def schedule(model: ModelInfo, now: datetime) -> list[Step] | None:
    """Return what a model costs now and from each later moment that is known; None if unfit."""
    steps: list[Step] = []
    for moment in [now, *sorted(_changes(model, now))]:
        step = _step(model.get_prices(moment))
        if step is None:
            return None
        if not steps or step != steps[-1]["price"]:
            steps.append({"from": moment.isoformat(), "price": step})
    return steps


def _changes(model: ModelInfo, now: datetime) -> set[datetime]:
    found: set[datetime] = set()
    for price in model.prices if isinstance(model.prices, list) else []:
        if isinstance(price.constraint, StartDateConstraint):
            found.add(datetime.combine(price.constraint.start_date, time(), UTC))
        elif isinstance(price.constraint, TimeOfDateConstraint):
            for days in range(-1, AHEAD.days + 2):
                day = now.date() + timedelta(days=days)
                found.add(_moment(day, price.constraint.start_time))
                found.add(_moment(day, price.constraint.end_time))
    hourly = now + AHEAD
    return {one for one in found if one > now and (one <= hourly or one.time() == time())}


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _depends_on_the_hour(model: ModelInfo) -> bool:
    prices = model.prices if isinstance(model.prices, list) else []
    return any(isinstance(price.constraint, TimeOfDateConstraint) for price in prices)


def _step(price: ModelPrice) -> Step | None:
    """Return prices of a million tokens; None where the list counts what Parley does not."""
    given = {key: value for key, value in price.__dict__.items() if value is not None}
    if not {"input_mtok", "output_mtok"} <= given.keys() or set(BESIDES) & given.keys():
        return None
    given.setdefault("cache_read_mtok", given["input_mtok"])
    starts = set()
    for key in COUNTED:
        tiers = given[key].tiers if isinstance(given[key], TieredPrices) else []
        if len(tiers) > 1:
            return None
        starts |= {tier.start for tier in tiers}
    if len(starts) > 1:
        return None
    return {
        "usual": [_nano(_base(given[key])) for key in COUNTED],
        "long_above": starts.pop() if starts else None,
        "long": [_nano(_long(given[key])) for key in COUNTED],
    }


def _base(value: Decimal | TieredPrices) -> Decimal:
    return value.base if isinstance(value, TieredPrices) else value


def _long(value: Decimal | TieredPrices) -> Decimal:
    if isinstance(value, TieredPrices) and value.tiers:
        return value.tiers[0].price
    return _base(value)


def _nano(dollars: Decimal) -> int:
    return int((dollars * NANO).to_integral_value())


def main() -> None:
    """Read questions from the standard input, and write the answers."""
    now = datetime.now(UTC)
    json.dump([answer(question, now=now) for question in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
