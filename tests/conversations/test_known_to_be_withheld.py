"""That policy withholds an answer is known without Redis; what nobody can know is not shown."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from apps.conversations import constants, guardrails
from apps.conversations.constants import ReplyState
from apps.conversations.guardrails import Judged
from apps.conversations.models import Message, Reply
from apps.conversations.services import leases, lost, presenting, reaping, turns
from apps.conversations.services.leases import Ending
from apps.core import db
from apps.users.models import User
from tests.conversations.conftest import read_reply, running_worker
from tests.conversations.test_guardrails import WordGuardrail
from tests.factories import ReplyFactory
from tests.support.upstream import ScriptedUpstream

AWAY = "redis://127.0.0.1:9/0"
SHOWN = "what was shown"


class Witness(WordGuardrail):
    """Writes down what it is asked to record; for answers its database can be away."""

    is_away: ClassVar[bool] = False
    withholds: ClassVar[bool] = True
    recorded: ClassVar[list[Judged]] = []
    asked: ClassVar[threading.Event]

    def withholds_answers(self) -> bool:
        return self.withholds

    def record(self, judged: Judged, findings: Sequence[object]) -> None:
        if not judged.is_answer:
            return
        self.recorded.append(judged)
        self.asked.set()
        if self.is_away:
            raise OperationalError("away")


@pytest.fixture
def witness(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> type[Witness]:
    """A guardrail that knows forbidden words, and what it was told."""
    settings.GUARDRAILS = [f"{__name__}.Witness"]
    monkeypatch.setattr(Witness, "is_away", False)
    monkeypatch.setattr(Witness, "withholds", True)
    Witness.recorded.clear()
    monkeypatch.setattr(Witness, "asked", threading.Event(), raising=False)
    return Witness


async def reap() -> list[int]:
    reaper = reaping.Reaper()
    assert await db.call(reaper.look) == []
    return await db.call(reaper.look)


@sync_to_async
def of_a_lost_worker(content: str = SHOWN, **fields: object) -> Reply:
    gone = timezone.now() - timedelta(seconds=1)
    reply: Reply = ReplyFactory(
        running=True, message__content=content, lease_expires_at=gone, **fields
    )
    return reply


@pytest.mark.parametrize("words", ["judged [[stream tokens=5]]", "guarded [[stream tokens=9]]"])
async def test_a_withheld_answer_stays_so_when_its_worker_dies_and_redis_cannot_be_read(
    person: User,
    upstream: ScriptedUpstream,
    witness: type[Witness],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
) -> None:
    monkeypatch.setattr(witness, "is_away", True)
    monkeypatch.setattr(witness, "withholds", False)
    async with running_worker() as worker:
        turn = await turns.start_turn(
            actor=person, request=turns.TurnRequest(conversation_id=None, content=words)
        )
        writing = worker.begin(turn.reply.pk)
        assert await asyncio.to_thread(witness.asked.wait, 10)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    monkeypatch.setattr(witness, "is_away", False)
    await Message.objects.filter(pk=turn.reply.pk).aupdate(content="word0 word1 ")
    await Reply.objects.filter(pk=turn.reply.pk).aupdate(lease_expires_at=turn.message.created_at)
    settings.REDIS_URL = AWAY
    assert await reap() == [turn.reply.pk]
    reply = await read_reply(turn.reply.pk)
    assert (reply.state, reply.message.content, reply.message.html) == ("withheld", "", "")
    judged = witness.recorded[-1]
    assert (judged.text, judged.is_withheld, judged.is_lost) == ("word0 word1 ", True, True)


@pytest.mark.parametrize("asked", ["", "stopped"])
async def test_an_answer_of_which_nobody_knows_whether_it_is_withheld_waits_for_a_person(
    witness: type[Witness], settings: Settings, transactional_db: None, asked: str
) -> None:
    settings.REDIS_URL = AWAY
    gone = await of_a_lost_worker(stop_state=asked)
    assert await reap() == [gone.pk]
    reply = await read_reply(gone.pk)
    assert (reply.state, reply.message.content) == ("withheld", "")
    assert reply.error_code == guardrails.BLOCK_ON_FAILURE.code
    assert presenting.reply_notice(reply) == constants.DOUBTFUL_NOTICE
    (judged,) = witness.recorded
    assert (judged.text, judged.is_withheld, judged.ended) == (SHOWN, True, lost.INTERRUPTED)


async def test_so_does_one_of_which_redis_has_lost_what_it_knew(
    witness: type[Witness], transactional_db: None
) -> None:
    gone = await of_a_lost_worker()
    assert await reap() == [gone.pk]
    assert (await read_reply(gone.pk)).state == "withheld"


@pytest.mark.parametrize(("withholds", "content"), [(False, SHOWN), (True, "")])
async def test_what_cannot_have_been_withheld_ends_as_interrupted_without_redis_too(
    witness: type[Witness],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    transactional_db: None,
    content: str,
    *,
    withholds: bool,
) -> None:
    monkeypatch.setattr(witness, "withholds", withholds)
    settings.REDIS_URL = AWAY
    gone = await of_a_lost_worker(content)
    assert await reap() == [gone.pk]
    reply = await read_reply(gone.pk)
    assert (reply.state, reply.error_code, reply.message.content) == (
        "interrupted",
        "worker_lost",
        content,
    )


async def test_a_worker_that_was_cut_off_withholds_what_was_ended_and_shown_without_it(
    person: User, upstream: ScriptedUpstream, witness: type[Witness]
) -> None:
    turn = await turns.start_turn(
        actor=person, request=turns.TurnRequest(conversation_id=None, content="hello")
    )
    claim = await db.call(leases.claim, reply_id=turn.reply.pk, owner="cut off")
    assert claim is not None
    await Message.objects.filter(pk=turn.reply.pk).aupdate(content=SHOWN)
    await Reply.objects.filter(pk=turn.reply.pk).aupdate(lease_expires_at=turn.message.created_at)
    texts = {turn.reply.pk: f"{SHOWN}, and more"}
    assert await db.call(lost.reap, reply_ids=[turn.reply.pk], live_texts=texts)
    judged = Judged(
        message_id=turn.reply.pk,
        conversation_id=turn.conversation.pk,
        user_id=person.pk,
        is_answer=True,
        text=f"{SHOWN}, and word7",
        shown_chars=len(SHOWN),
        is_withheld=True,
        is_checked=False,
    )
    ending = Ending(
        state=ReplyState.WITHHELD, text="", usage=None, notice="Not this word.", judged=judged
    )
    assert not await db.call(leases.finish, claim=claim, owner="cut off", ending=ending)
    reply = await read_reply(turn.reply.pk)
    assert (reply.state, reply.notice, reply.message.content) == ("withheld", "Not this word.", "")
    last = witness.recorded[-1]
    assert (last.text, last.ended) == (judged.text, lost.INTERRUPTED)
