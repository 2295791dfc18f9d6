"""What is reserved for what was said before is what a model is told of it, whatever was said."""

from __future__ import annotations

from random import Random

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as configured
from django.utils import timezone
from pytest_django import Settings

from apps.conversations.constants import Author, ReplyState
from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.services import leases, retries, stopping, turns
from apps.conversations.statements.remembered import size_before
from apps.llm.constants import Period, QuotaKind, QuotaUnit
from apps.llm.gateway.estimates import size_of_prompt
from apps.llm.gateway.prompts import build_messages
from apps.llm.models import Reservation
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from apps.users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "0123456789" * 50
UNTOLD = ("stopped", "withheld", "hidden answer", "hidden question")
KINDS = ("whole", *UNTOLD, "edited", "asked again")
STATES = {"stopped": ReplyState.STOPPED, "withheld": ReplyState.WITHHELD}


@pytest.fixture
def _quota(person: User) -> None:
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=10**6)
    set_quota(actor=None, subject=Subject(QuotaKind.EVERYONE), limit=wanted)


class Past:
    """A conversation with exchanges of the past."""

    def __init__(self, person: User) -> None:
        self.conversation = Conversation.objects.create(owner=person)
        self._last: Message | None = None

    def add(self, kind: str, text: str) -> None:
        """Add one exchange, and the version that was shown before it where it has one."""
        parent = self._last
        if kind == "edited":
            self._say(self._say(parent, text, is_current=False), text, is_current=False)
        question = self._say(parent, text, is_hidden=kind == "hidden question")
        if kind == "asked again":
            self._say(question, text, is_current=False)
        said = "" if kind == "stopped" else text
        state = STATES.get(kind, ReplyState.COMPLETE)
        self._last = self._say(question, said, is_hidden=kind == "hidden answer", state=state)

    def _say(
        self,
        parent: Message | None,
        text: str,
        *,
        is_current: bool = True,
        is_hidden: bool = False,
        state: str = ReplyState.COMPLETE,
    ) -> Message:
        is_answer = parent is not None and parent.role == Author.USER
        now = timezone.now()
        message = Message.objects.create(
            conversation=self.conversation,
            parent=parent,
            role=Author.ASSISTANT if is_answer else Author.USER,
            author=None if is_answer else self.conversation.owner,
            content=text,
            is_current=is_current,
            hidden_at=now if is_hidden else None,
        )
        if is_answer:
            row = Reply(message=message, conversation=self.conversation, state=state)
            row.finished_at = now
            row.save(force_insert=True)
        return message


def reserved() -> int:
    """Return the tokens that are held for the prompt of the only call that has not ended."""
    row = Reservation.objects.get()
    assert row.answer_tokens is not None
    return row.amount - row.answer_tokens


def most_told(reply_id: int) -> int:
    """Return the most tokens of what a worker reads; no more of it is sent, or estimated."""
    claim = leases.claim(reply_id=reply_id, owner="me")
    assert claim is not None
    said = size_of_prompt(one.content for one in claim.request.history)
    question_id = Message.objects.values_list("parent_id", flat=True).get(pk=reply_id)
    assert question_id is not None
    size = size_before(conversation_id=claim.conversation_id, question_id=question_id)
    assert (size.text_bytes, size.messages) == (said.text_bytes, said.messages)
    sent = size_of_prompt(str(one.content) for one in build_messages(claim.request))
    fixed = size_of_prompt([claim.request.system_prompt, claim.request.question])
    assert sent.most_tokens <= (fixed + said).most_tokens
    return (fixed + said).most_tokens


def ask(person: User, past: Past) -> int:
    request = turns.TurnRequest(conversation_id=past.conversation.pk, content="hi")
    return async_to_sync(turns.start_turn)(actor=person, request=request).reply.pk


@pytest.mark.usefixtures("_quota")
@pytest.mark.parametrize("seed", range(4))
def test_a_reservation_holds_exactly_what_a_model_is_told_of_any_past(
    person: User, settings: Settings, seed: int
) -> None:
    settings.MAX_TOKENS = 10**6
    random = Random(seed)
    past = Past(person)
    for _ in range(14):
        past.add(random.choice(KINDS), LONG[: random.choice([2, 2, 99, 500])])
    reply_id = ask(person, past)
    assert reserved() == most_told(reply_id)
    stopping.stop_reply(actor=person, reply_id=reply_id)
    Reply.objects.filter(pk=reply_id).update(state=ReplyState.STOPPED, finished_at=timezone.now())
    Reservation.objects.all().delete()
    again = async_to_sync(retries.retry_reply)(actor=person, message_id=reply_id)
    assert reserved() == most_told(again.reply.pk)


@pytest.mark.usefixtures("_quota")
@pytest.mark.parametrize("kind", UNTOLD)
def test_exchanges_that_no_model_is_told_of_make_room_for_older_ones_in_the_reservation_too(
    person: User, kind: str
) -> None:
    past = Past(person)
    for _ in range(configured.CONVERSATION_MEMORY_SIZE):
        past.add("whole", LONG)
    for _ in range(configured.CONVERSATION_MEMORY_SIZE):
        past.add(kind, "hi")
    reply_id = ask(person, past)
    held, told = reserved(), most_told(reply_id)
    assert held == told > configured.CONVERSATION_MEMORY_SIZE * len(LONG)
