"""Money as people read it; kept as whole nano-dollars."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.utils.translation import gettext, gettext_noop

from apps.llm.constants import NANO, CostSource

UNKNOWN = gettext_noop("unknown")
SMALLEST = Decimal("0.0001")
MAX_DOLLARS = Decimal(1_000_000)


def dollars(nano: int) -> Decimal:
    """Return the exact amount in dollars."""
    return Decimal(nano) / NANO


def plain(nano: int | None) -> str | None:
    """Return an amount for programs: dollars as a decimal text without an exponent, or None."""
    if nano is None:
        return None
    text = f"{dollars(nano):.9f}".rstrip("0").rstrip(".")
    return text or "0"


def say(nano: int | None) -> str:
    """Write an amount for people: $1,204.50, $0.30, $0.0123; what is under $0.0001 as such."""
    if nano is None:
        return gettext(UNKNOWN)
    amount = dollars(nano)
    if amount == 0:
        return "$0"
    if amount < SMALLEST:
        return gettext("under %(amount)s") % {"amount": f"${SMALLEST}"}
    if amount < 1:
        text = f"{amount.quantize(SMALLEST, ROUND_HALF_UP):f}"
        return f"${text[:-2]}{text[-2:].rstrip('0')}"
    return f"${amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,f}"


def parse(text: str) -> int | None:
    """Return what somebody typed as dollars in nano-dollars; None for what is no such amount."""
    try:
        amount = Decimal(text.strip().removeprefix("$").replace(",", ""))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount <= MAX_DOLLARS:
        return None
    nano = amount * NANO
    return int(nano) if nano == nano.to_integral_value() else None


def cost_source(*, cost_nano: int | None, token_source: str) -> CostSource:
    """Return how sure a cost is: exact from reported tokens, else estimated; unknown if none."""
    if cost_nano is None:
        return CostSource.UNKNOWN
    return CostSource.EXACT if token_source == "reported" else CostSource.ESTIMATED  # noqa: S105
