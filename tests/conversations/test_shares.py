"""A link shows what was shown when it was made, and never what is kept from view."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.audit.models import AuditEvent
from apps.conversations import constants
from apps.conversations.errors import (
    ConversationLockedError,
    ConversationNotFoundError,
    NothingToShareError,
    OwnConversationError,
    ShareLimitError,
    ShareNotFoundError,
    ShareNotWithdrawnError,
    ShareTitleWithheldError,
    ShareWithdrawnError,
    SharingOffError,
)
from apps.conversations.models import Conversation, Message, Share
from apps.conversations.services import (
    conversations,
    deleting,
    locking,
    rewriting,
    shared_pages,
    shares,
    visibility,
    withdrawing,
)
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.users.models import User
from apps.users.services import standing
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory, UserFactory
from tests.moderation.rules.conftest import MakeRule, make_live_rule

__all__ = ["make_live_rule"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    user: User = UserFactory(name="Uma")
    return user


@pytest.fixture
def moderator() -> User:
    user: User = UserFactory(name="Mo", moderator=True)
    return user


@pytest.fixture
def talk(person: User) -> Conversation:
    conversation: Conversation = ConversationFactory(owner=person, title="Tides")
    MessageFactory(conversation=conversation, content="Why are there tides?")
    ReplyFactory(message__conversation=conversation, message__content="The **moon** pulls.")
    return conversation


def share(talk: Conversation, days: int | None = 7) -> str:
    title = Conversation.objects.values_list("title", flat=True).get(pk=talk.pk)
    made = shares.create_share(
        actor=talk.owner, conversation_id=talk.pk, expires_in_days=days, judged_title=title
    )
    return made.url.rstrip("/").rpartition("/")[2]


def shown(token: str) -> list[str]:
    return [
        message.text or message.html for message in shared_pages.open_share(token=token).messages
    ]


def leads_nowhere(token: str) -> bool:
    try:
        shared_pages.open_share(token=token)
    except ShareNotFoundError:
        return True
    return False


def test_a_link_shows_the_branch_of_its_moment_and_nothing_that_came_later(
    talk: Conversation,
) -> None:
    token = share(talk)
    before = shared_pages.open_share(token=token)
    Message.objects.filter(role="assistant").update(is_current=False)
    MessageFactory(conversation=talk, content="Something later.")
    conversations.rename_conversation(
        actor=talk.owner, conversation_id=talk.pk, title="A private name"
    )
    assert shared_pages.open_share(token=token) == before
    assert before.title == "Tides"
    assert shown(token) == ["Why are there tides?", "<p>The <strong>moon</strong> pulls.</p>\n"]


def test_the_token_is_kept_as_a_hash_only(talk: Conversation) -> None:
    token = share(talk)
    row = Share.objects.values().get()
    assert len(token) >= 32
    assert token not in str(row)


def test_what_is_hidden_withheld_or_still_written_is_not_shared(talk: Conversation) -> None:
    MessageFactory(conversation=talk, content="Hidden words.", hidden=True)
    ReplyFactory(message__conversation=talk, message__content="Withheld words.", state="withheld")
    ReplyFactory(message__conversation=talk, message__content="Half of", running=True)
    assert len(shown(share(talk))) == 2


def test_what_staff_hide_is_gone_from_links_at_once_and_comes_back(talk: Conversation) -> None:
    token = share(talk)
    question = Message.objects.get(role="user")
    visibility.hide_message(
        actor=None, message_id=question.pk, reason="An insult.", reason_for_user="For her alone."
    )
    page = shared_pages.open_share(token=token)
    assert (page.messages[0].text, page.messages[0].notice) == (
        "",
        constants.HIDDEN_PLACEHOLDER,
    )
    visibility.restore_message(actor=None, message_id=question.pk, reason="A mistake.")
    assert shown(token)[0] == "Why are there tides?"
    rewriting.redact_spans(actor=None, message_id=question.pk, spans=[(0, 3)], reason="A name.")
    assert shown(token)[0] == (
        '<span class="redacted" aria-hidden="true">███</span> are there tides?'
    )


def test_a_title_that_was_made_of_hidden_words_is_gone_and_the_persons_own_stays(
    talk: Conversation,
) -> None:
    Conversation.objects.update(title_source="generated")
    token = share(talk)
    conversations.rename_conversation(actor=talk.owner, conversation_id=talk.pk, title="My own")
    own = share(talk)
    question = Message.objects.get(role="user")
    visibility.hide_message(actor=None, message_id=question.pk, reason="An insult.")
    assert shared_pages.open_share(token=token).title == "A shared conversation"
    assert shared_pages.open_share(token=own).title == "My own"
    visibility.restore_message(actor=None, message_id=question.pk, reason="A mistake.")
    assert shared_pages.open_share(token=token).title == "Tides"


def test_a_retracted_answer_stops_the_link_until_the_retraction_is_taken_back(
    talk: Conversation,
) -> None:
    token = share(talk)
    answer = Message.objects.get(role="assistant")
    ended = rewriting.withhold_answer(
        actor=None, message_id=answer.pk, notice="Withheld.", reason="Dangerous."
    )
    assert leads_nowhere(token)
    rewriting.release_answer(
        actor=None, message_id=answer.pk, text=answer.content, reason="A mistake.", ended=ended
    )
    assert len(shown(token)) == 2


def test_a_suspension_stops_the_persons_links_until_it_is_lifted(
    talk: Conversation, moderator: User
) -> None:
    token = share(talk)
    standing.suspend(
        actor=moderator, user_id=talk.owner_id, reason="Spam.", reason_for_user="Spam."
    )
    assert leads_nowhere(token)
    standing.lift(actor=moderator, user_id=talk.owner_id, reason="A mistake.")
    assert not leads_nowhere(token)


def test_a_deleted_conversation_a_past_end_a_closed_account_and_the_setting_stop_a_link(
    talk: Conversation, settings: Settings
) -> None:
    token = share(talk)
    deleting.delete_conversation(actor=talk.owner, conversation_id=talk.pk)
    assert leads_nowhere(token)
    deleting.restore_conversation(actor=talk.owner, conversation_id=talk.pk)
    assert not leads_nowhere(token)
    Share.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert leads_nowhere(token)
    Share.objects.update(expires_at=None)
    User.objects.filter(pk=talk.owner_id).update(is_active=False)
    assert leads_nowhere(token)
    User.objects.filter(pk=talk.owner_id).update(is_active=True)
    settings.SHARING = False
    assert leads_nowhere(token)
    with pytest.raises(SharingOffError):
        share(talk)


def test_only_its_owner_revokes_a_link(talk: Conversation) -> None:
    token = share(talk)
    number = Share.objects.get().pk
    with pytest.raises(ShareNotFoundError):
        shares.revoke_share(actor=UserFactory(), share_id=number)
    assert not leads_nowhere(token)
    shares.revoke_share(actor=talk.owner, share_id=number)
    assert leads_nowhere(token)


def withdraw(actor: User, number: int, reason: str = "Private data.") -> Share:
    return withdrawing.withdraw_share(
        actor=actor, share_id=number, reason=reason, reason_for_user="It names a child."
    )


def test_staff_revoke_any_link_with_a_reason_that_is_kept(
    talk: Conversation, moderator: User
) -> None:
    token = share(talk)
    number = Share.objects.get().pk
    with pytest.raises(ForbiddenError):
        withdraw(talk.owner, number)
    with pytest.raises(ValidationFailedError):
        withdraw(moderator, number, reason=" ")
    assert not leads_nowhere(token)
    withdraw(moderator, number)
    assert leads_nowhere(token)
    event = AuditEvent.objects.get(action="share.revoked")
    assert (event.actor_id, event.reason, event.target_id) == (
        moderator.pk,
        "Private data.",
        number,
    )
    assert event.data["reason_for_user"] == "It names a child."
    assert Share.objects.get().is_revoked_by_staff


def test_a_link_that_its_owner_revoked_can_be_held_by_staff_and_stays_revoked_when_given_back(
    talk: Conversation, moderator: User
) -> None:
    token = share(talk)
    number = Share.objects.get().pk
    shares.revoke_share(actor=talk.owner, share_id=number)
    revoked_at = Share.objects.get().revoked_at
    withdraw(moderator, number)
    with pytest.raises(ShareWithdrawnError):
        share(talk)
    withdrawing.give_share_back(actor=moderator, share_id=number, reason="A mistake.")
    assert Share.objects.get().revoked_at == revoked_at
    assert leads_nowhere(token)
    share(talk)


def test_no_new_link_replaces_one_that_staff_revoked_until_they_give_it_back(
    talk: Conversation, moderator: User, client: Client
) -> None:
    token = share(talk)
    number = Share.objects.get().pk
    withdraw(moderator, number)
    with pytest.raises(ShareWithdrawnError):
        share(talk)
    client.force_login(talk.owner)
    refused = client.post(f"/c/{talk.pk}/share/", {"expires_in_days": "7"})
    assert refused.status_code == 403
    assert "A moderator revoked a link to this conversation." in refused.text
    assert "It names a child." in client.get("/settings/shared/").text
    withdrawing.give_share_back(actor=moderator, share_id=number, reason="A mistake.")
    assert not leads_nowhere(token)
    assert not leads_nowhere(share(talk))
    assert "It names a child." not in client.get("/settings/shared/").text
    assert AuditEvent.objects.get(action="share.given_back").reason == "A mistake."
    with pytest.raises(ShareNotWithdrawnError):
        withdrawing.give_share_back(actor=moderator, share_id=number, reason="Again.")


def test_staff_neither_revoke_nor_give_back_a_link_of_their_own(moderator: User) -> None:
    own = ConversationFactory(owner=moderator)
    MessageFactory(conversation=own, content="Mine.")
    share(own)
    number = Share.objects.get().pk
    with pytest.raises(OwnConversationError):
        withdraw(moderator, number)
    withdraw(UserFactory(moderator=True), number)
    with pytest.raises(OwnConversationError):
        withdrawing.give_share_back(actor=moderator, share_id=number, reason="Mine.")


def test_a_locked_conversation_is_neither_shared_nor_shown(
    talk: Conversation, moderator: User
) -> None:
    token = share(talk)
    locking.lock_conversation(actor=moderator, conversation_id=talk.pk, reason="Threats.")
    assert leads_nowhere(token)
    with pytest.raises(ConversationLockedError):
        share(talk)
    locking.unlock_conversation(actor=moderator, conversation_id=talk.pk, reason="A mistake.")
    assert not leads_nowhere(token)


def test_the_list_says_of_each_link_why_it_leads_nowhere(
    talk: Conversation, client: Client, moderator: User
) -> None:
    share(talk)
    answer = Message.objects.get(role="assistant")
    rewriting.withhold_answer(
        actor=None, message_id=answer.pk, notice="Withheld.", reason="Dangerous."
    )
    other = ConversationFactory(owner=talk.owner, title="Locked")
    MessageFactory(conversation=other, content="What now?")
    share(other)
    locking.lock_conversation(actor=moderator, conversation_id=other.pk, reason="Threats.")
    client.force_login(talk.owner)
    page = client.get("/settings/shared/").text
    assert "Conversation locked" in page
    assert "An answer in it is withheld" in page
    assert "Works" not in page
    client.force_login(moderator)
    listed = client.get("/admin/conversations/share/").text
    assert "Conversation locked" in listed
    assert "An answer is withheld" in listed


def test_somebody_elses_or_an_empty_conversation_cannot_be_shared(person: User) -> None:
    with pytest.raises(ConversationNotFoundError):
        shares.create_share(
            actor=person, conversation_id=ConversationFactory().pk, expires_in_days=1
        )
    empty = ConversationFactory(owner=person)
    with pytest.raises(NothingToShareError):
        shares.create_share(actor=person, conversation_id=empty.pk, expires_in_days=1)
    with pytest.raises(ValidationFailedError):
        shares.create_share(actor=person, conversation_id=empty.pk, expires_in_days=2)


def test_the_number_of_working_links_is_limited(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.conversations.constants.MAX_SHARES", 1)
    share(talk)
    with pytest.raises(ShareLimitError):
        share(talk)
    shares.revoke_share(actor=talk.owner, share_id=Share.objects.get().pk)
    share(talk)


def test_each_opening_counts_as_a_view_but_not_each_further_screen(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_pages, "PAGE_SIZE", 1)
    token = share(talk)
    first = shared_pages.open_share(token=token)
    assert first.next_place == 1
    second = shared_pages.open_share(token=token, place=1)
    assert second.next_place is None
    assert [len(first.messages), len(second.messages)] == [1, 1]
    assert Share.objects.get().view_count == 1


def test_neither_programs_that_look_nor_its_owner_count_as_views(
    talk: Conversation, client: Client
) -> None:
    path = f"/s/{share(talk)}/"
    assert client.head(path).status_code == 200
    client.force_login(talk.owner)
    client.get(path)
    assert Share.objects.get().view_count == 0
    client.force_login(UserFactory())
    client.get(path)
    assert Share.objects.get().view_count == 1


@pytest.mark.parametrize("typed", [{}, {"expires_in_days": "1000"}, {"expires_in_days": "07"}])
def test_a_form_without_one_of_the_offered_ends_makes_no_link(
    talk: Conversation, client: Client, typed: dict[str, str]
) -> None:
    client.force_login(talk.owner)
    refused = client.post(f"/c/{talk.pk}/share/", typed)
    assert refused.status_code == 400
    assert "Choose one of the offered ends." in refused.text
    assert not Share.objects.exists()
    assert client.post(f"/c/{talk.pk}/share/", {"expires_in_days": ""}).status_code == 201


def test_a_link_says_before_it_is_made_how_much_it_shows(
    talk: Conversation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(talk.owner)
    assert "It shows the 2 messages that you see now." in client.get(f"/c/{talk.pk}/share/").text
    monkeypatch.setattr(constants, "MAX_SHARED_MESSAGES", 1)
    page = client.get(f"/c/{talk.pk}/share/").text
    assert "It shows the newest 1 messages that you see now." in page
    assert shown(share(talk)) == ["<p>The <strong>moon</strong> pulls.</p>\n"]


def test_the_page_of_a_link_is_limited_for_each_address_and_closed_links_look_alike(
    talk: Conversation, client: Client, settings: Settings
) -> None:
    settings.RATE_LIMIT_SHARED = "2/hour"
    token = share(talk)
    opened = client.get(f"/s/{token}/")
    assert opened.status_code == 200
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    assert "sessionid" not in opened.cookies
    gone = client.get("/s/no-such-link/")
    assert gone.status_code == 404
    assert gone.headers["X-Robots-Tag"] == "noindex, nofollow"
    refused = client.get(f"/s/{token}/")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


def test_a_title_of_the_persons_own_that_policy_has_not_seen_is_not_shown(
    talk: Conversation,
) -> None:
    Conversation.objects.update(title="Typed a moment ago", title_source="person")
    made = shares.create_share(
        actor=talk.owner, conversation_id=talk.pk, expires_in_days=7, judged_title="Typed before"
    )
    assert made.share.title == ""


@pytest.mark.django_db(transaction=True)
async def test_a_title_that_policy_keeps_back_is_not_published(
    talk: Conversation, make_live_rule: MakeRule
) -> None:
    await make_live_rule(
        stage="input",
        applies_to="user",
        configuration={"terms": ["badword"], "match": "word", "fold": True},
    )
    await make_live_rule(
        "Too often",
        kind="rate",
        stage="input",
        applies_to="user",
        configuration={"limit": 1, "seconds": 60},
    )

    async def publish(title: str) -> str:
        await Conversation.objects.aupdate(title=title, title_source="person")
        made = await shares.publish(actor=talk.owner, conversation_id=talk.pk, expires_in_days=7)
        return made.share.title

    assert [await publish("My own") for _ in range(2)] == ["My own"] * 2
    with pytest.raises(ShareTitleWithheldError):
        await publish("A b4dw0rd for all")
    assert await Share.objects.acount() == 2
