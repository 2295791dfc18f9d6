"""A request that comes again with the same key does nothing twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from pytest_django import Settings

from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.services import visibility
from apps.core import idempotency
from apps.core.models import IdempotentRequest
from apps.users.models import ApiToken, User
from tests.api.conftest import Program
from tests.factories import PASSWORD, ConversationFactory, MessageFactory, ReplyFactory

KEY = {"Idempotency_Key": "my-key-1"}
REPLAYED = "Idempotency-Replayed"


async def number_of(model: Any, **query: Any) -> int:
    count: int = await model.objects.filter(**query).acount()
    return count


async def test_the_same_request_is_answered_as_the_first_time(
    program: Program, author: User
) -> None:
    answers = [await program.post("conversations/", {"title": "One"}, **KEY) for _ in range(3)]
    assert [answered.status_code for answered in answers] == [201, 201, 201]
    assert [answered.json()["data"] for answered in answers] == [answers[0].json()["data"]] * 3
    assert [answered.headers.get(REPLAYED) for answered in answers] == [None, "true", "true"]
    assert await number_of(Conversation, owner=author) == 1


async def test_without_a_key_each_request_is_a_new_one(program: Program, author: User) -> None:
    for _ in range(2):
        await program.post("conversations/", {"title": "One"})
    assert await number_of(Conversation, owner=author) == 2
    assert await number_of(IdempotentRequest) == 0


async def test_the_same_key_with_other_content_is_refused(program: Program, author: User) -> None:
    await program.post("conversations/", {"title": "One"}, **KEY)
    answered = await program.post("conversations/", {"title": "Two"}, **KEY)
    assert (answered.status_code, answered.json()["code"]) == (409, "idempotency_conflict")
    assert await number_of(Conversation, owner=author) == 1


async def test_a_key_belongs_to_its_person_and_its_operation(
    program: Program, author: User, stranger: User
) -> None:
    other = await sync_to_async(Program)(stranger)
    for caller in (program, other):
        made = await caller.post("conversations/", {"title": "One"}, **KEY)
        assert (made.status_code, made.headers.get(REPLAYED)) == (201, None)
    token = await program.post("auth/tokens", {"name": "x", "scopes": ["chat"]}, **KEY)
    assert (token.status_code, token.headers.get(REPLAYED)) == (201, None)
    assert await number_of(Conversation, owner=stranger) == 1


async def test_two_at_once_are_one(program: Program, author: User) -> None:
    answers = await asyncio.gather(
        *(program.post("conversations/", {"title": "One"}, **KEY) for _ in range(2))
    )
    done = [one for one in answers if one.status_code == 201 and REPLAYED not in one.headers]
    assert len(done) == 1
    assert await number_of(Conversation, owner=author) == 1


async def test_what_is_still_being_answered_says_so(program: Program, author: User) -> None:
    await program.post("conversations/", {"title": "One"}, **KEY)
    await IdempotentRequest.objects.aupdate(status_code=None, answer=None)
    answered = await program.post("conversations/", {"title": "One"}, **KEY)
    assert (answered.status_code, answered.json()["code"]) == (409, "idempotency_in_progress")
    assert int(answered.headers["Retry-After"]) >= 1
    assert await number_of(Conversation, owner=author) == 1


async def test_who_leaves_before_the_answer_gets_it_later(program: Program, author: User) -> None:
    asked = asyncio.ensure_future(program.post("conversations/", {"title": "One"}, **KEY))
    async with asyncio.timeout(5):
        while not await number_of(IdempotentRequest):
            continue
    asked.cancel()
    await asyncio.wait({asked})
    assert asked.cancelled()
    async with asyncio.timeout(5):
        while await number_of(IdempotentRequest, status_code=None):
            continue
    again = await program.post("conversations/", {"title": "One"}, **KEY)
    assert (again.status_code, again.headers.get(REPLAYED)) == (201, "true")
    assert await number_of(Conversation, owner=author) == 1


async def test_what_was_refused_may_come_again(program: Program) -> None:
    path = "messages/999999/reports"
    for _ in range(2):
        answered = await program.post(path, {"reason": "harassment"}, **KEY)
        assert (answered.status_code, answered.json()["code"]) == (404, "message_not_found")
    assert await number_of(IdempotentRequest) == 0


async def test_after_a_day_a_key_is_new(program: Program, author: User) -> None:
    await program.post("conversations/", {"title": "One"}, **KEY)
    long_ago = timezone.now() - idempotency.KEPT_FOR - timedelta(seconds=1)
    await IdempotentRequest.objects.aupdate(created_at=long_ago)
    other = await program.post("conversations/", {"title": "Two"}, Idempotency_Key="k")
    assert other.status_code == 201
    assert await number_of(IdempotentRequest) == 1, "what is old is removed"
    again = await program.post("conversations/", {"title": "One"}, **KEY)
    assert (again.status_code, again.headers.get(REPLAYED)) == (201, None)


async def test_signing_up_is_bound_to_the_address(nobody: Program, settings: Settings) -> None:
    settings.NUM_PROXIES = 1
    nobody.headers["X-Forwarded-For"] = "203.0.113.9"
    wanted = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}
    first = await nobody.post("users/", wanted, **KEY)
    again = await nobody.post("users/", wanted, **KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["data"] == first.json()["data"]
    nobody.headers["X-Forwarded-For"] = "203.0.113.9, 198.51.100.7"
    elsewhere = await nobody.post("users/", wanted, **KEY)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "email_taken")


async def test_a_token_is_shown_again_to_whoever_has_the_key_and_kept_for_nobody_else(
    nobody: Program, author: User
) -> None:
    wanted = {"name": "x", "scopes": ["chat"], "email": author.email, "password": PASSWORD}
    first = await nobody.post("auth/tokens", wanted, **KEY)
    again = await nobody.post("auth/tokens", wanted, **KEY)
    secret = first.json()["data"]["token"]
    assert again.json()["data"]["token"] == secret
    assert await number_of(ApiToken, user=author) == 1
    row = await IdempotentRequest.objects.aget()
    stored = b"".join(
        value if isinstance(value, bytes) else str(value).encode()
        for value in (bytes(row.answer or b""), row.key_hash, row.fingerprint, row.caller)
    )
    for secret_text in (secret, PASSWORD, KEY["Idempotency_Key"], author.email):
        assert secret_text.encode() not in stored


async def test_asking_again_is_done_once_and_told_as_data_after_a_stream(
    program: Program, author: User
) -> None:
    def scene() -> int:
        conversation = ConversationFactory(owner=author)
        question = MessageFactory(conversation=conversation)
        answer = MessageFactory(conversation=conversation, parent=question, assistant=True)
        ReplyFactory(message=answer)
        return int(answer.pk)

    path = f"messages/{await sync_to_async(scene)()}/regenerate"
    streamed = await program.post(path, **KEY, Accept="text/event-stream")
    assert streamed.headers["Content-Type"] == "text/event-stream"
    again = await program.post(path, **KEY)
    assert (again.status_code, again.headers.get(REPLAYED)) == (202, "true")
    newest = await Reply.objects.alatest("pk")
    assert again.json()["data"]["reply"]["id"] == newest.pk
    assert await number_of(Reply) == 2


@pytest.mark.parametrize("key", ["", " ", "x" * 65, "a b", "schl\u00fcssel"])
async def test_what_is_no_key_is_refused(program: Program, key: str) -> None:
    answered = await program.post("conversations/", {}, Idempotency_Key=key)
    assert (answered.status_code, answered.json()["code"]) == (400, "validation_failed")
    assert [problem["field"] for problem in answered.json()["error"]] == ["Idempotency-Key"]


def make_answered(owner: User) -> tuple[Message, Message]:
    """Make a question with a whole answer."""
    conversation = ConversationFactory(owner=owner, title="About fools", title_source="model")
    question = MessageFactory(conversation=conversation, content="You fool, why?")
    answer = MessageFactory(conversation=conversation, parent=question, assistant=True)
    ReplyFactory(message=answer)
    return question, answer


async def hide(message: Message) -> None:
    await sync_to_async(visibility.hide_message)(
        actor=None, message_id=message.pk, reason="An insult.", reason_for_user="An insult."
    )


async def test_a_replay_shows_nothing_that_was_hidden_since(program: Program, author: User) -> None:
    question, answer = await sync_to_async(make_answered)(author)
    path = f"messages/{answer.pk}/regenerate"
    first = (await program.post(path, **KEY)).json()["data"]
    assert first["message"]["content"] == "You fool, why?"
    await hide(question)
    again = await program.post(path, **KEY)
    data = again.json()["data"]
    assert (again.status_code, again.headers.get(REPLAYED)) == (202, "true")
    assert (data["message"]["content"], data["message"]["is_hidden"]) == ("", True)
    assert data["reply"]["id"] == first["reply"]["id"]
    assert "fool" not in again.content.decode()


async def test_a_replay_shows_no_title_that_was_dropped_since(
    program: Program, author: User
) -> None:
    question, _ = await sync_to_async(make_answered)(author)
    talk = f"conversations/{question.conversation_id}"
    shared = await program.post(f"{talk}/shares", {"expires_in_days": 7}, **KEY)
    await program.call("DELETE", talk)
    restored = await program.post(f"{talk}/restore", **KEY)
    assert shared.json()["data"]["title"] == restored.json()["data"]["title"] == "About fools"
    await hide(question)
    for path, body, former in (
        (f"{talk}/shares", {"expires_in_days": 7}, shared),
        (f"{talk}/restore", None, restored),
    ):
        again = await program.post(path, body, **KEY)
        before, data = former.json()["data"], again.json()["data"]
        assert (again.status_code, again.headers.get(REPLAYED)) == (former.status_code, "true")
        assert (data["id"], data["title"], data.get("url")) == (before["id"], "", before.get("url"))


async def test_waiting_for_an_answer_once_more_shows_no_hidden_question(
    program: Program, author: User
) -> None:
    question, answer = await sync_to_async(make_answered)(author)
    await Message.objects.filter(pk=question.pk).aupdate(client_id="my-key-1", author=author)
    await hide(question)
    path = f"users/{author.pk}/chat"
    body = {"message": "You fool, why?", "conversation_id": question.conversation_id}
    again = await program.post(path, body, **KEY)
    data = again.json()["data"]
    assert (again.status_code, again.headers.get(REPLAYED)) == (200, "true")
    assert (data["message"], data["id"]) == ("", answer.pk)
    assert "fool" not in again.content.decode()
