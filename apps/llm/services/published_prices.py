"""Prices of a published list: looked up once for each model, and again where the question changed.

They become rows of the price table, so that a call reads its price as it always does. Nothing is
guessed: a model that the list does not know at its address has no price. See docs/decisions/0110.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.core.logging import log_event
from apps.llm.constants import LookupOutcome, PriceSource
from apps.llm.models import ChatModel, Price, PriceLookup, Provider
from apps.llm.price_list import asking
from apps.llm.price_list.asking import Answer, PriceListUnreadableError, Question, Step
from apps.llm.services import catalogue
from apps.llm.services.live import Catalogue, LiveModel

logger = logging.getLogger(__name__)

RESPITE_SECONDS = 600.0
MAX_ENTRY_CHARS = 300
AMOUNTS = (
    *("input_nano", "cached_input_nano", "output_nano", "long_above"),
    *("long_input_nano", "long_cached_input_nano", "long_output_nano"),
)


class _Respite:
    """Until when this process leaves the list alone after it could not be read."""

    until = 0.0


def refresh(*, now: datetime | None = None) -> int:
    """Look up what no lookup answers yet, and note it; two queries where there is nothing to do.

    Returns:
        For how many models something was noted.
    """
    if time.monotonic() < _Respite.until:
        return 0
    moment, known = now or timezone.now(), catalogue.read()
    wanted = _unanswered(known, moment)
    if not wanted:
        return 0
    try:
        answers = _answer(wanted)
    except PriceListUnreadableError:
        _Respite.until = time.monotonic() + RESPITE_SECONDS
        log_event(logger, "PRICE_LIST_UNREADABLE", level=logging.ERROR)
        return 0
    noted = _store(answers, moment)
    log_event(logger, "PRICE_LIST_READ", asked=len(answers), noted=noted)
    return noted


def current_lookup(*, chat_model_id: int) -> PriceLookup | None:
    """Return what the list says of a model; None where nobody has looked yet."""
    return PriceLookup.objects.current().of_models([chat_model_id]).first()


def price_now(*, chat_model_id: int, now: datetime | None = None) -> Price | None:
    """Return the published price of a model at a moment, also where a typed one goes before it."""
    rows = Price.objects.published_for(chat_model_id).in_force(now or timezone.now())
    return rows.select_related("lookup").first()


def forget(*, provider: Provider) -> None:
    """Let the published prices of a provider's models hold no more; they may be looked up anew."""
    current = PriceLookup.objects.current().of_provider(provider)
    current.update(is_current=False, retired_at=timezone.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One model and what is asked of it; `known` is the outcome that needs no list."""

    model: LiveModel
    question: Question
    fingerprint: str
    known: LookupOutcome | None


def _unanswered(known: Catalogue, moment: datetime) -> list[_Asked]:
    """Return the models of which no current lookup answers the present question."""
    current = {row.chat_model_id: row for row in PriceLookup.objects.current()}
    asked = [_asked(known, model) for model in known.models.values() if model.name]
    return [one for one in asked if not _is_answered(one, current.get(one.model.id), moment)]


def _asked(known: Catalogue, model: LiveModel) -> _Asked:
    provider = known.providers[model.provider_id]
    outcome = None
    if not provider.takes_published_prices:
        outcome = LookupOutcome.REFUSED
    elif asking.is_local(provider.base_url):
        outcome = LookupOutcome.LOCAL
    parts = (asking.list_version(), str(outcome), provider.base_url, model.name)
    return _Asked(
        model=model,
        question=Question(provider.base_url, model.name),
        fingerprint=hashlib.sha256("\n".join(parts).encode()).hexdigest(),
        known=outcome,
    )


def _is_answered(asked: _Asked, lookup: PriceLookup | None, moment: datetime) -> bool:
    if lookup is None or lookup.question != asked.fingerprint:
        return False
    return lookup.look_again_at is None or lookup.look_again_at > moment


def _answer(wanted: Sequence[_Asked]) -> list[tuple[_Asked, Answer]]:
    """Return each with its answer; the list is read where one of them needs it, and once."""
    open_ones = [one for one in wanted if one.known is None]
    said = iter(asking.ask([one.question for one in open_ones]) if open_ones else ())
    return [(one, next(said) if one.known is None else Answer(one.known.value)) for one in wanted]


@transaction.atomic
def _store(answers: Sequence[tuple[_Asked, Answer]], moment: datetime) -> int:
    """Note what the list said, unless another worker has, or staff refuse it meanwhile."""
    numbers = [asked.model.id for asked, _ in answers]
    rows = ChatModel.objects.select_for_update(of=("self",), no_key=True)
    takes = dict(
        rows.filter(pk__in=numbers)
        .order_by("pk")
        .values_list("pk", "provider__takes_published_prices")
    )
    current = PriceLookup.objects.current().of_models(numbers)
    former = {row.chat_model_id: row for row in current}
    noted = 0
    for asked, answer in answers:
        lookup, number = former.get(asked.model.id), asked.model.id
        is_refused = asked.known == LookupOutcome.REFUSED
        if takes.get(number) is not (not is_refused) or _is_answered(asked, lookup, moment):
            continue
        _note(asked, answer, lookup, moment)
        noted += 1
    return noted


def _note(asked: _Asked, answer: Answer, former: PriceLookup | None, moment: datetime) -> None:
    if former is not None and former.question == asked.fingerprint:
        lookup = former
    else:
        _retire(former, min((step.begins for step in answer.steps), default=moment))
        lookup = PriceLookup(chat_model_id=asked.model.id, question=asked.fingerprint)
    lookup.list_version, lookup.outcome = asking.list_version(), answer.outcome
    lookup.entry, lookup.looked_at = answer.entry[:MAX_ENTRY_CHARS], moment
    lookup.look_again_at = answer.look_again_at
    lookup.save()
    newest = lookup.prices.order_by("-valid_from").first()
    rows = [_price(asked, lookup, step) for step in answer.steps]
    if newest is not None:
        rows = [row for row in rows if row.valid_from > newest.valid_from]
        if rows and all(getattr(rows[0], name) == getattr(newest, name) for name in AMOUNTS):
            del rows[0]
    Price.objects.bulk_create(rows)


def _retire(lookup: PriceLookup | None, moment: datetime) -> None:
    """Let a lookup hold no more for what begins from a moment on.

    One without prices has nothing that a call could name.
    """
    if lookup is None:
        return
    if lookup.prices.exists():
        lookup.is_current, lookup.retired_at = False, moment
        lookup.save(update_fields=["is_current", "retired_at"])
    else:
        lookup.delete()


def _price(asked: _Asked, lookup: PriceLookup, step: Step) -> Price:
    usual, long, above = step.price.usual, step.price.long, step.price.long_above
    is_stepped = above is not None
    return Price(
        chat_model_id=asked.model.id,
        lookup=lookup,
        model_name=asked.model.name,
        input_nano=usual[0],
        cached_input_nano=usual[1],
        output_nano=usual[2],
        long_above=above,
        long_input_nano=long[0] if is_stepped else None,
        long_cached_input_nano=long[1] if is_stepped else None,
        long_output_nano=long[2] if is_stepped else None,
        valid_from=step.begins,
        source=PriceSource.PUBLISHED,
        reason=f"{lookup.list_version}: {lookup.entry}",
    )
