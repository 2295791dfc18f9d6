"""Quotas in the words that people read."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext, gettext_noop, ngettext

from apps.core import languages
from apps.llm.constants import Period, QuotaKind, QuotaUnit
from apps.llm.services import money
from apps.llm.services.periods import zone
from apps.llm.statements.quotas import QuotaState

_TITLES = {
    (QuotaUnit.TOKENS, Period.HOUR): gettext_noop("Tokens an hour"),
    (QuotaUnit.TOKENS, Period.DAY): gettext_noop("Tokens a day"),
    (QuotaUnit.TOKENS, Period.WEEK): gettext_noop("Tokens a week"),
    (QuotaUnit.TOKENS, Period.MONTH): gettext_noop("Tokens a month"),
    (QuotaUnit.MONEY, Period.HOUR): gettext_noop("Money an hour"),
    (QuotaUnit.MONEY, Period.DAY): gettext_noop("Money a day"),
    (QuotaUnit.MONEY, Period.WEEK): gettext_noop("Money a week"),
    (QuotaUnit.MONEY, Period.MONTH): gettext_noop("Money a month"),
}
_WHOSE = {
    QuotaKind.GROUP: gettext_noop("Your group's"),
    QuotaKind.TOKEN: gettext_noop("This token's"),
}
_USED_UP = {
    QuotaKind.GROUP: gettext_noop(
        "Your group has used up the allowance of %(limit)s. It begins anew on %(when)s; "
        "try again then."
    ),
    QuotaKind.TOKEN: gettext_noop(
        "This API token has used up the allowance of %(limit)s. It begins anew on %(when)s; "
        "try again then."
    ),
    QuotaKind.MODEL: gettext_noop(
        "The allowance of %(limit)s for the model %(model)s is used up by all people together. "
        "It begins anew on %(when)s; try again then, or choose another model."
    ),
}
_YOURS_USED_UP = gettext_noop(
    "You have used up the allowance of %(limit)s. It begins anew on %(when)s; try again then."
)
_RESERVED = gettext_noop(
    "What is left of the allowance of %(limit)s is reserved by answers that are being "
    "written. Wait until one has ended. It begins anew on %(when)s."
)
_PASSED = {
    QuotaKind.GROUP: gettext_noop(
        "Your group has passed the allowance of %(limit)s. Answers go on for now; please use less. "
        "It begins anew on %(when)s."
    ),
    QuotaKind.TOKEN: gettext_noop(
        "This API token has passed the allowance of %(limit)s. Answers go on for now; please use "
        "less. It begins anew on %(when)s."
    ),
    QuotaKind.MODEL: gettext_noop(
        "All people together have, for the model %(model)s, passed the allowance of %(limit)s. "
        "Answers go on for now; please use less. It begins anew on %(when)s."
    ),
}
_YOURS_PASSED = gettext_noop(
    "You have passed the allowance of %(limit)s. Answers go on for now; please use less. "
    "It begins anew on %(when)s."
)
_FOR_THIS = {
    Period.HOUR: gettext_noop("%(amount)s for this hour"),
    Period.DAY: gettext_noop("%(amount)s for this day"),
    Period.WEEK: gettext_noop("%(amount)s for this week"),
    Period.MONTH: gettext_noop("%(amount)s for this month"),
}


def title(state: QuotaState) -> str:
    """Name a quota by what it counts and how often it begins anew: Tokens a day."""
    return gettext(_TITLES[QuotaUnit(state.unit), Period(state.period)])


def amount(value: int, unit: str) -> str:
    """Write an amount of what a quota counts: 50,000 tokens, $12.50."""
    if unit != QuotaUnit.TOKENS:
        return money.say(value)
    text = ngettext("%(number)s token", "%(number)s tokens", value)
    return text % {"number": languages.number(value)}


def moment(at: datetime) -> str:
    """Write a moment in the calendar of quotas: 29 November 2026 at 00:00 UTC."""
    local = at.astimezone(zone())
    words = {"day": languages.day(local), "time": f"{local:%H:%M} {local.tzname()}"}
    return gettext("%(day)s at %(time)s") % words


def whose(state: QuotaState) -> str:
    """Say whose quota it is, to the person it counts for."""
    if state.kind == QuotaKind.MODEL:
        words = {"model": state.model_name}
        return gettext("All people together, for this model (%(model)s)") % words
    found = _WHOSE.get(QuotaKind(state.kind))
    return gettext(found) if found else gettext("Yours")


def refusal(state: QuotaState) -> str:
    """Tell a person why an answer may not begin, and when it may."""
    if not state.is_spent:
        return gettext(_RESERVED) % _words(state)
    return gettext(_USED_UP.get(QuotaKind(state.kind), _YOURS_USED_UP)) % _words(state)


def without_price(model: str) -> str:
    """Tell a person why a model that has no price may not be asked against a quota of money."""
    return gettext(
        "The model %(model)s has no price, and your allowance is one of money. Choose another "
        "model, or ask an admin to set its price."
    ) % {"model": model}


def warning(state: QuotaState) -> str:
    """Tell a person that a soft quota is passed."""
    return gettext(_PASSED.get(QuotaKind(state.kind), _YOURS_PASSED)) % _words(state)


def _words(state: QuotaState) -> dict[str, str]:
    limit = gettext(_FOR_THIS[Period(state.period)]) % {"amount": amount(state.amount, state.unit)}
    return {"limit": limit, "when": moment(state.resets_at), "model": state.model_name}
