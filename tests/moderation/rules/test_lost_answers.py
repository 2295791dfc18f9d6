"""What is lost with its worker, an answer or a check, is looked at afterwards or told of."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from apps.conversations.models import Reply
from apps.conversations.services import lost
from apps.core import db
from apps.core.jobs import given_to
from apps.moderation import tasks
from apps.moderation.models import CaseSnapshot, RuleHit
from apps.moderation.services.rules import hits, later
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
    await tasks.check_later(**given_to(job.args))
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


@pytest.mark.parametrize(
    ("error", "attempts", "is_tried_again"),
    [
        (OperationalError(), 0, True),
        (InterfaceError(), 7, True),
        (asyncio.CancelledError(), 0, True),
        (asyncio.CancelledError(), 8, False),
        (OperationalError(), 8, False),
        (ValueError(), 0, False),
    ],
)
def test_a_check_is_tried_again_after_an_outage_and_after_a_worker_that_was_stopped(
    error: BaseException, attempts: int, *, is_tried_again: bool
) -> None:
    job = Job(
        id=1,
        queue=later.QUEUE,
        lock=None,
        queueing_lock=None,
        task_name=later.TASK,
        attempts=attempts,
    )
    again = tasks.check_later.get_retry_exception(exception=error, job=job)
    assert (again is not None) == is_tried_again


@pytest.mark.parametrize("status", ["failed", "aborted"])
async def test_a_check_that_was_given_up_is_a_hit_of_outcome_error_once(
    status: str, make_live_rule: MakeRule
) -> None:
    rule = await make_live_rule(stage="later")
    reply = await end_of_a_lost_worker()
    jobs = ProcrastinateJob.objects.filter(task_name=later.TASK, args__message_id=reply.pk)
    assert await jobs.aupdate(status=status) == 1
    for _ in range(2):
        await db.call(later.note_given_up)
    hit = await RuleHit.objects.aget()
    assert (hit.outcome, hit.rule_id, hit.message_id) == ("error", rule.pk, reply.pk)
    assert (await read_reply(reply.pk)).message.content == SHOWN
    assert not await jobs.aexists()
