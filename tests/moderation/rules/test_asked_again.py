"""Asking again passes the rules that are live by then."""

import pytest

from apps.conversations.errors import MessageWithheldError, ReplyNotRetryableError
from apps.conversations.models import Message, Reply
from apps.conversations.services import retries, turns
from apps.moderation.models import Case, Decision, Flag, RuleHit
from apps.users.models import User
from tests.conversations.conftest import running_worker
from tests.moderation.rules.conftest import MakeRule
from tests.support.upstream import ScriptedUpstream

WORDS = {"terms": ["forbidden"], "match": "word", "fold": True}
LANE = {"stage": "input", "applies_to": "user", "configuration": WORDS}


async def answered(person: User, **beside: object) -> Reply:
    request = turns.TurnRequest(conversation_id=None, **{"content": "A forbidden thing.", **beside})
    async with running_worker() as worker:
        turn = await turns.start_turn(actor=person, request=request)
        return await worker.finish(turn.reply.pk)


@pytest.mark.parametrize("beside", [{}, {"content": "Go on.", "context": {"note": "forbidden"}}])
async def test_a_rule_that_went_live_since_keeps_the_question_back_and_hides_it(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule, beside: dict[str, object]
) -> None:
    reply = await answered(person, **beside)
    await make_live_rule(**LANE)
    sent = len(upstream.requests)
    with pytest.raises(MessageWithheldError) as refused:
        await retries.retry_reply(actor=person, message_id=reply.pk)
    assert refused.value.message == "Do not insult people."
    question = await Message.objects.aget(role="user")
    decision = await Decision.objects.aget()
    assert question.is_hidden
    assert (decision.actor_kind, decision.verdict) == ("rule", "violates")
    assert (await Case.objects.aget()).message_id == question.pk
    assert await Reply.objects.acount() == 1
    assert len(upstream.requests) == sent
    with pytest.raises(ReplyNotRetryableError):
        await retries.retry_reply(actor=person, message_id=reply.pk)


async def test_a_rule_that_only_flags_is_written_down_once_however_often_one_asks(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    reply = await answered(person)
    await make_live_rule(**LANE, mode="flag")
    async with running_worker() as worker:
        for _ in range(2):
            again = await retries.retry_reply(actor=person, message_id=reply.pk)
            await worker.finish(again.reply.pk)
    assert (await RuleHit.objects.acount(), await Flag.objects.acount()) == (1, 1)
