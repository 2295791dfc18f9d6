"""The filter of the queue as the address holds it: known words only, the rest is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from urllib.parse import urlencode

from django.conf.locale import LANG_INFO
from django.core.cache import cache
from django.db.models import TextChoices

from apps.conversations.constants import Author
from apps.core.numbers import whole_number
from apps.moderation import constants
from apps.moderation.models import Case, Policy, Rule

MAX_WORDS_CHARS = 200
MAX_MODEL_CHARS = 120
MAX_LANGUAGE_CHARS = 8
UNKNOWN_LANGUAGE = "unknown"
WAITING = "waiting"
OPTIONS_KEY = "moderation:options:2"
OPTIONS_SECONDS = 30
MAX_OPTIONS = 100
MAX_PAIRS = 500

Options = tuple[tuple[str, str], ...]


class Order(TextChoices):
    """How the queue is sorted."""

    DUE = "due", "Oldest past due"
    URGENT = "urgent", "Most urgent"
    NEWEST = "newest", "Newest"


class AgeBand(TextChoices):
    """When a case has to be decided."""

    OVERDUE = "overdue", "Past due"
    HOUR = "hour", "Due within an hour"
    DAY = "day", "Due within a day"
    LATER = "later", "Due later"


STATES = ((WAITING, "Waiting"), *constants.CaseState.choices, ("any", "Any"))
ROLES = (
    (Author.USER.value, "What people write"),
    (Author.ASSISTANT.value, "Answers"),
    (constants.ABOUT_PERSON, "No text: about a person"),
)
HOLDERS = (("me", "Me"), ("nobody", "Nobody"))
WINDOWS = (("1", "1 day"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days"))


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    """What the queue shows; every value is empty or one that is known.

    Attributes:
        state: a state, `any`, or empty for everything that is not closed.
        policy: a policy's code.
        severity: a severity's number.
        rule: a rule's number.
        mode: the mode that the rule was in.
        source: who pointed at the message.
        role: whose message it is.
        age: when it is due.
        claimed_by: `me`, `nobody` or a person's number.
        language: the code of the text's language, or `unknown`.
        model: the name of the model that answered.
        q: what was searched for.
        within: how many days back words are searched for.
        order: how it is sorted.
    """

    state: str = ""
    policy: str = ""
    severity: str = ""
    rule: str = ""
    mode: str = ""
    source: str = ""
    role: str = ""
    age: str = ""
    claimed_by: str = ""
    language: str = ""
    model: str = ""
    q: str = ""
    within: str = ""
    order: str = ""

    @property
    def is_default_state(self) -> bool:
        """Whether everything that is not closed is shown."""
        return not self.state

    @property
    def sorted_by(self) -> str:
        """How it is sorted; what is closed has no due time any more, so the newest stand first."""
        if self.state in ("any", constants.CaseState.CLOSED):
            return Order.NEWEST
        return self.order or Order.DUE

    @property
    def days(self) -> int | None:
        """How many days back words are searched for."""
        return int(self.within) if self.within else None

    def to_query(self, **changes: str) -> str:
        """Write the filter as a part of an address, with some values changed."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return urlencode({name: value for name, value in {**values, **changes}.items() if value})


def parse(values: Mapping[str, str]) -> QueueFilter:
    """Read the filter from an address; what is not known is left out."""
    known: dict[str, Mapping[str, object]] = {
        "state": dict(STATES[1:]),
        "severity": dict.fromkeys(map(str, constants.Severity.values)),
        "mode": dict(constants.RuleMode.choices),
        "source": dict(constants.FlagSource.choices),
        "role": dict(ROLES),
        "age": dict(AgeBand.choices),
        "within": dict(WINDOWS),
        "order": dict(Order.choices),
    }
    picked = {name: value for name, words in known.items() if (value := values.get(name)) in words}
    holder = values.get("claimed_by", "")
    return QueueFilter(
        **{name: str(value) for name, value in picked.items()},
        policy=_word(values.get("policy", ""), 40),
        rule=_number(values.get("rule", "")),
        claimed_by=holder if holder in dict(HOLDERS) else _number(holder),
        language=_word(values.get("language", ""), MAX_LANGUAGE_CHARS),
        model=_word(values.get("model", ""), MAX_MODEL_CHARS),
        q=_word(values.get("q", ""), MAX_WORDS_CHARS),
    )


@dataclass(frozen=True, slots=True)
class Menu:
    """One filter as the page offers it."""

    name: str
    title: str
    chosen: str
    options: tuple[tuple[str, str], ...]


def menus(chosen: QueueFilter) -> list[Menu]:
    """Return the filters with their options; what is read from rows may be half a minute old."""
    titles, rules, languages, models = _options()
    severities = tuple((str(value), label) for value, label in constants.Severity.choices)
    offered = (
        ("state", "State", STATES[1:]),
        ("age", "Due", tuple(AgeBand.choices)),
        ("severity", "Severity", severities),
        ("policy", "Policy", titles),
        ("source", "Source", tuple(constants.FlagSource.choices)),
        ("role", "Text", ROLES),
        ("claimed_by", "Held by", HOLDERS),
        ("rule", "Rule", rules),
        ("mode", "Rule's mode", tuple(constants.RuleMode.choices)),
        ("language", "Language", languages),
        ("model", "Model", models),
    )
    return [
        Menu(name, title, _label(getattr(chosen, name), options), options)
        for name, title, options in offered
        if options
    ]


def language_name(code: str) -> str:
    """Return what a language is called; its code where no name is known."""
    if code in ("", UNKNOWN_LANGUAGE):
        return "Not recognised"
    return str(LANG_INFO.get(code, {}).get("name", code))


def _options() -> tuple[Options, Options, Options, Options]:
    known = cache.get(OPTIONS_KEY)
    if known is None:
        policies = Policy.objects.worded().order_by("shortcut", "code")
        titles = list(policies.values_list("code", "current__title"))
        rules = Rule.objects.order_by("name").values_list("pk", "name")[:MAX_OPTIONS]
        pairs = set(Case.objects.not_closed().languages_and_models(most=MAX_PAIRS))
        codes = sorted({code for code, _ in pairs}, key=language_name)
        languages = [(code or UNKNOWN_LANGUAGE, language_name(code)) for code in codes]
        models = [(name, name) for name in sorted({name for _, name in pairs if name})]
        known = (titles, [(str(number), name) for number, name in rules], languages, models)
        cache.set(OPTIONS_KEY, known, OPTIONS_SECONDS)
    offered = [tuple(options) for options in known]
    return offered[0], offered[1], offered[2], offered[3]


def _label(value: str, options: tuple[tuple[str, str], ...]) -> str:
    return str(dict(options).get(value, value))


def _word(text: str, limit: int) -> str:
    return "" if "\x00" in text else text.strip()[:limit]


def _number(text: str) -> str:
    return text if whole_number(text) is not None else ""
