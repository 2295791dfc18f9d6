"""Asking again looks anew at what the person and their token may use; so does the socket."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.conversations.models import Conversation, Reply
from apps.llm.models import Assistant, ModelFallback
from apps.llm.services import assistants, catalogue
from apps.users.models import User
from tests.conversations.test_socket import ask, socket_of
from tests.factories import ApiTokenFactory, MessageFactory, ReplyFactory, UserFactory
from tests.llm.services.conftest import Two, make_spare
from tests.users.test_tokens_of_programs import call

pytestmark = pytest.mark.django_db
PROMPT = {"messages": [{"role": "user", "content": "A question?"}], "parameters": {}}
ENDED = {"state": "failed", "finished_at": datetime(2026, 11, 28, tzinfo=UTC)}
COMPLETION = {"model": "spare", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
def reader(db: None) -> User:
    """Somebody in the group whose assistant asks the spare model."""
    made: User = UserFactory()
    made.groups.add(Group.objects.create(name="Research"))
    return made


@pytest.fixture
def two(reader: User, settings: Settings) -> Two:
    """The model of the environment, and the spare one that stands in for it."""
    settings.OPENAI_MODEL = "scripted"
    return make_spare("http://127.0.0.1:9/v1")


@pytest.fixture
def special(two: Two, reader: User) -> Assistant:
    """An assistant of the spare model for the reader's group alone."""
    made = assistants.create_assistant(
        actor=UserFactory(admin=True),
        presentation=assistants.Presentation(
            name="Special", group_ids=[reader.groups.get(name="Research").pk]
        ),
        instructions=assistants.Instructions(chat_model_id=two.spare.pk),
        reason="For them.",
    )
    catalogue.forget()
    return made


def answered(reader: User, two: Two, **conversation: Any) -> Reply:
    question = MessageFactory(
        conversation__owner=reader,
        prompt=conversation.pop("prompt", None),
        **{f"conversation__{key}": value for key, value in conversation.items()},
    )
    reply: Reply = ReplyFactory(
        message__conversation=question.conversation,
        message__parent=question,
        model=two.spare.name,
        chat_model=two.spare,
    )
    return reply


def leave_the_group(reader: User) -> None:
    reader.groups.clear()


def again_by_api(reader: User, reply: Reply, **token: Any) -> str:
    path = f"/api/v1/messages/{reply.pk}/regenerate"
    answer = call(ApiTokenFactory(user=reader, **token), "POST", path).json()
    return answer.get("code") or asked_last(reply.conversation)


def again_by_page(reader: User, reply: Reply) -> str:
    client = Client()
    client.force_login(reader)
    answer = client.post(reverse("chat:retry", args=[reply.pk]))
    return asked_last(reply.conversation) if answer.status_code == 302 else "model_not_found"


def asked_last(conversation: Conversation) -> str:
    """Return which model was asked last, and let that end."""
    newest = Reply.objects.filter(conversation=conversation).latest("pk")
    Reply.objects.filter(pk=newest.pk).update(**ENDED)
    return newest.model


@pytest.mark.parametrize("again", [again_by_api, again_by_page])
def test_an_assistant_that_was_taken_away_does_not_answer_again(
    reader: User, two: Two, special: Assistant, again: Any
) -> None:
    reply = answered(reader, two, assistant_id=special.pk)
    assert again(reader, reply) == two.spare.name
    leave_the_group(reader)
    assert again(reader, reply) == "scripted"


@pytest.mark.parametrize("again", [again_by_api, again_by_page])
def test_a_programs_model_that_was_taken_away_is_not_asked_again(
    reader: User, two: Two, special: Assistant, again: Any
) -> None:
    ModelFallback.objects.all().delete()
    reply = answered(reader, two, origin="program", prompt=PROMPT)
    assert again(reader, reply) == two.spare.name
    leave_the_group(reader)
    assert again(reader, reply) == "model_not_found"
    assert not Reply.objects.live().exists()


def test_a_program_that_a_stand_in_answered_asks_the_model_itself_again(
    reader: User, two: Two
) -> None:
    reply = answered(reader, two, origin="program", prompt=PROMPT)
    assert again_by_api(reader, reply) == "scripted"


def test_a_token_asks_again_only_what_it_may_ask(
    reader: User, two: Two, special: Assistant
) -> None:
    reply = answered(reader, two, assistant_id=special.pk)
    assert again_by_api(reader, reply, allowed_models=["scripted"]) == "model_not_allowed"
    assert again_by_api(reader, reply, allowed_models=["spare"]) == two.spare.name
    leave_the_group(reader)
    assert again_by_api(reader, reply, allowed_models=["spare"]) == "model_not_allowed"


def test_the_openai_route_forgets_a_model_with_the_group(
    reader: User, two: Two, special: Assistant
) -> None:
    token = ApiTokenFactory(user=reader)
    names = [one["id"] for one in call(token, "GET", "/openai/v1/models").json()["data"]]
    assert names == ["scripted", "spare"]
    leave_the_group(reader)
    answer = call(token, "POST", "/openai/v1/chat/completions", COMPLETION).json()
    assert answer["error"]["code"] == "model_not_found"


@pytest.mark.django_db(transaction=True)
async def test_what_comes_by_a_socket_counts_for_its_token(person: User) -> None:
    frame = b'{"type": "message.send", "client_id": "aaaaaaaa", "content": "Hello"}'
    async with socket_of(person) as socket:
        reply = await Reply.objects.aget(pk=(await ask(socket, frame))["reply_id"])
        assert reply.api_token_id is not None
        await Reply.objects.filter(pk=reply.pk).aupdate(**ENDED)
        retry = orjson.dumps({"type": "reply.retry", "message_id": reply.pk})
        await socket.send_to(text_data=retry.decode())
        kinds = [orjson.loads(await socket.receive_from())["type"] for _ in range(2)]
    assert "message.accepted" in kinds
    newest = await sync_to_async(Reply.objects.latest)("pk")
    assert newest.pk != reply.pk
    assert newest.api_token_id == reply.api_token_id
