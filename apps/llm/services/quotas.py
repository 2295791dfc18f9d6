"""How much may be used: what a call may use is reserved before it, and settled when it ends.

A quota counts the calls of one period of the calendar (`periods`). A call counts in the period in
which it was asked for. It may begin while anything is left, so that a quota is passed by no more
than one call's reservation; where a hard quota counts, the answer ends at what was reserved for it.
See docs/decisions/0076 and 0147.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from apps.core import limits
from apps.core.limits import Limit
from apps.llm.constants import Period, QuotaKind, QuotaUnit
from apps.llm.gateway.contract import Purpose, Usage
from apps.llm.models import QuotaCounter, Reservation
from apps.llm.services import quota_words
from apps.llm.services.live import LiveModel
from apps.llm.services.periods import bounds_of
from apps.llm.statements import ledger
from apps.llm.statements import quotas as statements
from apps.llm.statements.quotas import QuotaState

OWN_KINDS = (QuotaKind.PERSON, QuotaKind.MEMBER, QuotaKind.EVERYONE)
RESERVED_WAIT = timedelta(seconds=5)
"""After so long it makes sense to ask again where answers that are being written hold the rest."""
COUNTERS_KEPT = timedelta(days=62)
AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spender:
    """Who wants to use what.

    Attributes:
        user_id: the person.
        model: the model's name.
        chat_model_id: the model's number in the catalogue, where it has one.
        api_token_id: the API token that the call comes by, if it does.
    """

    user_id: int
    model: str
    chat_model_id: int | None = None
    api_token_id: int | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a call may begin.

    Attributes:
        is_refused: whether a hard quota forbids it; nothing is reserved then.
        is_unpriced: whether it does because the model has no price, so that waiting does not help.
        notice: what the person is told: the refusal, or that a soft quota is passed.
        resets_at: when it makes sense to try again, where it is refused.
        answer_tokens: what a hard quota holds for the answer, which may be no longer; None where
            none counts.
    """

    is_refused: bool = False
    is_unpriced: bool = False
    notice: str = ""
    resets_at: datetime | None = None
    answer_tokens: int | None = None


def has_default() -> bool:
    """Tell whether everybody has the allowance of the settings."""
    return bool(settings.USER_DAILY_TOKENS > 0)


def reserve(
    spender: Spender,
    *,
    purpose: Purpose,
    reference_id: int,
    wanted: Usage,
    now: datetime | None = None,
) -> Admission:
    """Reserve what a call may use of every quota that counts for it, or refuse it.

    Inside the transaction that stores what the call is for, as its last step: from here on the
    counters are locked. `usage.record_call` and `usage.release_calls` settle it.

    Args:
        spender: who asks.
        purpose: what the call is for.
        reference_id: the reply or conversation it is for.
        wanted: what it may use.
        now: the moment.
    """
    moment = now or timezone.now()
    asked = statements.reserve(
        purpose=purpose,
        reference_id=reference_id,
        prompt_tokens=wanted.prompt_tokens,
        completion_tokens=wanted.completion_tokens,
        **_bounds(spender, moment),
    )
    is_taken = not (asked.is_unpriced or asked.is_used_up)
    taken = wanted.prompt_tokens + wanted.completion_tokens if is_taken else 0
    for state in asked.quotas:
        if state.is_hard and state.unit == QuotaUnit.TOKENS:
            limits.tell(_limit_of(state, taken=taken, moment=moment))
    if asked.is_unpriced:
        notice = quota_words.without_price(spender.model)
        return Admission(is_refused=True, is_unpriced=True, notice=notice)
    if asked.is_used_up:
        return _refusal(asked.quotas, moment)
    passed = next((state for state in asked.quotas if state.is_used_up), None)
    return Admission(
        notice="" if passed is None else quota_words.warning(passed),
        answer_tokens=wanted.completion_tokens if any(q.is_hard for q in asked.quotas) else None,
    )


def _refusal(states: Sequence[QuotaState], moment: datetime) -> Admission:
    """Refuse a call, for the longest wait that there is.

    What is used comes back with the next period; what is only reserved, when some answer ends.
    """
    blocking = [one for one in states if one.is_hard and one.is_used_up]
    spent = next((one for one in blocking if one.is_spent), None)
    if spent is None:
        again = min(moment + RESERVED_WAIT, blocking[0].resets_at)
        return Admission(is_refused=True, notice=quota_words.refusal(blocking[0]), resets_at=again)
    return Admission(is_refused=True, notice=quota_words.refusal(spent), resets_at=spent.resets_at)


def move(
    spender: Spender,
    *,
    purpose: Purpose,
    reference_id: int,
    wanted: Usage,
    settle: Callable[[], None] | None = None,
    now: datetime | None = None,
) -> Admission:
    """Reserve for another model, of the quotas that count for it, what was reserved for a call.

    A refusal leaves all as it was. The counters of both models are locked in one order, as by
    `reserve`, so that no two calls wait for each other.

    Args:
        spender: who asks, and the model that is to be asked from here on.
        purpose: what the call is for.
        reference_id: the reply or conversation it is for.
        wanted: what the other model may use.
        settle: writes down what the former model used of what was reserved; None where it used
            nothing.
        now: the moment, in whose periods it counts.
    """
    moment = now or timezone.now()
    with transaction.atomic():
        statements.hold_with_reserved(
            purpose=purpose, reference_id=reference_id, **_bounds(spender, moment)
        )
        if settle is None:
            ledger.release(purpose=purpose, reference_ids=[reference_id])
        else:
            settle()
        admission = reserve(
            spender, purpose=purpose, reference_id=reference_id, wanted=wanted, now=moment
        )
        if admission.is_refused:
            transaction.set_rollback(True)
    return admission


def read_states(
    spender: Spender, *, models: Iterable[LiveModel] = (), now: datetime | None = None
) -> list[QuotaState]:
    """Return every quota that counts for somebody, and how far it is used; one query.

    Args:
        spender: who asks, and what of.
        models: others, whose common quotas are read as well.
        now: the moment.
    """
    return statements.read_states(**_bounds(spender, now or timezone.now(), models))


def reserved_before(moment: datetime, *, purpose: Purpose, limit: int) -> list[int]:
    """Return what calls reserved before a moment and have not settled, oldest first."""
    rows = Reservation.objects.made_before(moment, purpose=purpose)
    found = rows.values_list("reference_id", flat=True)[:limit]
    return list(dict.fromkeys(found))


def still_reserved(*, purpose: Purpose, reference_ids: Sequence[int]) -> list[int]:
    """Return which of some calls have reserved something that is not settled."""
    rows = Reservation.objects.of_calls(purpose, reference_ids)
    return sorted(set(rows.values_list("reference_id", flat=True)))


def held_for_answers(*, purpose: Purpose, reference_ids: Sequence[int]) -> dict[int, int]:
    """Return what hard quotas hold for the answers of calls, for those that they hold anything for.

    Args:
        purpose: what the calls are for.
        reference_ids: which.
    """
    rows = Reservation.objects.of_calls(purpose, reference_ids).bounding_answers()
    held = rows.values_list("reference_id").annotate(Min("answer_tokens")).order_by()
    return dict(held)


def remove_old_counters(*, now: datetime | None = None) -> int:
    """Remove counters of periods that ended long ago, some at a time; the ledger stays.

    One for which something is still reserved stays until that is settled.

    Returns:
        How many.
    """
    old = QuotaCounter.objects.ended_before((now or timezone.now()) - COUNTERS_KEPT)
    settled = old.without(Reservation.objects.all())
    some = list(settled.values_list("pk", flat=True)[:AT_ONCE])
    return QuotaCounter.objects.filter(pk__in=some).delete()[0] if some else 0


def _limit_of(state: QuotaState, *, taken: int, moment: datetime) -> Limit:
    """Return what the caller is told of a quota that has just counted so many tokens."""
    starts, ends = bounds_of(Period(state.period), moment)
    whose = "" if state.kind in OWN_KINDS else f"{state.kind}-"
    return Limit(
        name=f"{whose}tokens-{state.period}",
        unit="tokens",
        most=state.amount,
        window_seconds=int((ends - starts).total_seconds()),
        left=max(0, state.left - taken),
        reset_seconds=math.ceil((ends - moment).total_seconds()),
    )


def _bounds(
    spender: Spender, moment: datetime, others: Iterable[LiveModel] = ()
) -> dict[str, object]:
    others = list(others)
    values: dict[str, object] = {
        "user_id": spender.user_id,
        "api_token_id": spender.api_token_id,
        "model": spender.model,
        "chat_model_id": spender.chat_model_id,
        "models": [spender.model, *(model.name for model in others)],
        "chat_model_ids": [spender.chat_model_id, *(model.id for model in others)],
        "default_tokens": max(0, settings.USER_DAILY_TOKENS),
        "moment": moment,
    }
    for period in Period:
        starts, ends = bounds_of(period, moment)
        values |= {f"{period.value}_starts": starts, f"{period.value}_ends": ends}
    return values
