"""What is put away, deleted, brought back and purged."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.audit.models import AuditEvent
from apps.conversations.errors import ConversationNotFoundError
from apps.conversations.models import Conversation, Message, Reply, SearchEntry
from apps.conversations.services import conversations, deleting, indexing
from apps.moderation.constants import CaseState
from apps.moderation.models import Case, CaseSnapshot
from apps.moderation.services.cases import reports
from apps.users.models import User
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory, UserFactory

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=31)


@pytest.fixture
def person() -> User:
    user: User = UserFactory(name="Uma")
    return user


@pytest.fixture
def talk(person: User) -> Conversation:
    conversation: Conversation = ConversationFactory(owner=person)
    return conversation


def listed(person: User) -> list[int]:
    return [one.pk for one in conversations.list_conversations(viewer=person)]


def delete_long_ago(conversation: Conversation) -> None:
    deleting.delete_conversation(actor=conversation.owner, conversation_id=conversation.pk)
    Conversation.objects.filter(pk=conversation.pk).update(deleted_at=timezone.now() - LONG_AGO)


def test_what_is_archived_leaves_the_list_and_comes_back_to_its_place(
    person: User, talk: Conversation
) -> None:
    later = ConversationFactory(owner=person)
    conversations.archive_conversation(actor=person, conversation_id=talk.pk, is_archived=True)
    assert listed(person) == [later.pk]
    assert [one.pk for one in deleting.list_archived(viewer=person)] == [talk.pk]
    conversations.archive_conversation(actor=person, conversation_id=talk.pk, is_archived=False)
    assert listed(person) == [later.pk, talk.pk]


def test_a_deleted_conversation_can_be_restored_in_time_by_its_owner_alone(
    person: User, talk: Conversation
) -> None:
    deleting.delete_conversation(actor=person, conversation_id=talk.pk)
    assert listed(person) == []
    assert [one.pk for one in deleting.list_deleted(viewer=person)] == [talk.pk]
    with pytest.raises(ConversationNotFoundError):
        deleting.restore_conversation(actor=UserFactory(), conversation_id=talk.pk)
    deleting.restore_conversation(actor=person, conversation_id=talk.pk)
    assert listed(person) == [talk.pk]
    actions = AuditEvent.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["conversation.deleted", "conversation.restored"]


def test_what_was_deleted_too_long_ago_cannot_be_restored(
    person: User, talk: Conversation, settings: Settings
) -> None:
    delete_long_ago(talk)
    assert list(deleting.list_deleted(viewer=person)) == []
    with pytest.raises(ConversationNotFoundError):
        deleting.restore_conversation(actor=person, conversation_id=talk.pk)
    settings.DELETED_KEEP_DAYS = 60
    deleting.restore_conversation(actor=person, conversation_id=talk.pk)


def test_a_running_answer_is_asked_to_stop_when_its_conversation_is_deleted(
    person: User, talk: Conversation
) -> None:
    reply = ReplyFactory(message__conversation=talk, running=True)
    deleting.delete_conversation(actor=person, conversation_id=talk.pk)
    row = Reply.objects.get(pk=reply.pk)
    assert row.stop_state == "stopped"
    assert row.stop_requested_at is not None


def test_the_purge_removes_what_is_due_and_nothing_else(person: User, talk: Conversation) -> None:
    MessageFactory(conversation=talk)
    indexing.index_some()
    recent, kept = ConversationFactory(owner=person), ConversationFactory(owner=person)
    deleting.delete_conversation(actor=person, conversation_id=recent.pk)
    delete_long_ago(talk)
    assert deleting.purge_some() == 1
    assert set(Conversation.objects.values_list("pk", flat=True)) == {recent.pk, kept.pk}
    assert not Message.objects.exists()
    assert not SearchEntry.objects.exists()
    event = AuditEvent.objects.get(action="conversation.purged")
    assert (event.target_id, event.actor_id) == (talk.pk, None)


def test_an_open_case_holds_the_purge_and_its_snapshot_outlives_it(
    person: User, talk: Conversation
) -> None:
    message = MessageFactory(conversation=talk, content="Something bad.")
    reports.report_message(actor=person, message_id=message.pk, reason="other", comment="Look.")
    delete_long_ago(talk)
    assert deleting.purge_some() == 0
    Case.objects.update(state=CaseState.CLOSED, closed_at=timezone.now())
    assert deleting.purge_some() == 1
    assert CaseSnapshot.objects.get().text == "Something bad."


def test_an_answer_makes_a_conversation_unread_until_its_owner_looks(
    person: User, talk: Conversation
) -> None:
    assert not Conversation.objects.get(pk=talk.pk).is_unread
    Conversation.objects.filter(pk=talk.pk).update(
        last_message_at=timezone.now(), read_at=timezone.now() - timedelta(hours=1)
    )
    assert Conversation.objects.get(pk=talk.pk).is_unread
    conversations.mark_read(viewer=person, conversation_id=talk.pk)
    assert not Conversation.objects.get(pk=talk.pk).is_unread
    with pytest.raises(ConversationNotFoundError):
        conversations.mark_read(viewer=UserFactory(), conversation_id=talk.pk)
