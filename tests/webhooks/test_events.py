"""What programs are told of: each fact once, with numbers, in the transaction of the fact."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.conversations.constants import ReplyState
from apps.conversations.models import Message, Reply
from apps.conversations.services import lost, stopping, turns
from apps.conversations.statements import endings
from apps.conversations.statements import leases as lease_statements
from apps.moderation.constants import FlagSource, Verdict
from apps.moderation.services.cases import flags
from apps.moderation.services.decisions import decisions, reversals
from apps.users.models import User
from apps.users.services import standing
from apps.webhooks.models import WebhookDelivery, WebhookEvent
from tests.conversations.conftest import running_worker
from tests.conversations.conftest import upstream as upstream
from tests.factories import MessageFactory, ReplyFactory, UserFactory
from tests.moderation.factories import claimed_case, make_policy, make_staff
from tests.support.receiver import Receiver
from tests.support.upstream import ScriptedUpstream
from tests.webhooks.conftest import deliver, listen

SAID = "Something nobody else may read."


def told() -> list[tuple[str, dict[str, Any]]]:
    return list(WebhookEvent.objects.order_by("created_at").values_list("type", "data"))


def test_what_is_done_to_a_person_is_told_with_its_end_and_without_its_reasons(
    admin: User, receiver: Receiver
) -> None:
    listen(admin, receiver)
    person = UserFactory()
    until = timezone.now() + timedelta(days=1)
    reasons = {"reason": SAID, "reason_for_user": SAID}
    standing.warn(actor=admin, user_id=person.pk, **reasons)
    first = standing.restrict(actor=admin, user_id=person.pk, until=until, **reasons)
    second = standing.suspend(actor=admin, user_id=person.pk, **reasons)
    standing.lift(actor=admin, user_id=person.pk, reason=SAID)
    third = standing.suspend(actor=admin, user_id=person.pk, **reasons)
    standing.withdraw(actor=admin, restriction_id=third.pk, reason=SAID)

    def fact(restriction: Any, kind: str, end: str | None = None) -> dict[str, Any]:
        return {
            "user_id": person.pk,
            "restriction_id": restriction.pk,
            "kind": kind,
            "until": end,
        }

    assert told() == [
        ("user.restricted", fact(first, "restriction", until.isoformat())),
        ("user.suspended", fact(second, "suspension")),
        ("user.lifted", fact(second, "suspension")),
        ("user.lifted", fact(first, "restriction", until.isoformat())),
        ("user.suspended", fact(third, "suspension")),
        ("user.lifted", fact(third, "suspension")),
    ]


def test_a_case_and_its_decisions_are_told(admin: User, receiver: Receiver) -> None:
    listen(admin, receiver, "case.opened", "decision.made")
    author, actor = UserFactory(), make_staff()
    policy = make_policy()
    case = claimed_case(actor, MessageFactory(conversation__owner=author, content=SAID))
    ruling = decisions.Ruling(
        verdict=Verdict.VIOLATES, policy_code=policy.code, reason=SAID, reason_for_user=SAID
    )
    decision = decisions.decide(actor=actor, case_id=case.pk, version=case.version, ruling=ruling)
    undone = reversals.undo(actor=actor, decision_id=decision.pk, reason=SAID)
    about = {
        "case_id": case.pk,
        "message_id": case.message_id,
        "conversation_id": case.conversation_id,
        "user_id": author.pk,
    }
    opened, made, taken_back = told()
    assert opened[0] == "case.opened"
    assert opened[1] == {
        **about,
        "source": "user",
        "policy": None,
        "severity": opened[1]["severity"],
    }
    assert made == (
        "decision.made",
        {
            **about,
            "decision_id": decision.pk,
            "verdict": "violates",
            "policy": policy.code,
            "made_by": "person",
            "is_undo": False,
            "supersedes_id": None,
        },
    )
    assert taken_back[1]["decision_id"] == undone.pk
    assert (taken_back[1]["is_undo"], taken_back[1]["supersedes_id"]) == (True, decision.pk)


def finish(reply: Reply, state: ReplyState = ReplyState.COMPLETE, **values: Any) -> bool:
    return lease_statements.end_reply(
        owner=reply.lease_owner,
        fence=reply.fence,
        reply=Reply(message=Message(pk=reply.pk, content=SAID, html=SAID), state=state, **values),
        first_token=None,
        retry_after=None,
    )


def fact_of(reply: Reply, state: str, **values: Any) -> dict[str, Any]:
    return {
        "reply_id": reply.pk,
        "conversation_id": reply.conversation_id,
        "user_id": reply.conversation.owner_id,
        "state": state,
        "error_code": None,
        "finish_reason": None,
        "model": "scripted",
        "prompt_tokens": None,
        "completion_tokens": None,
        **values,
    }


def test_an_answer_that_ends_is_told_by_the_statement_that_ends_it(
    admin: User, receiver: Receiver
) -> None:
    listen(admin, receiver, "reply.finished")
    reply = ReplyFactory(running=True)
    with CaptureQueriesContext(connection) as queries:
        assert finish(reply, finish_reason="stop", prompt_tokens=7, completion_tokens=3)
    assert len(queries) == 1
    fact = fact_of(reply, "complete", finish_reason="stop", prompt_tokens=7, completion_tokens=3)
    assert told() == [("reply.finished", fact)]
    assert not finish(reply)
    assert len(told()) == 1
    deliver()
    assert SAID not in receiver.received[0].body.decode()
    assert receiver.events()[0]["data"] == fact


def test_every_other_end_of_an_answer_is_told_too(admin: User, receiver: Receiver) -> None:
    listen(admin, receiver, "reply.finished")
    gone = ReplyFactory(running=True, lease_expires_at=timezone.now(), is_asked=True)
    assert lost.reap(reply_ids=[gone.pk], live_texts={}) == [gone.pk]
    waiting = ReplyFactory(queued=True)
    stopping.stop_reply(actor=waiting.conversation.owner, reply_id=waiting.pk)
    stale = ReplyFactory(queued=True)
    long_ago = timezone.now() - timedelta(hours=1)
    Reply.objects.filter(pk=stale.pk).update(queued_at=long_ago)
    assert lost.expire_queue() == [stale.pk]
    gone.refresh_from_db()
    assert gone.completion_tokens
    keys = ("reply_id", "state", "prompt_tokens", "completion_tokens")
    assert sorted(tuple(data[key] for key in keys) for _, data in told()) == [
        (gone.pk, "interrupted", gone.prompt_tokens, gone.completion_tokens),
        (waiting.pk, "stopped", None, None),
        (stale.pk, "failed", None, None),
    ]


def test_an_answer_without_quota_is_told_as_it_is_refused(
    admin: User, receiver: Receiver, settings: Any
) -> None:
    listen(admin, receiver, "reply.finished")
    settings.USER_DAILY_TOKENS = 1
    person = UserFactory()
    for _ in range(2):
        turn = async_to_sync(turns.start_turn)(
            actor=person, request=turns.TurnRequest(conversation_id=None, content=SAID)
        )
    assert [(data["reply_id"], data["state"]) for _, data in told()] == [
        (turn.reply.pk, "out_of_quota")
    ]


def test_nothing_is_told_of_what_was_rolled_back(admin: User, receiver: Receiver) -> None:
    listen(admin, receiver)
    person = UserFactory()
    reply = ReplyFactory(running=True)
    before = WebhookEvent.objects.count()

    def fail() -> None:
        with transaction.atomic():
            standing.suspend(actor=admin, user_id=person.pk, reason="a", reason_for_user="b")
            flags.raise_flag(message=MessageFactory(), source=FlagSource.USER, reporter=person)
            finish(reply)
            assert WebhookEvent.objects.count() == before + 3
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    deliver()
    assert WebhookEvent.objects.count() == before
    assert receiver.received == []


def test_where_nobody_listens_a_fact_costs_one_statement_and_an_end_none(admin: User) -> None:
    reply = ReplyFactory(running=True)
    with CaptureQueriesContext(connection) as queries:
        finish(reply)
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        endings.note_ended(reply_ids=[reply.pk])
        endings.note_ended(reply_ids=[])
    assert len(queries) == 1
    assert not WebhookEvent.objects.exists()


def test_a_whole_turn_takes_the_same_statements_with_and_without_webhooks(
    admin: User, upstream: ScriptedUpstream, receiver: Receiver
) -> None:
    def statements_of_a_turn() -> list[str]:
        person = UserFactory()
        seen: list[str] = []

        def note(execute: Any, sql: str, *rest: Any) -> Any:
            seen.append(sql)
            return execute(sql, *rest)

        with connection.execute_wrapper(note):
            async_to_sync(one_turn)(person)
        return [sql for sql in seen if "webhooks_" in sql]

    statements_of_a_turn()
    alone = statements_of_a_turn()
    listen(admin, receiver, "reply.finished")
    heard = statements_of_a_turn()
    assert (len(alone), len(heard)) == (1, 1)
    assert "UPDATE conversations_reply" in alone[0]
    assert WebhookDelivery.objects.count() == 1


async def one_turn(person: User) -> None:
    async with running_worker() as worker:
        turn = await turns.start_turn(
            actor=person,
            request=turns.TurnRequest(conversation_id=None, content="[[stream tokens=3]]"),
        )
        await worker.finish(turn.reply.pk)
