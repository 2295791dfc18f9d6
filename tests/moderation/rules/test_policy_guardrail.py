"""Rules act on messages and answers; what they did is stored with the text."""

import asyncio

import pytest

from apps.audit.models import AuditEvent
from apps.conversations import guardrails
from apps.conversations.errors import MessageWithheldError
from apps.conversations.guardrails import Draft
from apps.conversations.models import Message, Reply
from apps.conversations.services import turns
from apps.conversations.services.guarded_stream import GuardedStream
from apps.core import db
from apps.moderation.constants import RuleMode
from apps.moderation.models import (
    Case,
    CaseSnapshot,
    Decision,
    Enforcement,
    Notice,
    RuleDay,
    RuleHit,
    Strike,
)
from apps.moderation.services.rules import rule_sets
from apps.moderation.services.rules.findings import take_from_cap
from apps.users.models import User
from tests.conversations.conftest import running_worker
from tests.moderation.rules.conftest import MakeRule
from tests.support.upstream import ScriptedUpstream

LONG = "[[stream tokens=60]]"
ON_MESSAGES = {"stage": "input", "applies_to": "user"}
NOBODY = 2**40
SECRET = {"terms": ["forbidden fruit"], "match": "word", "fold": True}


def request(content: str, conversation_id: int | None = None) -> turns.TurnRequest:
    return turns.TurnRequest(conversation_id=conversation_id, content=content)


async def answer(person: User, content: str) -> Reply:
    async with running_worker() as worker:
        turn = await turns.start_turn(actor=person, request=request(content))
        return await worker.finish(turn.reply.pk)


async def test_a_message_that_an_enforcing_rule_hits_is_kept_back_with_its_case_and_notice(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    rule = await make_live_rule(configuration=SECRET, action="block_strike", **ON_MESSAGES)
    with pytest.raises(MessageWithheldError) as refused:
        await turns.start_turn(actor=person, request=request("Eat the F0rbidden fruit now"))
    assert refused.value.message == "Do not insult people."
    message = await Message.objects.aget(role="user")
    hit = await RuleHit.objects.aget()
    assert (hit.rule_id, hit.message_id, hit.outcome) == (rule.pk, message.pk, "enforced")
    assert (hit.start, hit.end, hit.stage) == (8, 23, "input")
    case = await Case.objects.aget(message=message)
    decision = await Decision.objects.aget(case=case)
    assert (decision.actor_kind, decision.rule_version_id) == ("rule", rule.current_id)
    enforcement = await Enforcement.objects.aget(decision=decision)
    assert enforcement.kind == "hide_message"
    assert (await Strike.objects.aget()).points == 2
    assert (await Notice.objects.aget()).subject_id == person.pk
    assert await AuditEvent.objects.filter(action="case.opened").aexists()
    assert upstream.requests == []


async def test_an_answer_that_an_enforcing_rule_hits_is_withheld_and_only_the_snapshot_has_it(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    await make_live_rule(action="block_strike")
    reply = await answer(person, LONG)
    assert (reply.state, reply.message.content) == ("withheld", "")
    assert reply.notice == "Do not insult people."
    snapshot = await CaseSnapshot.objects.aget()
    assert "word7" in snapshot.text
    assert snapshot.shown_chars == 0
    decision = await Decision.objects.aget()
    assert (await Enforcement.objects.aget(decision=decision)).kind == "retract_answer"
    assert not await Strike.objects.aexists()
    assert upstream.wait_until(lambda book: book.open_connections == 0, seconds=2.0)


async def test_the_next_prompt_does_not_contain_what_was_withheld(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    await make_live_rule()
    reply = await answer(person, LONG)
    async with running_worker() as worker:
        turn = await turns.start_turn(
            actor=person, request=request("[[stream tokens=2]] and now?", reply.conversation_id)
        )
        await worker.finish(turn.reply.pk)
    assert "word" not in str(upstream.requests[-1].body["messages"]).replace("word'", "")


@pytest.mark.parametrize("mode", [RuleMode.SHADOW, RuleMode.FLAG])
async def test_a_rule_that_does_not_enforce_leaves_the_answer_as_it_is(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule, mode: RuleMode
) -> None:
    await make_live_rule(mode=mode)
    reply = await answer(person, LONG)
    assert reply.state == "complete"
    hit = await RuleHit.objects.aget()
    assert reply.message.content[hit.start : hit.end] == "word7"
    assert hit.outcome == {"shadow": "recorded", "flag": "flagged"}[mode]
    assert await Case.objects.acount() == (mode == RuleMode.FLAG)
    assert not await Decision.objects.aexists()
    assert not await Notice.objects.aexists()


async def test_over_its_daily_cap_of_people_a_rule_only_records(
    person: User, stranger: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    await make_live_rule(daily_cap=1)
    first, second = await answer(person, LONG), await answer(stranger, LONG)
    assert (first.state, second.state) == ("withheld", "complete")
    assert second.message.content.startswith("word0 word1 ")
    assert second.message.content.endswith("word59 ")
    outcomes = [hit.outcome async for hit in RuleHit.objects.order_by("id")]
    assert outcomes == ["enforced", "capped"]


async def test_one_person_cannot_use_a_daily_cap_up_for_all(
    person: User, stranger: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    await make_live_rule(daily_cap=2)
    replies = [await answer(one, LONG) for one in (person, person, person, stranger)]
    assert {reply.state for reply in replies} == {"withheld"}


@pytest.mark.parametrize("stage", ["input", "stream"])
async def test_nobody_uses_a_daily_cap_up_by_texts_of_which_nothing_is_stored(
    person: User, stranger: User, make_live_rule: MakeRule, stage: str
) -> None:
    applies_to = "user" if stage == "input" else "answer"
    rule = await make_live_rule(
        configuration=SECRET, daily_cap=2, stage=stage, applies_to=applies_to
    )
    for author in (person, person, person, person, stranger):
        draft = Draft(user_id=author.pk, conversation_id=None, text="forbidden fruit")
        if stage == "input":
            assert (await guardrails.check_input(draft)).verdict.is_block
            continue
        stream = GuardedStream(draft)
        await stream.open()
        await stream.feed("the forbidden fruit", shown_chars=0)
        assert (await stream.finish(shown_chars=0)).verdict.is_block
    assert not await RuleHit.objects.aexists()
    assert (await RuleDay.objects.aget(rule=rule)).acted == 2


async def test_people_who_hit_a_rule_at_the_same_moment_count_once_each_and_never_past_the_cap(
    person: User, stranger: User, make_live_rule: MakeRule
) -> None:
    row = await make_live_rule(daily_cap=1)
    [rule] = (await rule_sets.current()).rules
    many = [person.pk, stranger.pk] * 6
    taken = await asyncio.gather(*(db.call(take_from_cap, rule, pk) for pk in many))
    assert len({pk for pk, is_taken in zip(many, taken, strict=True) if is_taken}) == 1
    assert sum(taken) == 6
    assert (await RuleDay.objects.aget(rule=row)).acted == 1


async def test_a_hit_that_cannot_be_counted_is_a_hit(
    person: User, make_live_rule: MakeRule, caplog: pytest.LogCaptureFixture
) -> None:
    await make_live_rule(configuration=SECRET, daily_cap=2, **ON_MESSAGES)
    draft = Draft(user_id=NOBODY, conversation_id=None, text="forbidden fruit")
    assert (await guardrails.check_input(draft)).verdict.code == "bad-words"
    assert "RULE_CAP_NOT_COUNTED" in caplog.text


async def test_a_rule_on_the_exchange_sees_question_and_answer_together(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    pattern = {"pattern": "(?s)tell me.{1,200}word3", "ignore_case": False, "look_back": None}
    await make_live_rule(kind="regex", configuration=pattern, stage="output", applies_to="exchange")
    reply = await answer(person, "tell me [[stream tokens=9]]")
    assert (reply.state, reply.message.content) == ("withheld", "")
    hit = await RuleHit.objects.aget()
    assert (hit.start, hit.end) == (None, None)


async def test_a_change_of_a_rule_is_live_for_the_next_message(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    rule = await make_live_rule(configuration=SECRET, mode=RuleMode.SHADOW, **ON_MESSAGES)
    await turns.start_turn(actor=person, request=request("forbidden fruit"))
    rule.mode = RuleMode.ENFORCE
    await rule.asave(update_fields=["mode"])
    rule_sets.forget()
    with pytest.raises(MessageWithheldError):
        await turns.start_turn(actor=person, request=request("forbidden fruit"))


async def test_a_rule_that_cannot_be_compiled_lets_pass_or_keeps_back_as_it_says(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    broken = {"pattern": "(", "ignore_case": False, "look_back": None}
    rule = await make_live_rule(kind="regex", configuration=broken, **ON_MESSAGES)
    await turns.start_turn(actor=person, request=request("hello"))
    rule.on_error = "closed"
    await rule.asave(update_fields=["on_error"])
    rule_sets.forget()
    with pytest.raises(MessageWithheldError) as refused:
        await turns.start_turn(actor=person, request=request("hello again"))
    assert "not available" in refused.value.message
    outcomes = [hit.outcome async for hit in RuleHit.objects.all()]
    assert outcomes == ["error", "error"]
    assert [case.source async for case in Case.objects.all()] == ["guard"]


async def test_more_messages_than_a_rate_rule_allows_are_kept_back(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    await make_live_rule(kind="rate", configuration={"limit": 2, "seconds": 3600}, **ON_MESSAGES)
    for _ in range(2):
        await turns.start_turn(actor=person, request=request("hello"))
    with pytest.raises(MessageWithheldError):
        await turns.start_turn(actor=person, request=request("hello"))


async def test_what_a_program_puts_into_the_context_is_looked_at_like_the_message(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    await make_live_rule(configuration=SECRET, **ON_MESSAGES)
    asked = turns.TurnRequest(
        conversation_id=None, content="Well?", context={"note": "the forbidden fruit"}
    )
    with pytest.raises(MessageWithheldError):
        await turns.start_turn(actor=person, request=asked)
    hit = await RuleHit.objects.aget()
    snapshot = await CaseSnapshot.objects.aget()
    assert snapshot.text[hit.start : hit.end] == "forbidden fruit"
    assert (await Message.objects.aget(role="user")).content == "Well?"
    assert upstream.requests == []


async def test_a_text_that_is_no_message_is_judged_and_uses_no_rate_and_no_daily_cap_up(
    person: User, stranger: User, make_live_rule: MakeRule
) -> None:
    lane = {"stage": "input", "applies_to": "user"}
    await make_live_rule(configuration=SECRET, daily_cap=1, **lane)
    often = {"limit": 1, "seconds": 60}
    await make_live_rule("Too often", kind="rate", configuration=often, **lane)

    async def outcome(author: User, text: str, *, is_message: bool) -> str:
        draft = Draft(user_id=author.pk, conversation_id=None, text=text, is_message=is_message)
        return (await guardrails.check_input(draft)).verdict.outcome

    titles = [await outcome(person, "forbidden fruit", is_message=False) for _ in range(2)]
    assert titles == ["block", "block"]
    assert await outcome(person, "Fruit", is_message=False) == "allow"
    assert await outcome(person, "Fruit", is_message=True) == "allow"
    assert await outcome(person, "Fruit", is_message=True) == "block"
    assert await outcome(stranger, "forbidden fruit", is_message=True) == "block"
