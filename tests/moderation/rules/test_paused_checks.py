"""Under a pause nothing is asked elsewhere: what is not shown yet is kept back, the rest waits."""

from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.conversations import guardrails
from apps.conversations.guardrails import Draft
from apps.core import db
from apps.core.jobs import given_to
from apps.llm.models import Pause
from apps.llm.services import pauses
from apps.llm.services.desk import close_default_desk
from apps.moderation import tasks
from apps.moderation.models import Case, RuleHit
from apps.moderation.services.rules import later
from apps.users.models import User
from tests.conversations.conftest import read_reply
from tests.moderation.rules.conftest import MakeRule
from tests.moderation.rules.test_elsewhere import JUDGE, answered
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_scripts import Script

CLOSED = {"kind": "judge", "configuration": JUDGE, "on_error": "closed", "applies_to": "answer"}


@pytest.fixture(autouse=True)
def _own_gateway() -> Iterator[None]:
    async_to_sync(close_default_desk)()
    yield
    async_to_sync(close_default_desk)()


async def pause_all() -> Pause:
    return await db.call(lambda: pauses.pause(actor=None, reason="Something is wrong."))


async def test_a_whole_answer_that_a_closed_rule_could_not_check_is_kept_back(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    await make_live_rule(stage="output", **CLOSED)
    await pause_all()
    draft = Draft(user_id=person.pk, conversation_id=None, text="Hello.")
    ruling = await guardrails.check_output(draft, "An answer.")
    assert (ruling.verdict.is_block, ruling.verdict.code) == (True, "policy_unavailable")
    assert upstream.requests == []


async def test_what_people_have_read_stays_and_is_checked_when_the_pause_is_over(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    rule = await make_live_rule(stage="later", **CLOSED)
    reply = await answered(person, "[[stream tokens=3]]")
    pause = await pause_all()
    await ProcrastinateJob.objects.filter(task_name=later.TASK).aupdate(status="succeeded")
    await tasks.check_later(message_id=reply.pk, is_checked=True)
    assert (await read_reply(reply.pk)).state == "complete"
    assert not await RuleHit.objects.aexists()
    assert not await Case.objects.aexists()
    job = await ProcrastinateJob.objects.aget(task_name=later.TASK, status="todo")
    assert job.args["version_ids"] == [rule.current_id]
    assert job.scheduled_at is not None
    await db.call(lambda: pauses.resume(actor=None, pause_id=pause.pk, reason="It is well again."))
    upstream.queue(Script(text="VIOLATES"))
    await tasks.check_later(**given_to(job.args))
    assert (await read_reply(reply.pk)).state == "withheld"
    assert (await RuleHit.objects.aget()).outcome == "enforced"
    await close_default_desk()
