"""What a rule did to an answer of a real stream is taken back, done again, and taken back again."""

import pytest
from asgiref.sync import sync_to_async
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.conversations.events import ReplyDelta, ReplyEvent, ReplyFinished, ReplySnapshot
from apps.conversations.services import following, turns
from apps.core import db
from apps.core.jobs import given_to
from apps.moderation import tasks
from apps.moderation.constants import CaseState, Verdict
from apps.moderation.models import Case, CaseSnapshot
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import decisions, reversals
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.rules import later
from apps.users.models import User
from tests.conversations.conftest import Worker, read_reply, running_worker
from tests.moderation.factories import make_staff
from tests.moderation.rules.conftest import MakeRule
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text

WHOLE = answer_text(60)


def acquit(moderator: User) -> int:
    Case.objects.filter(state=CaseState.CLOSED).update(state=CaseState.OPEN, closed_at=None)
    case = cases.claim(actor=moderator, case_id=Case.objects.get().pk)
    ruling = Ruling(verdict=Verdict.NO_VIOLATION)
    decided = decisions.decide(
        actor=moderator, case_id=case.pk, version=case.version, ruling=ruling
    )
    return int(decided.pk)


class Talk:
    """One conversation with a worker, as its owner and the model read it."""

    def __init__(self, person: User, worker: Worker, upstream: ScriptedUpstream) -> None:
        self._person = person
        self._worker = worker
        self._upstream = upstream
        self.conversation_id: int | None = None

    async def ask(self, content: str) -> int:
        asked = await turns.start_turn(
            actor=self._person,
            request=turns.TurnRequest(conversation_id=self.conversation_id, content=content),
        )
        self.conversation_id = asked.conversation.pk
        await self._worker.finish(asked.reply.pk)
        return int(asked.reply.pk)

    async def is_remembered(self) -> bool:
        """Ask on, and tell whether the model was sent what the rule looks for."""
        await self.ask("[[stream tokens=1]] and now?")
        said = self._upstream.requests[-1].body["messages"]
        return "word7" in str([one for one in said if one["role"] == "assistant"])

    async def followed(self, reply_id: int) -> tuple[str, ReplyFinished]:
        """Follow an answer as an open page does that has some of it."""
        events: list[ReplyEvent] = [
            event
            async for event in following.follow(viewer=self._person, reply_id=reply_id, cursor=5)
        ]
        *shown, ended = events
        assert isinstance(ended, ReplyFinished)
        text = WHOLE[:5]
        for event in shown:
            if isinstance(event, ReplySnapshot):
                text = event.text
            elif isinstance(event, ReplyDelta):
                text += event.text
        return text, ended


@pytest.mark.parametrize(
    ("stage", "end"), [("stream", "halted"), ("output", "complete"), ("later", "complete")]
)
async def test_an_answer_comes_back_as_it_was_goes_again_and_comes_back_once_more(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule, stage: str, end: str
) -> None:
    await make_live_rule(stage=stage)
    moderator = await sync_to_async(make_staff)()
    async with running_worker() as worker:
        talk = Talk(person, worker, upstream)
        reply_id = await talk.ask("[[stream tokens=60]]")
        if stage == "later":
            assert (await read_reply(reply_id)).message.content == WHOLE
            job = await ProcrastinateJob.objects.aget(
                task_name=later.TASK, args__message_id=reply_id
            )
            await tasks.check_later(**given_to(job.args))
        original = (await CaseSnapshot.objects.aget()).text
        assert WHOLE.startswith(original)
        assert "word7" in original
        assert await talk.followed(reply_id) == ("", await ended_as(reply_id, "withheld"))
        acquitted = await db.call(acquit, moderator)
        assert await talk.followed(reply_id) == (original, await ended_as(reply_id, end))
        assert await talk.is_remembered()
        await db.call(reversals.undo, actor=moderator, decision_id=acquitted, reason="Wrong file.")
        assert await talk.followed(reply_id) == ("", await ended_as(reply_id, "withheld"))
        assert not await talk.is_remembered()
        await db.call(acquit, moderator)
        assert await talk.followed(reply_id) == (original, await ended_as(reply_id, end))


async def ended_as(reply_id: int, state: str) -> ReplyFinished:
    reply = await read_reply(reply_id)
    assert reply.state == state
    return await sync_to_async(following.finished_event)(reply.message, reply)
