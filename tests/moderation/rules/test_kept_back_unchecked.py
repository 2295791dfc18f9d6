"""What could not be checked and is kept back becomes a case that a person can decide."""

from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from pytest_django import Settings

from apps.audit.models import AuditEvent
from apps.conversations.errors import MessageWithheldError
from apps.conversations.guardrails import Draft, StreamGuard, Verdict
from apps.conversations.models import Message, Reply
from apps.conversations.services import retries, turns
from apps.core import db
from apps.llm.gateway.moderation import close_default_classifier
from apps.moderation import constants
from apps.moderation.constants import ActorKind, CaseState, FlagSource
from apps.moderation.models import Case, Notice, RuleHit
from apps.moderation.policy_guardrail import PolicyGuardrail
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import decisions, inbox
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.rules import remote_checks
from apps.users.models import User
from tests.conversations.conftest import read_reply, running_worker
from tests.moderation.factories import make_staff
from tests.moderation.rules.conftest import MakeRule
from tests.support.upstream import ScriptedUpstream

ENDPOINT = {"categories": ["violence"], "model": ""}
NO_VIOLATION = Ruling(verdict=constants.Verdict.NO_VIOLATION, reason="Nothing in it.")


class BrokenAtInput(PolicyGuardrail):
    async def check_input(self, draft: Draft) -> Verdict:
        raise RuntimeError


class BrokenStream(PolicyGuardrail):
    async def open_stream(self, draft: Draft) -> StreamGuard | None:
        raise RuntimeError


@pytest.fixture
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give no check that asks elsewhere the time to answer."""
    monkeypatch.setattr(remote_checks, "CHECK_SECONDS", 0.0)
    yield
    async_to_sync(close_default_classifier)()


def request(content: str) -> turns.TurnRequest:
    return turns.TurnRequest(conversation_id=None, content=content)


async def send(person: User, content: str) -> None:
    with pytest.raises(MessageWithheldError):
        await turns.start_turn(actor=person, request=request(content))


@sync_to_async
def decide(ruling: Ruling) -> None:
    case = cases.take_next(actor=(moderator := make_staff()))
    assert cases.release(actor=moderator, case_id=case.pk).state == CaseState.OPEN
    case = cases.claim(actor=moderator, case_id=case.pk)
    decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)


@pytest.mark.usefixtures("nobody_answers")
async def test_a_message_that_a_closed_rule_could_not_check_is_a_case_with_reason_and_notice(
    person: User, make_live_rule: MakeRule
) -> None:
    rule = await make_live_rule(
        kind="endpoint",
        stage="input",
        applies_to="user",
        on_error="closed",
        configuration=ENDPOINT,
    )
    await send(person, "Fóol \u200b\U0001f600")
    case = await Case.objects.aget()
    decision = await case.decisions.aget()
    enforcement = await decision.enforcements.aget()
    notice = await Notice.objects.aget(subject=person)
    assert (case.state, case.source, case.policy_id) == ("open", FlagSource.GUARD, rule.policy_id)
    assert (await case.flags.aget()).hit_id == (await RuleHit.objects.aget()).pk
    assert (await case.snapshots.aget()).text == "Fóol \u200b\U0001f600"
    assert (decision.verdict, decision.actor_kind) == ("unsure", ActorKind.SYSTEM)
    assert decision.reason.startswith("The check of the rule “Bad words” failed")
    assert (enforcement.kind, enforcement.state) == ("hide_message", "active")
    assert (notice.title, notice.appeal_until) == ("A message of yours is kept back", None)
    assert "The policy check is not available at the moment." in notice.body
    leading = await db.call(inbox.notice_about, viewer=person, message_id=case.message_id)
    assert leading == notice.pk
    assert await AuditEvent.objects.filter(action="case.held", target_id=case.pk).aexists()
    await decide(NO_VIOLATION)
    message = await Message.objects.aget(role="user")
    assert (message.is_hidden, message.content) == (False, "Fóol \u200b\U0001f600")
    told = await Notice.objects.filter(subject=person).order_by("-id").afirst()
    assert told is not None
    assert told.title == "A decision was taken back"


@pytest.mark.usefixtures("nobody_answers")
async def test_a_person_who_finds_a_violation_in_it_tells_it_with_the_reason_and_the_appeal(
    person: User, make_live_rule: MakeRule
) -> None:
    rule = await make_live_rule(
        kind="endpoint",
        stage="input",
        applies_to="user",
        on_error="closed",
        configuration=ENDPOINT,
    )
    await send(person, "You fool.")
    code = await db.call(lambda: rule.policy.code)
    await decide(
        Ruling(
            verdict=constants.Verdict.VIOLATES,
            policy_code=code,
            reason="An insult.",
            gives_points=False,
        )
    )
    told = await Notice.objects.filter(subject=person).order_by("-id").afirst()
    assert told is not None
    assert (told.title, told.appeal_until is not None) == ("A message of yours was hidden", True)
    assert (await Message.objects.aget(role="user")).is_hidden


async def test_a_guard_that_raises_leaves_a_case_too(person: User, settings: Settings) -> None:
    settings.GUARDRAILS = [f"{__name__}.BrokenAtInput"]
    await send(person, "Hello.")
    case = await Case.objects.aget()
    assert (case.source, case.policy_id) == (FlagSource.GUARD, None)
    assert (await case.decisions.aget()).reason.startswith("A policy check could not be made")


async def test_an_answer_without_a_guard_is_kept_back_with_its_original_and_can_be_released(
    person: User, upstream: ScriptedUpstream, settings: Settings
) -> None:
    settings.GUARDRAILS = [f"{__name__}.BrokenStream"]
    async with running_worker() as worker:
        turn = await turns.start_turn(actor=person, request=request("[[stream tokens=3]]"))
        reply = await worker.finish(turn.reply.pk)
    case = await Case.objects.aget()
    original = (await case.snapshots.aget()).text
    assert (reply.state, reply.message.content) == ("withheld", "")
    assert (case.message_id, original[:5]) == (reply.pk, "word0")
    await decide(NO_VIOLATION)
    reply = await read_reply(reply.pk)
    assert (reply.state, reply.message.content) == ("halted", original)


@pytest.mark.usefixtures("nobody_answers")
async def test_what_a_person_released_is_not_kept_back_by_the_same_rule_when_asked_again(
    person: User, make_live_rule: MakeRule
) -> None:
    await make_live_rule(
        kind="endpoint",
        stage="input",
        applies_to="user",
        on_error="closed",
        configuration=ENDPOINT,
    )
    await send(person, "Hello.")
    await decide(NO_VIOLATION)
    answer = await Reply.objects.aget()
    turn = await retries.retry_reply(actor=person, message_id=answer.pk)
    assert turn.reply.state == "queued"
    assert await Case.objects.acount() == 1
