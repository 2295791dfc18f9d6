"""The cast of the staff site, and a talk between one of them and a model."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client
from django.utils import timezone

from apps.conversations.models import Conversation, Message, Reply
from apps.moderation.constants import FlagSource
from apps.moderation.models import Case
from apps.users.models import User
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory, UserFactory

SignIn = Callable[[User], Client]


@pytest.fixture
def admin(db: None) -> User:
    return UserFactory(name="Ada", email="ada@example.com", admin=True)


@pytest.fixture
def moderator(db: None) -> User:
    return UserFactory(name="Mo", email="mo@example.com", moderator=True)


@pytest.fixture
def peer(db: None) -> User:
    return UserFactory(name="Mia", email="mia@example.com", moderator=True)


@pytest.fixture
def person(db: None) -> User:
    return UserFactory(name="Uma", email="uma@example.com")


@pytest.fixture
def sign_in() -> SignIn:
    """Open a browser in which somebody is signed in."""

    def open_browser(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return open_browser


@pytest.fixture
def as_admin(admin: User, sign_in: SignIn) -> Client:
    return sign_in(admin)


@pytest.fixture
def as_moderator(moderator: User, sign_in: SignIn) -> Client:
    return sign_in(moderator)


@pytest.fixture
def as_person(person: User, sign_in: SignIn) -> Client:
    return sign_in(person)


@dataclass(frozen=True)
class Talk:
    """A question and its answer."""

    conversation: Conversation
    question: Message
    answer: Message
    reply: Reply


def make_talk(owner: User, *, question: str = "A question?", running: bool = False) -> Talk:
    conversation = ConversationFactory(owner=owner, title="About bread")
    asked = MessageFactory(conversation=conversation, content=question)
    answer = MessageFactory(conversation=conversation, assistant=True, content="Flour and water.")
    reply = ReplyFactory(message=answer, running=running, prompt_tokens=12, completion_tokens=3)
    open_case(asked)
    return Talk(conversation, asked, answer, reply)


def open_case(message: Message) -> None:
    """Open a case, so that staff may read the conversation without giving a reason."""
    Case.objects.create(
        message=message,
        conversation_id=message.conversation_id,
        subject_id=message.conversation.owner_id,
        target_role=message.role,
        source=FlagSource.STAFF,
        due_at=timezone.now(),
    )


@pytest.fixture
def talk(person: User) -> Talk:
    return make_talk(person)
