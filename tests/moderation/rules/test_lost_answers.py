"""What the worker of an answer had found is lost with it: the answer is looked at afterwards."""

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.conversations.models import Reply
from apps.conversations.services import lost
from apps.moderation import tasks
from apps.moderation.models import CaseSnapshot, RuleHit
from apps.moderation.services import hits, later
from tests.conversations.conftest import read_reply
from tests.factories import MessageFactory, ReplyFactory
from tests.moderation.rules.conftest import MakeRule

SHOWN = "an answer with word7 in it"


@sync_to_async
def end_of_a_lost_worker() -> Reply:
    """Reap an answer in a process that has never looked at the rules."""
    reply: Reply = ReplyFactory(
        running=True,
        message__content=SHOWN,
        lease_expires_at=timezone.now() - timedelta(seconds=1),
    )
    reply.message.parent = MessageFactory(conversation=reply.conversation)
    reply.message.save()
    assert lost.reap(reply_ids=[reply.pk], live_texts={}) == [reply.pk]
    return reply


@pytest.mark.parametrize("stage", ["stream", "output", "later"])
async def test_an_answer_whose_worker_died_is_checked_by_every_rule_on_answers(
    stage: str, make_live_rule: MakeRule
) -> None:
    await make_live_rule(stage=stage)
    reply = await end_of_a_lost_worker()
    job = await ProcrastinateJob.objects.aget(task_name=later.TASK, args__message_id=reply.pk)
    await tasks.check_later(**job.args)
    gone = await read_reply(reply.pk)
    assert (gone.state, gone.message.content) == ("withheld", "")
    assert (await CaseSnapshot.objects.aget()).text == SHOWN
    assert (await RuleHit.objects.aget()).outcome == "enforced"


async def test_an_answer_whose_check_cannot_be_queued_ends_all_the_same(
    make_live_rule: MakeRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_live_rule(stage="later")
    monkeypatch.setattr(hits, "record", None)
    reply = await end_of_a_lost_worker()
    assert (await read_reply(reply.pk)).state == "interrupted"
    jobs = ProcrastinateJob.objects.filter(task_name=later.TASK, args__message_id=reply.pk)
    assert not await jobs.aexists()
