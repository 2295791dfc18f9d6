"""Staff who stop answers in the admin close the calls to the model server within a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse

from apps.conversations.models import Reply
from apps.conversations.services import turns
from apps.conversations.services.turn_requests import TurnRequest
from apps.users.models import User
from apps.users.services import token_ends
from tests.conversations.conftest import Worker, read_reply, running_worker
from tests.factories import ApiTokenFactory, UserFactory
from tests.llm.conftest import until
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_connection import Book

pytestmark = pytest.mark.django_db(transaction=True)
BOARD = reverse("admin:live_board_stop")
WHY = {"reason": "It writes nonsense."}
MOST_SECONDS = 1.0


def one(reply: Reply) -> tuple[str, dict[str, object]]:
    return reverse("admin:conversations_reply_halt", args=[reply.pk]), {}


def of_a_person(reply: Reply) -> tuple[str, dict[str, object]]:
    return BOARD, {"user": reply.conversation.owner_id}


def of_a_model(reply: Reply) -> tuple[str, dict[str, object]]:
    return BOARD, {"model": reply.model}


def all_there_are(reply: Reply) -> tuple[str, dict[str, object]]:
    return BOARD, {}


async def start(owner: User, word: str, *, model: str) -> Reply:
    """Store a question with a word in it, whose answer has no end."""
    question = TurnRequest(conversation_id=None, content=f"{word} [[endless after=1 rate=20]]")
    turn = await turns.start_turn(actor=owner, request=question)
    await Reply.objects.filter(pk=turn.reply.pk).aupdate(model=model)
    return await read_reply(turn.reply.pk)


def ear_of(worker: Worker) -> asyncio.Event:
    """Return what tells that the worker hears who asks to stop; for one that just began."""
    hears = asyncio.Event()
    worker.runtime._stops._on_change = lambda _: hears.set()
    return hears


async def test_a_token_that_is_revoked_ends_what_was_asked_by_it_and_nothing_else(
    person: User, upstream: ScriptedUpstream
) -> None:
    token = await sync_to_async(ApiTokenFactory)(user=person)
    by_token = await start(person, "program", model="scripted")
    by_page = await start(person, "page", model="scripted")
    await Reply.objects.filter(pk=by_token.pk).aupdate(api_token=token.pk)
    async with running_worker() as worker:
        ended = worker.begin(by_token.pk)
        worker.begin(by_page.pk)
        assert await until(upstream, lambda book: book.running == 2)
        await sync_to_async(token_ends.revoke_token)(actor=person, token_id=token.pk)
        async with asyncio.timeout(5):
            await ended
        assert closed_at(upstream.book, "page") is None
        states = [(await read_reply(reply.pk)).state for reply in (by_token, by_page)]
    assert states == ["halted", "running"]


def revoke(reply: Reply) -> None:
    token = ApiTokenFactory(user=reply.conversation.owner)
    Reply.objects.filter(pk=reply.pk).update(api_token=token.pk)
    token_ends.revoke_token(actor=reply.conversation.owner, token_id=token.pk)


def suspend(reply: Reply) -> None:
    User.objects.filter(pk=reply.conversation.owner_id).update(standing="suspended")


def close(reply: Reply) -> None:
    User.objects.filter(pk=reply.conversation.owner_id).update(is_active=False)


@pytest.mark.parametrize("bar", [revoke, suspend, close])
async def test_no_model_is_asked_for_whoever_may_not_ask_any_more_when_their_turn_comes(
    person: User, upstream: ScriptedUpstream, bar: Callable[[Reply], None]
) -> None:
    reply = await start(person, "late", model="scripted")
    await sync_to_async(bar)(await read_reply(reply.pk))
    async with running_worker() as worker:
        ended = await worker.finish(reply.pk)
    assert (ended.state, ended.prompt_tokens) == ("halted", None)
    assert upstream.requests == []


@pytest.mark.parametrize("bar", [suspend, close])
async def test_an_answer_that_is_written_ends_when_its_person_is_put_out(
    person: User, upstream: ScriptedUpstream, bar: Callable[[Reply], None]
) -> None:
    reply = await start(person, "page", model="scripted")
    async with running_worker() as worker:
        ended = worker.begin(reply.pk)
        assert await until(upstream, lambda book: book.running == 1)
        await sync_to_async(bar)(await read_reply(reply.pk))
        async with asyncio.timeout(5):
            await ended
    assert (await read_reply(reply.pk)).state == "halted"
    assert closed_at(upstream.book, "page") is not None


def closed_at(book: Book, word: str) -> float | None:
    """Return when the connection was closed by which the question with a word was asked."""
    asked = (seen for seen in book.requests if word in str(seen.body["messages"][-1]))
    return next(asked).closed_by_client_at


@pytest.mark.parametrize("choose", [one, of_a_person, of_a_model, all_there_are])
async def test_the_model_server_sees_its_connection_closed_within_a_second(
    person: User,
    stranger: User,
    upstream: ScriptedUpstream,
    choose: Callable[[Reply], tuple[str, dict[str, object]]],
) -> None:
    staff = Client()
    await sync_to_async(staff.force_login)(await sync_to_async(UserFactory)(admin=True))
    bad = await start(person, "bad", model="bad-model")
    other = await start(stranger, "other", model="other-model")
    url, chosen = choose(bad)
    async with running_worker() as worker:
        await ear_of(worker).wait()
        for reply in (bad, other):
            worker.begin(reply.pk)
        assert await until(upstream, lambda book: book.running == 2)
        answer = await sync_to_async(staff.post)(url, {**chosen, **WHY})
        asked_at = time.monotonic()
        assert answer.status_code == 302
        words = ["bad", "other"] if choose is all_there_are else ["bad"]
        assert await until(upstream, lambda book: book.running == 2 - len(words))
        closed = [closed_at(upstream.book, word) for word in words]
    assert all(moment is not None and moment - asked_at < MOST_SECONDS for moment in closed)
    states = [(await read_reply(reply.pk)).state for reply in (bad, other)]
    assert states == ["halted", "halted" if choose is all_there_are else "interrupted"]
