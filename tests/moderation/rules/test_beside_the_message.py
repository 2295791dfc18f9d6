"""Whatever goes to the model is looked at, wherever in the request it stands."""

from typing import Any

import pytest
from django.utils import timezone

from apps.conversations.errors import MessageWithheldError, ReplyNotRetryableError
from apps.conversations.models import Message, Reply
from apps.conversations.services import retries, rewriting, turns
from apps.core import db
from apps.moderation.models import CaseSnapshot, RuleHit
from apps.users.models import User
from tests.conversations.conftest import running_worker
from tests.moderation.rules.conftest import MakeRule
from tests.support.upstream import ScriptedUpstream

SECRET = {"terms": ["forbidden fruit"], "match": "word", "fold": True}
SAID = {"role": "assistant", "content": "As I said: forbidden fruit."}
ASKED = {"role": "user", "content": "Go on."}


def program(*messages: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    return {"prompt": {"messages": list(messages), "parameters": parameters}}


@pytest.mark.parametrize(
    "beside",
    [
        {"context": {"facts": [{"note": "about forbidden\nfruit"}]}},
        {"context": {"forbidden fruit": 1}},
        program(SAID, ASKED),
        program({**ASKED, "name": "forbidden fruit"}),
        program(ASKED, stop=["forbidden fruit"]),
        program(ASKED, response_format={"json_schema": {"description": "forbidden fruit"}}),
    ],
)
async def test_a_rule_on_messages_sees_what_is_sent_beside_them(
    person: User,
    upstream: ScriptedUpstream,
    make_live_rule: MakeRule,
    beside: dict[str, Any],
) -> None:
    await make_live_rule(configuration=SECRET, stage="input", applies_to="user")
    request = turns.TurnRequest(conversation_id=None, content="Go on.", **beside)
    with pytest.raises(MessageWithheldError):
        await turns.start_turn(actor=person, request=request)
    hit = await RuleHit.objects.aget()
    judged = (await CaseSnapshot.objects.aget()).text
    assert hit.outcome == "enforced"
    assert judged[hit.start : hit.end].split() == ["forbidden", "fruit"]
    assert (await Message.objects.aget(role="user")).content == "Go on."
    assert upstream.requests == []


async def test_metadata_stays_the_senders_own(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    await make_live_rule(configuration=SECRET, stage="input", applies_to="user")
    request = turns.TurnRequest(
        conversation_id=None, content="Go on.", metadata={"note": "forbidden fruit"}
    )
    assert (await turns.start_turn(actor=person, request=request)).created


async def test_a_programs_prompt_is_not_asked_again_once_a_passage_of_it_is_redacted(
    person: User, upstream: ScriptedUpstream
) -> None:
    request = turns.TurnRequest(
        conversation_id=None,
        content="My secret is 1234.",
        **program({"role": "user", "content": "My secret is 1234."}),
    )
    async with running_worker() as worker:
        turn = await turns.start_turn(actor=person, request=request)
        reply: Reply = await worker.finish(turn.reply.pk)
    await db.call(
        rewriting.redact_spans,
        actor=None,
        message_id=turn.message.pk,
        spans=[(13, 17)],
        reason="A secret.",
    )
    with pytest.raises(ReplyNotRetryableError):
        await retries.retry_reply(actor=person, message_id=reply.pk)
    await db.call(
        rewriting.restore_text,
        actor=None,
        message_id=turn.message.pk,
        text="My secret is 1234.",
        reason="None.",
    )
    again = await retries.retry_reply(actor=person, message_id=reply.pk)
    assert again.message.pk == turn.message.pk


async def test_a_question_with_a_context_is_not_asked_again_once_a_passage_of_it_is_redacted(
    person: User, upstream: ScriptedUpstream
) -> None:
    secret: dict[str, Any] = {"content": "My secret is 1234.", "context": {"note": "1234"}}
    turn = await turns.start_turn(
        actor=person, request=turns.TurnRequest(conversation_id=None, **secret)
    )
    await Reply.objects.filter(pk=turn.reply.pk).aupdate(state="failed", finished_at=timezone.now())
    change: dict[str, Any] = {"actor": None, "message_id": turn.message.pk, "reason": "A secret."}
    await db.call(rewriting.redact_spans, spans=[(13, 17)], **change)
    with pytest.raises(ReplyNotRetryableError):
        await retries.retry_reply(actor=person, message_id=turn.reply.pk)
    await db.call(rewriting.restore_text, text=secret["content"], **change)
    again = await retries.retry_reply(actor=person, message_id=turn.reply.pk)
    assert again.message.pk == turn.message.pk
