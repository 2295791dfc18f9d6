"""SQL by hand finds and stores what the querysets and models say."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.conversations.constants import Author, ReplyState
from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.services import following
from apps.conversations.statements import answers, leases, turns
from apps.users.models import User
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    made: User = UserFactory()
    return made


@pytest.fixture
def conversation(person: User) -> Conversation:
    made: Conversation = ConversationFactory(owner=person)
    return made


def values(row: models.Model, *, without: Set[str] = frozenset()) -> dict[str, Any]:
    names = [field.attname for field in row._meta.concrete_fields]
    return {name: getattr(row, name) for name in names if name not in without}


def turn_of(conversation: Conversation, **fields: object) -> tuple[Message, Reply]:
    now = timezone.now()
    question = Message(
        conversation=conversation,
        role=Author.USER,
        author=conversation.owner,
        content="A question?",
        created_at=now,
    )
    given = {"model": "scripted", "temperature": 0.7, "queued_at": now, **fields}
    return question, Reply(conversation=conversation, **given)


def add(question: Message, reply: Reply) -> bool:
    return turns.add_turn(question=question, reply=reply, title="A title")


def test_a_stored_turn_is_what_the_models_would_store(conversation: Conversation) -> None:
    before = MessageFactory(conversation=conversation)
    question, reply = turn_of(conversation, correlation_id="12345678")
    question.client_id = "an-id-of-mine"
    question.context, question.metadata = {"city": "Oslo", "at": [1, None]}, {"note": "ø"}
    assert add(question, reply)

    stored = Message.objects.get(pk=question.pk)
    assert values(stored) == values(question)
    assert stored.parent_id == before.pk
    answer = Message.objects.get(parent=stored)
    expected = Message(
        pk=reply.pk,
        conversation=conversation,
        parent=stored,
        role=Author.ASSISTANT,
        created_at=question.created_at,
    )
    assert values(answer) == values(expected)
    assert values(Reply.objects.get()) == values(reply)
    kept = Conversation.objects.get(pk=conversation.pk)
    assert (
        (kept.title, kept.message_count)
        == ("A title", conversation.message_count)
        == ("A title", 2)
    )
    assert kept.last_message_at == kept.updated_at == question.created_at


@pytest.mark.parametrize("state", ["queued", "running"])
def test_no_turn_is_added_while_the_last_answer_lives(
    conversation: Conversation, state: str
) -> None:
    ReplyFactory(message__conversation=conversation, **{state: True})
    assert not add(*turn_of(conversation))
    assert Message.objects.count() == 1
    assert Conversation.objects.get().message_count == 0


def test_a_turn_goes_on_from_the_branch_that_is_shown(conversation: Conversation) -> None:
    shown = MessageFactory(conversation=conversation)
    MessageFactory(conversation=conversation, is_current=False)
    MessageFactory()
    question, reply = turn_of(conversation)
    assert add(question, reply)
    assert question.parent_id == shown.pk


def test_an_id_of_the_senders_is_stored_once_for_each_person(conversation: Conversation) -> None:
    person = conversation.owner
    sent = MessageFactory(conversation=conversation, client_id="once-and-for-all")
    assert turns.find_sent(author=person, client_id="once-and-for-all") == sent.pk
    assert turns.find_sent(author=person, client_id="another") is None
    assert turns.find_sent(author=UserFactory(), client_id="once-and-for-all") is None
    question, reply = turn_of(conversation)
    question.client_id = "once-and-for-all"
    with pytest.raises(IntegrityError), transaction.atomic():
        add(question, reply)


def test_a_text_is_never_read_as_sql(conversation: Conversation) -> None:
    question, reply = turn_of(conversation)
    question.content = "'); DROP TABLE users_user; -- %s %(role)s $1 \\ ☃"
    add(question, reply)
    assert Message.objects.get(pk=question.pk).content == question.content


class Cast:
    """Rows of a person, of a stranger, and some that are hidden or in a deleted conversation."""

    def __init__(self, person: User) -> None:
        self.people = [person, UserFactory(), UserFactory(admin=True)]
        deleted = {"deleted_at": timezone.now()}
        self.conversations = [
            ConversationFactory(owner=owner, **fields)
            for owner in self.people
            for fields in ({}, deleted, {"archived_at": timezone.now()})
        ]
        self.replies = [
            ReplyFactory(message__conversation=one, message__hidden_at=hidden_at)
            for one in self.conversations
            for hidden_at in (None, timezone.now())
        ]
        self.questions = [MessageFactory(conversation=one) for one in self.conversations]


def test_a_conversation_is_locked_exactly_where_it_is_visible(person: User) -> None:
    cast = Cast(person)
    for viewer in cast.people:
        found = {
            one.pk
            for one in cast.conversations
            if turns.lock_conversation(viewer=viewer, conversation_id=one.pk) is not None
        }
        assert found == set(Conversation.objects.visible_to(viewer).values_list("pk", flat=True))
        assert len(found) == 2


def test_a_locked_conversation_is_the_whole_row(conversation: Conversation) -> None:
    locked = turns.lock_conversation(viewer=conversation.owner, conversation_id=conversation.pk)
    assert locked is not None
    assert values(locked) == values(Conversation.objects.get())


@pytest.mark.parametrize("includes_deleted", [False, True])
def test_an_answer_is_found_exactly_where_it_may_be_read(
    person: User, includes_deleted: bool
) -> None:
    cast = Cast(person)
    candidates = [reply.pk for reply in cast.replies] + [one.pk for one in cast.questions]
    for viewer in cast.people:
        rule = Message.objects.owned_by if includes_deleted else Message.objects.visible_to
        found = {
            pk
            for pk in candidates
            if answers.find_answer(viewer=viewer, reply_id=pk, includes_deleted=includes_deleted)
        }
        assert found == set(rule(viewer).filter(reply__isnull=False).values_list("pk", flat=True))
        assert len(found) == (6 if includes_deleted else 4)


def test_an_answer_brings_what_is_shown_of_it(person: User) -> None:
    stored = ReplyFactory(
        message__conversation__owner=person,
        message__html="<p>An answer.</p>",
        message__html_version=3,
        message__hidden_at=timezone.now(),
        message__hidden_reason="Not kind.",
        finish_reason="stop",
        prompt_tokens=7,
        completion_tokens=3,
        usage_source="reported",
        cost_nano=81,
        notice="A word.",
    )
    found = answers.find_answer(viewer=person, reply_id=stored.pk, includes_deleted=False)
    assert found is not None
    for got, kept in zip(found, (stored.message, stored), strict=True):
        loaded = set(values(got, without=got.get_deferred_fields()))
        assert {name: getattr(got, name) for name in loaded} == {
            name: getattr(kept, name) for name in loaded
        }
        assert len(loaded) in (9, 12)


def test_the_end_of_an_answer_is_told_from_one_statement(
    person: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    stored = ReplyFactory(message__conversation__owner=person)
    with django_assert_num_queries(1):
        found = answers.find_answer(viewer=person, reply_id=stored.pk, includes_deleted=False)
        assert found is not None
        assert following.finished_event(*found).state == ReplyState.COMPLETE


def test_a_claim_reads_what_the_model_may_know(person: User) -> None:
    conversation = ConversationFactory(owner=person)
    MessageFactory(conversation=conversation, content="too long ago")
    MessageFactory(conversation=conversation, content="first")
    ReplyFactory(message__conversation=conversation, message__content="second")
    MessageFactory(conversation=conversation, content="hidden", hidden=True)
    MessageFactory(conversation=conversation, content="")
    MessageFactory(conversation=conversation, content="another branch", is_current=False)
    withheld = {"state": ReplyState.WITHHELD, "message__content": "withheld"}
    ReplyFactory(message__conversation=conversation, **withheld)
    MessageFactory(content="somebody else's")
    question, reply = turn_of(conversation, correlation_id="12345678")
    question.context = {"city": "Oslo"}
    add(question, reply)

    taken = leases.claim(reply_id=reply.pk, owner="a worker", window=2)
    assert taken is not None
    assert (taken.roles, taken.texts) == (["user", "assistant"], ["first", "second"])
    assert (taken.question_id, taken.question) == (question.pk, "A question?")
    assert (taken.context, taken.owner_id) == ('{"city": "Oslo"}', person.pk)
    assert (taken.model, taken.temperature, taken.correlation_id) == ("scripted", 0.7, "12345678")
    held = Reply.objects.held_by("a worker").get(pk=reply.pk)
    assert taken.fence == held.fence == 1
    assert held.started_at is not None
    assert held.lease_expires_at is not None


def test_a_first_question_has_no_history(conversation: Conversation) -> None:
    question, reply = turn_of(conversation)
    add(question, reply)
    taken = leases.claim(reply_id=reply.pk, owner="a worker", window=20)
    assert taken is not None
    assert (taken.roles, taken.texts, taken.context) == (None, None, None)


def test_an_answer_is_claimed_once(conversation: Conversation) -> None:
    question, reply = turn_of(conversation)
    add(question, reply)
    assert leases.claim(reply_id=reply.pk, owner="a worker", window=20) is not None
    assert leases.claim(reply_id=reply.pk, owner="another", window=20) is None
    assert Reply.objects.get().lease_owner == "a worker"


@pytest.mark.parametrize(
    ("owner", "fence"), [("another", 1), ("worker-of-the-test", 2), ("worker-of-the-test", 0)]
)
def test_no_end_is_written_without_the_lease(owner: str, fence: int) -> None:
    reply = ReplyFactory(running=True)
    ended = Reply(message=Message(pk=reply.pk, content="too late"), state=ReplyState.COMPLETE)
    assert not leases.end_reply(
        owner=owner, fence=fence, reply=ended, first_token=None, retry_after=None
    )
    assert Reply.objects.get().state == ReplyState.RUNNING
    assert Message.objects.get(pk=reply.pk).content == "An answer."
