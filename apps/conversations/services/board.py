"""The live board: what is being answered at the moment, for staff; and ending many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations import constants
from apps.conversations.models import Reply
from apps.conversations.querysets import ReplyQuerySet
from apps.conversations.services import announcements
from apps.conversations.statements import board as statements
from apps.core import rights
from apps.core.problems import clean_reason
from apps.llm.services import catalogue, naming
from apps.users.models import User

MOST = 200
MOST_CROWDS = 10
AT_ONCE = 100
HALT = "conversations.halt_reply"
STOP_ALL = "llm.change_pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAnswer:
    """One answer that has not ended.

    Attributes:
        is_waiting: for a worker, or where one has it for its turn at the model.
        seconds: since it was asked for.
        tokens: of prompt and answer so far, by estimate; nothing while it waits.
        cost_nano: of these tokens; None where the model has no price.
    """

    reply_id: int
    conversation_id: int
    owner_id: int
    owner_name: str
    model: str
    chat_model_id: int | None
    model_label: str
    is_waiting: bool
    has_worker: bool
    seconds: float
    tokens: int
    cost_nano: int | None


@dataclass(frozen=True, slots=True)
class Crowd:
    """Answers that have something in common: `value` is that of the field `key` of `Chosen`."""

    key: str
    value: str
    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveBoard:
    """What is being answered.

    Attributes:
        answers: those with most tokens so far, the oldest first.
        has_more: whether not all are among them.
        written, waiting: how many there are.
        cost_nano, unpriced: what all have cost so far, and how many have no price.
        person_count: how many people ask.
        people: whose answers they are, whoever has most first; the first ten.
        models: which models write them, the one with most first; the first ten.
    """

    answers: Sequence[LiveAnswer]
    has_more: bool
    written: int
    waiting: int
    cost_nano: int
    unpriced: int
    person_count: int
    people: Sequence[Crowd]
    models: Sequence[Crowd]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which live answers: a person's, a model's, or all of them where neither is named.

    A model is one of the catalogue, or all those of a name.
    """

    user_id: int | None = None
    chat_model_id: int | None = None
    model: str = ""

    def live(self) -> ReplyQuerySet:
        """Return the answers."""
        live = Reply.objects.live()
        if self.user_id is not None:
            return live.owned_by(self.user_id)
        if self.chat_model_id is not None:
            return live.by_model(self.chat_model_id)
        return live.by_models_named(self.model) if self.model else live


def read_board(*, viewer: User, now: datetime | None = None) -> LiveBoard:
    """Return what is being answered; two queries, however much there is.

    Tokens are those of the model that writes, as its worker has stored them last, at most a second
    ago; what another one has used that failed before it is in the ledger.

    Raises:
        ForbiddenError: the viewer may not halt answers, for whom the board is.
    """
    _require(viewer, HALT)
    moment = now or timezone.now()
    answers = [_answer(row, moment) for row in statements.live(most=MOST)]
    found = statements.totals(most=MOST_CROWDS)
    people = [one for one in found if one.owner_id is not None]
    [all_of_them] = [one for one in found if one.owner_id is None and one.model is None]
    return LiveBoard(
        answers=answers,
        has_more=all_of_them.answers > len(answers),
        written=all_of_them.answers - all_of_them.waiting,
        waiting=all_of_them.waiting,
        cost_nano=all_of_them.cost_nano,
        unpriced=all_of_them.unpriced,
        person_count=people[0].crowds if people else 0,
        people=[_crowd(one) for one in people],
        models=[_crowd(one) for one in found if one.model is not None],
    )


def name_of(user_id: int) -> str | None:
    """Return a person's name; None where there is no such person."""
    person = User.objects.filter(pk=user_id).only("name").first()
    return None if person is None else str(person.name)


def model_of(chat_model_id: int) -> str | None:
    """Return provider and name of a model of the catalogue; None where there is no such model."""
    model = catalogue.read().models.get(chat_model_id)
    return None if model is None else naming.label_of(model.id, model.name)


def count_live(*, viewer: User, chosen: Chosen) -> int:
    """Return how many answers would be ended.

    Raises:
        ForbiddenError: the viewer may not end them.
    """
    require_halt(viewer, chosen)
    return chosen.live().count()


def require_halt(actor: User, chosen: Chosen) -> None:
    """Check that somebody may end these: a person's like one answer, more like a pause.

    Raises:
        ForbiddenError: they may not.
    """
    _require(actor, HALT)
    if chosen.user_id is None:
        _require(actor, STOP_ALL)


def halt_many(*, actor: User, chosen: Chosen, reason: str) -> int:
    """End all these answers as halted, each with its own entry in the record.

    They are ended some at a time, so that no lock is held for long, until none of those is left
    that were there at the beginning; what is asked for afterwards is answered, unless a pause keeps
    it back.

    Args:
        actor: a member of staff.
        chosen: which answers.
        reason: why, for the record.

    Returns:
        How many were asked to end.

    Raises:
        ForbiddenError: the actor may not.
        ValidationFailedError: no reason was given.
    """
    require_halt(actor, chosen)
    reason = clean_reason(reason, field="reason")
    live = chosen.live().not_asked_to_end().order_by("pk")
    newest, last, count = live.values_list("pk", flat=True).last() or 0, 0, 0
    there = live.up_to_number(newest)
    while found := list(there.after_number(last).values_list("pk", flat=True)[:AT_ONCE]):
        count += _halt(actor, found, reason)
        last = found[-1]
    return count


@transaction.atomic
def _halt(actor: User, numbers: Sequence[int], reason: str) -> int:
    held = Reply.objects.live().filter(pk__in=numbers).order_by("pk").select_for_update()
    replies = list(held)
    for reply in replies:
        audit.record(
            actor=actor,
            action=AuditAction.REPLY_HALTED,
            target_type="reply",
            target_id=reply.pk,
            reason=reason,
            data={"conversation_id": reply.conversation_id},
        )
    live = Reply.objects.live().filter(pk__in=[reply.pk for reply in replies])
    announcements.request_stops(live, state=constants.ReplyState.HALTED)
    return len(replies)


def _answer(row: statements.Live, now: datetime) -> LiveAnswer:
    sent, written = row.sent_tokens, row.written_tokens
    cost = None
    if row.rate is not None:
        cost = row.rate.cost(prompt_tokens=sent, completion_tokens=written)
    return LiveAnswer(
        reply_id=row.reply_id,
        conversation_id=row.conversation_id,
        owner_id=row.owner_id,
        owner_name=row.owner_name,
        model=row.model,
        chat_model_id=row.chat_model_id,
        model_label=naming.label_of(row.chat_model_id, row.model),
        is_waiting=row.is_waiting,
        has_worker=row.state == constants.ReplyState.RUNNING,
        seconds=max(0.0, (now - row.queued_at).total_seconds()),
        tokens=sent + written,
        cost_nano=cost,
    )


def _crowd(total: statements.Total) -> Crowd:
    """Return a person's answers or a model's; a model of the catalogue goes by its number."""
    if total.owner_id is not None:
        return Crowd("user_id", str(total.owner_id), total.owner_name or "", total.answers)
    name, number = total.model or "", total.chat_model_id
    label = naming.label_of(number, name)
    if number is not None:
        return Crowd("chat_model_id", str(number), label, total.answers)
    return Crowd("model", name, label, total.answers)


def _require(actor: User, right: str) -> None:
    rights.require(actor, right)
