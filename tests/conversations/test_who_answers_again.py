"""Asking again: whoever is chosen beside the question answers, and its conversation is in use."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone

from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.services import retries
from apps.llm.errors import AssistantNotFoundError
from apps.llm.models import Assistant
from apps.users.models import User
from tests.api.test_models import make_assistant
from tests.factories import ApiTokenFactory, ConversationFactory, MessageFactory, UserFactory
from tests.factories import ReplyFactory as MakeReply
from tests.llm.services.conftest import make_spare

pytestmark = pytest.mark.django_db
retry = async_to_sync(retries.retry_reply)


@pytest.fixture
def person() -> User:
    made: User = UserFactory()
    return made


@pytest.fixture
def pirate() -> Assistant:
    return make_assistant("Pirate", make_spare("http://127.0.0.1:9/v1").spare)


@pytest.fixture
def answer(person: User) -> Message:
    talk = ConversationFactory(owner=person, title="Ships")
    question = MessageFactory(conversation=talk, content="Where to?")
    made: Message = MakeReply(message__conversation=talk, message__parent=question).message
    return made


def who_answers(reply_id: int) -> Any:
    return Reply.objects.get(pk=reply_id).assistant_version.assistant_id


def test_whoever_is_chosen_answers_again_and_from_then_on(
    person: User, pirate: Assistant, answer: Message
) -> None:
    with pytest.raises(AssistantNotFoundError):
        retry(actor=person, message_id=answer.pk, assistant_id=pirate.pk + 1)
    turn = retry(actor=person, message_id=answer.pk, assistant_id=pirate.pk)
    assert who_answers(turn.reply.pk) == pirate.pk
    assert Conversation.objects.get().assistant_id == pirate.pk


def test_a_plain_form_takes_the_choice_along(
    person: User, pirate: Assistant, answer: Message, client: Client
) -> None:
    client.force_login(person)
    client.post(f"/m/{answer.pk}/retry/", {"assistant_id": str(pirate.pk)})
    assert who_answers(Reply.objects.latest("pk").pk) == pirate.pk


def test_programs_may_choose_or_send_no_body(
    person: User, pirate: Assistant, answer: Message, client: Client
) -> None:
    headers = {"HTTP_AUTHORIZATION": f"Bearer {ApiTokenFactory(user=person).secret}"}
    path = f"/api/v1/messages/{answer.pk}/regenerate"
    unknown = client.post(
        path, {"assistant_id": pirate.pk + 1}, content_type="application/json", **headers
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "assistant_not_found")
    chosen = client.post(
        path, {"assistant_id": pirate.pk}, content_type="application/json", **headers
    )
    assert chosen.status_code == 202
    assert who_answers(chosen.json()["data"]["reply"]["id"]) == pirate.pk
    Reply.objects.update(state="complete", finished_at=timezone.now())
    again = client.post(path, "", content_type="application/json", **headers)
    assert again.status_code == 202
    assert who_answers(again.json()["data"]["reply"]["id"]) == pirate.pk


def test_asking_again_takes_a_conversation_out_of_the_archive_and_marks_it_read(
    person: User, answer: Message
) -> None:
    Conversation.objects.update(archived_at=timezone.now())
    retry(actor=person, message_id=answer.pk)
    talk = Conversation.objects.get()
    assert (talk.archived_at, talk.is_unread) == (None, False)
