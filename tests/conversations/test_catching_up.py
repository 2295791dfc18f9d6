"""What an open page is told of its conversation after a gap, and what counts as read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from apps.conversations.models import Conversation
from apps.users.models import User
from tests.factories import ConversationFactory, MessageFactory
from tests.moderation.factories import make_decided

pytestmark = pytest.mark.django_db
LONG = 60
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def talk(person: User) -> Conversation:
    """A conversation of more than one screen, with something in it that was not read."""
    conversation: Conversation = ConversationFactory(
        owner=person, title="A & B", last_message_at=timezone.now(), read_at=LONG_AGO
    )
    parent = None
    for number in range(LONG):
        parent = MessageFactory(conversation=conversation, parent=parent, content=str(number))
    return conversation


@pytest.fixture
def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_newest_screen_brings_what_the_head_of_the_page_shows(
    talk: Conversation, browser: Client
) -> None:
    screen = f"/c/{talk.pk}/messages/older/"
    head = '<p hidden data-head data-title="A &amp; B" data-locked="" data-archived=""></p>'
    assert head in browser.get(screen).content.decode()
    talk.locked_at = talk.archived_at = timezone.now()
    talk.save()
    page = browser.get(screen).content.decode()
    assert 'data-locked="' in page
    assert 'data-locked=""' not in page
    assert 'data-archived="yes"' in page
    oldest = talk.messages.earliest("id").pk
    assert "data-head" not in browser.get(f"{screen}?after={oldest}").content.decode()
    assert "data-head" not in browser.get(f"/c/{talk.pk}/").content.decode()


def test_a_conversation_that_is_deleted_is_said_to_be_gone(
    talk: Conversation, browser: Client
) -> None:
    talk.deleted_at = timezone.now()
    talk.save()
    assert browser.get(f"/c/{talk.pk}/messages/older/").status_code == 404


@pytest.mark.parametrize("place", ["message", "before", "after"])
def test_a_page_without_the_newest_message_leaves_the_conversation_unread(
    talk: Conversation, browser: Client, place: str
) -> None:
    second = talk.messages.order_by("id")[1].pk
    assert browser.get(f"/c/{talk.pk}/?{place}={second}").status_code == 200
    talk.refresh_from_db()
    assert talk.read_at == LONG_AGO
    browser.get(f"/c/{talk.pk}/")
    talk.refresh_from_db()
    assert talk.read_at > LONG_AGO


def test_the_list_brings_how_many_notices_are_not_read(person: User, browser: Client) -> None:
    said = '<p hidden data-unread-notices="{}"></p>'
    assert said.format(0) in browser.get("/c/list/").content.decode()
    make_decided(person)
    assert said.format(1) in browser.get("/c/list/").content.decode()
