"""Staff read a private conversation with a reason, and its owner can see that they did."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.conversations.errors import ConversationNotFoundError
from apps.conversations.models import Conversation
from apps.conversations.services.reviewing import note_reading
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.moderation.errors import GrantNotFoundError, GrantRequiredError
from apps.moderation.models import AccessGrant
from apps.moderation.services.cases import grants, readings
from apps.users.models import User
from tests.factories import MessageFactory, ReplyFactory, UserFactory
from tests.moderation.factories import make_case, make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db
SECRET = "Flour and water."


@pytest.fixture
def moderator() -> User:
    return make_staff()


@pytest.fixture
def conversation() -> Conversation:
    message = MessageFactory(conversation__owner__name="Uma", content=SECRET)
    message.conversation.title = "About bread"
    message.conversation.save()
    return message.conversation  # type: ignore[no-any-return]


def open_one(moderator: User, conversation: Conversation) -> AccessGrant:
    return grants.open_grant(
        actor=moderator, conversation_id=conversation.pk, reason="A complaint by mail."
    )


def test_without_a_case_reading_needs_a_live_grant(
    moderator: User, conversation: Conversation
) -> None:
    with pytest.raises(GrantRequiredError):
        grants.ensure_may_read(viewer=moderator, conversation=conversation)
    grant = open_one(moderator, conversation)
    assert grants.ensure_may_read(viewer=moderator, conversation=conversation) == grant
    with pytest.raises(GrantRequiredError):
        grants.ensure_may_read(viewer=make_staff(), conversation=conversation)
    AccessGrant.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(GrantRequiredError):
        grants.ensure_may_read(viewer=moderator, conversation=conversation)


def test_an_open_case_lets_its_moderators_read(moderator: User, conversation: Conversation) -> None:
    make_case(conversation.messages.get())
    assert grants.ensure_may_read(viewer=moderator, conversation=conversation) is None


def test_a_grant_needs_a_reason_a_right_and_a_conversation(
    moderator: User, conversation: Conversation
) -> None:
    with pytest.raises(ValidationFailedError):
        grants.open_grant(actor=moderator, conversation_id=conversation.pk, reason=" ")
    with pytest.raises(ForbiddenError):
        grants.open_grant(actor=UserFactory(), conversation_id=conversation.pk, reason="So.")
    with pytest.raises(ConversationNotFoundError):
        grants.open_grant(actor=moderator, conversation_id=0, reason="So.")
    assert not AccessGrant.objects.exists()


def test_a_grant_is_ended_by_its_reader_or_a_lead(
    moderator: User, conversation: Conversation
) -> None:
    grant = open_one(moderator, conversation)
    with pytest.raises(GrantNotFoundError):
        grants.revoke_grant(actor=make_staff(), grant_id=grant.pk, reason="So.")
    grants.revoke_grant(actor=make_staff("lead"), grant_id=grant.pk, reason="So.")
    with pytest.raises(GrantRequiredError):
        grants.ensure_may_read(viewer=moderator, conversation=conversation)
    actions = list(AuditEvent.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["access.granted", "access.revoked"]


def test_leads_and_auditors_list_everybodys_grants_and_others_their_own(
    moderator: User, conversation: Conversation
) -> None:
    grant, other = open_one(moderator, conversation), open_one(make_staff(), conversation)
    path = f"moderation/grants?conversation_id={conversation.pk}&is_live=true"

    def listed(viewer: User) -> list[int]:
        return [one["id"] for one in Caller(viewer).call("GET", path)["items"]]

    lead = make_staff("lead")
    assert listed(lead) == listed(make_staff("auditor")) == [other.pk, grant.pk]
    assert listed(moderator) == [grant.pk]
    grants.revoke_grant(actor=lead, grant_id=grant.pk, reason="So.")
    assert listed(lead) == [other.pk]
    support = make_staff("support", role="user")
    assert Caller(support).call("GET", path, status=403)["code"] == "forbidden"


def test_the_admin_asks_for_a_reason_and_shows_no_words_before(
    moderator: User, conversation: Conversation
) -> None:
    browser = Client()
    browser.force_login(moderator)
    message = conversation.messages.get()
    pages = [
        f"/admin/conversations/conversation/{conversation.pk}/change/",
        f"/admin/conversations/message/{message.pk}/change/",
        f"/admin/conversations/message/{message.pk}/hide/",
    ]
    for page in pages:
        answer = browser.get(page, follow=True)
        text = answer.content.decode()
        assert answer.redirect_chain[0][0].startswith(
            f"/admin/conversations/conversation/{conversation.pk}/read/"
        )
        assert "can see that you read it" in text
        assert SECRET not in text
    for name in ("conversation", "message"):
        text = browser.get(f"/admin/conversations/{name}/").content.decode()
        assert "(private)" in text
        assert SECRET not in text
        assert "About bread" not in text
    assert not AuditEvent.objects.exists()


def test_a_reason_opens_the_page_and_each_reading_is_written_down_for_its_owner(
    moderator: User, conversation: Conversation
) -> None:
    browser = Client()
    browser.force_login(moderator)
    page = f"/admin/conversations/conversation/{conversation.pk}/change/"
    ask = browser.get(page).headers["Location"]
    taken = browser.post(ask, {"reason": "A complaint by mail.", "next": page})
    assert taken.headers["Location"] == page
    assert SECRET in browser.get(page).content.decode()
    assert SECRET in browser.get(page).content.decode()
    reading = readings.list_readings(viewer=conversation.owner)[0]
    assert (reading.reader, reading.reason) == (moderator.name, "A complaint by mail.")
    assert len(reading.read_at) == 2
    owner = Client()
    owner.force_login(conversation.owner)
    text = owner.get(reverse("moderation:readings")).content.decode()
    assert "About bread" in text
    assert "A complaint by mail." in text
    assert moderator.name in text
    assert readings.list_readings(viewer=UserFactory()) == []


@pytest.mark.parametrize("name", ["conversation", "message", "reply"])
def test_a_list_that_shows_words_under_a_grant_is_a_reading_that_the_owner_sees(
    moderator: User, conversation: Conversation, name: str
) -> None:
    ReplyFactory(message=MessageFactory(conversation=conversation, assistant=True))
    browser = Client()
    browser.force_login(moderator)
    browser.get(f"/admin/conversations/{name}/")
    assert not AuditEvent.objects.exists()
    open_one(moderator, conversation)
    own = MessageFactory(conversation__owner=moderator).conversation
    text = browser.get(f"/admin/conversations/{name}/").text
    assert (SECRET if name == "message" else "About bread") in text
    assert len(readings.list_readings(viewer=conversation.owner)[0].read_at) == 1
    assert not AuditEvent.objects.filter(target_id=own.pk).exists()
    words = {"q": f"conversation:{conversation.pk} Flour"}
    assert SECRET in browser.get("/admin/conversations/message/", words).text
    assert len(readings.list_readings(viewer=conversation.owner)[0].read_at) == 2


def test_a_grant_under_which_much_was_read_hides_no_other_reading(
    moderator: User, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "TIMES_SHOWN", 2)
    monkeypatch.setattr(readings, "TIMES_AT_ONCE", 2)
    for staff, times in ((make_staff(), 1), (moderator, 5)):
        grant = open_one(staff, conversation)
        for _ in range(times):
            note_reading(
                viewer=staff,
                conversation_id=conversation.pk,
                owner_id=conversation.owner_id,
                grant_id=grant.pk,
                reason=grant.reason,
            )
    much, little = readings.list_readings(viewer=conversation.owner)
    assert (much.read_count, len(much.read_at)) == (5, 2)
    assert (little.read_count, len(little.read_at)) == (1, 1)
    times_of_all = list(readings.times_of(much))
    assert len(set(times_of_all)) == 5
    assert times_of_all[:2] == much.read_at
    owner = Client()
    owner.force_login(conversation.owner)
    page = owner.get(reverse("moderation:readings")).text
    assert "Not read so far." not in page
    assert "Read 5 times" in page


def test_a_page_about_selected_messages_is_a_reading_under_a_grant(
    moderator: User, conversation: Conversation
) -> None:
    open_one(moderator, conversation)
    browser = Client()
    browser.force_login(moderator)
    chosen = {"message": conversation.messages.get().pk}
    assert SECRET in browser.post("/admin/conversations/message/hide-selected/", chosen).text
    assert len(readings.list_readings(viewer=conversation.owner)[0].read_at) == 1


def test_a_list_of_messages_notes_each_conversation_with_a_case_once_an_hour(
    moderator: User, conversation: Conversation
) -> None:
    others = MessageFactory.create_batch(3)
    for message in (conversation.messages.get(), *others):
        make_case(message)
    browser = Client()
    browser.force_login(moderator)
    assert SECRET in browser.get("/admin/conversations/message/").text
    read = AuditEvent.objects.filter(action="conversation.read", actor=moderator, data={})
    talks = {conversation.pk, *(message.conversation_id for message in others)}
    assert sorted(read.values_list("target_id", flat=True)) == sorted(talks)
    browser.get("/admin/conversations/message/")
    browser.get("/admin/conversations/conversation/")
    assert read.count() == len(talks)


def test_staff_without_the_right_to_read_are_refused_whatever_the_reason(
    conversation: Conversation,
) -> None:
    support = make_staff("support", role="user")
    with pytest.raises(ForbiddenError) as refused:
        grants.ensure_may_read(viewer=support, conversation=conversation)
    assert not isinstance(refused.value, GrantRequiredError)


def test_the_page_goes_on_to_readings_of_long_ago(
    moderator: User, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "GRANTS_SHOWN", 2)
    for number in range(3):
        read = open_one(moderator, conversation)
        AccessGrant.objects.filter(pk=read.pk).update(
            reason=f"Reason {number}.", expires_at=timezone.now()
        )
    owner = Client()
    owner.force_login(conversation.owner)
    page = reverse("moderation:readings")
    first = owner.get(page).text
    assert [f"Reason {number}." in first for number in range(3)] == [False, True, True]
    following = f"?before={AccessGrant.objects.order_by('id')[1].pk}"
    assert following in first
    rest = owner.get(page + following).text
    assert [f"Reason {number}." in rest for number in range(3)] == [True, False, False]
    assert "Show earlier readings" not in rest


def test_a_reading_is_still_seen_when_its_conversation_is_deleted_and_gone(
    moderator: User, conversation: Conversation
) -> None:
    grant = open_one(moderator, conversation)
    note_reading(
        viewer=moderator,
        conversation_id=conversation.pk,
        owner_id=conversation.owner_id,
        grant_id=grant.pk,
        reason=grant.reason,
    )
    owner = Client()
    owner.force_login(conversation.owner)
    page, link = reverse("moderation:readings"), f'href="/c/{conversation.pk}/"'
    assert link in owner.get(page).text
    Conversation.objects.update(deleted_at=timezone.now())
    deleted = owner.get(page).text
    assert "About bread" in deleted
    assert link not in deleted
    conversation.delete()
    gone = owner.get(page).text
    assert "A conversation that is gone" in gone
    assert "A complaint by mail." in gone
    assert "Read 1 time" in gone
    reading = readings.list_readings(viewer=conversation.owner)[0]
    assert (reading.conversation_id, reading.is_there) == (grant.conversation_number, False)
