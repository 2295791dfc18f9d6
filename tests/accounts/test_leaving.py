"""The end of an account: closed at once, back within days, erased after them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from asgiref.sync import async_to_sync
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.accounts import tasks
from apps.accounts.services import closing
from apps.audit import services as audit
from apps.audit.models import AuditEvent
from apps.conversations.constants import ReplyState
from apps.conversations.models import Conversation, Message, Reply
from apps.llm.models import UsageRecord
from apps.users.errors import (
    AccountNotLeavingError,
    AccountSuspendedError,
    InvalidTokenError,
    LastAdminError,
)
from apps.users.models import ApiToken, User
from apps.users.services import accounts, leaving, principals, returning, roles, standing
from apps.users.services import tokens as token_services
from tests.accounts.conftest import confirmed
from tests.factories import (
    PASSWORD,
    ApiTokenFactory,
    ConversationFactory,
    MessageFactory,
    ReplyFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 28, 12, tzinfo=timezone.get_default_timezone())


def erase(user_id: int, *, now: datetime) -> None:
    while closing.erase_step(user_id=user_id, now=now):
        pass


def sign_in(person: User, client: Client | None = None) -> tuple[Client, str]:
    """Return a browser that gave the right password, and where it was led."""
    client = client or Client()
    response = client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    return client, response.headers.get("Location", "")


def test_it_asks_for_the_password_first(person: User) -> None:
    client, _ = sign_in(person)
    for answer in (client.get("/settings/data/delete/"), client.post("/settings/data/delete/")):
        assert answer["Location"] == "/accounts/reauthenticate/?next=%2Fsettings%2Fdata%2Fdelete%2F"
    person.refresh_from_db()
    assert person.is_active


def test_what_was_ticked_stays_ticked_and_is_pressed_once_more_after_the_password(
    person: User,
) -> None:
    client = Client()
    client.force_login(person)
    asked = client.post("/settings/data/delete/", {"is_sure": "on"})["Location"]
    answer = client.post(asked, {"password": PASSWORD})
    assert 'name="is_sure" required checked>' in answer.content.decode()
    person.refresh_from_db()
    assert person.is_active
    answer = client.post("/settings/data/delete/", {"is_sure": "on"})
    assert "Your account is closed" in answer.content.decode()
    person.refresh_from_db()
    assert not person.is_active
    assert client.get("/settings/").status_code == 302


def test_it_asks_whether_one_is_sure(person: User) -> None:
    response = confirmed(person).post("/settings/data/delete/")
    assert response.status_code == 400
    assert "Tick the box" in response.content.decode()
    person.refresh_from_db()
    assert person.is_active


def test_the_account_is_closed_and_signed_out_everywhere(person: User, settings: Settings) -> None:
    settings.ACCOUNT_DELETION_DAYS = 5
    token = ApiTokenFactory(user=person)
    elsewhere, _ = sign_in(person)
    assert elsewhere.get("/settings/").status_code == 200
    before = timezone.now()
    response = confirmed(person).post("/settings/data/delete/", {"is_sure": "on"})
    assert "Your account is closed" in response.content.decode()
    person.refresh_from_db()
    assert person.erase_at is not None
    assert timedelta(0) <= person.erase_at - before - timedelta(days=5) < timedelta(minutes=1)
    assert elsewhere.get("/settings/").status_code == 302
    with pytest.raises(InvalidTokenError):
        principals.identify_token(token.secret)
    assert not Session.objects.filter(session_key=elsewhere.session.session_key).exists()
    event = AuditEvent.objects.get(action="user.leaving")
    assert (event.actor_id, event.target_id, event.data) == (person.pk, person.pk, {"days": 5})


def test_answers_are_stopped(person: User) -> None:
    queued = ReplyFactory(message__conversation__owner=person, queued=True)
    running = ReplyFactory(message__conversation__owner=person, running=True)
    closing.close_account(actor=person)
    queued.refresh_from_db()
    running.refresh_from_db()
    assert queued.state == ReplyState.STOPPED
    assert running.stop_requested_at is not None


def test_an_answer_that_was_asked_for_meanwhile_is_stopped_too(
    person: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as later:
        closing.close_account(actor=person)
    late = ReplyFactory(message__conversation__owner=person, queued=True)
    for callback in later:
        callback()
    assert Reply.objects.get(pk=late.pk).state == ReplyState.STOPPED


def test_signing_in_and_confirming_brings_it_back(person: User) -> None:
    conversation = ConversationFactory(owner=person)
    closing.close_account(actor=person)
    client, led_to = sign_in(person)
    assert led_to == "/accounts/come-back/"
    assert client.get("/settings/").status_code == 302
    assert "Bring my account back" in client.get(led_to).content.decode()
    assert client.post(led_to)["Location"] == "/accounts/login/"
    person.refresh_from_db()
    assert (person.is_active, person.erase_at) == (True, None)
    _, led_to = sign_in(person, client)
    assert led_to == "/"
    assert client.get(f"/c/{conversation.pk}/").status_code in (200, 404)
    assert AuditEvent.objects.filter(action="user.back", actor_id=person.pk).count() == 1


def test_a_second_factor_is_shown_before_the_way_back(person: User) -> None:
    TOTP.activate(person, generate_totp_secret())
    code = RecoveryCodes.activate(person).get_unused_codes()[0]
    closing.close_account(actor=person)
    client, led_to = sign_in(person)
    assert led_to == "/accounts/2fa/authenticate/"
    assert client.post("/accounts/come-back/")["Location"] == "/accounts/login/"
    assert not User.objects.get(pk=person.pk).is_active
    answer = client.post("/accounts/2fa/authenticate/", {"code": code})
    assert answer["Location"] == "/accounts/come-back/"
    assert client.get("/settings/").status_code == 302
    client.post("/accounts/come-back/")
    assert User.objects.get(pk=person.pk).is_active


def test_a_wrong_password_leads_nowhere(person: User) -> None:
    closing.close_account(actor=person)
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": "Wrong-horse-1"})
    assert client.post("/accounts/come-back/")["Location"] == "/accounts/login/"
    person.refresh_from_db()
    assert not person.is_active


def test_the_way_back_is_open_for_ten_minutes_after_the_sign_in(person: User) -> None:
    closing.close_account(actor=person)
    client, _ = sign_in(person)
    soon = timezone.now() + timedelta(minutes=9)
    late = timezone.now() + timedelta(minutes=11)
    assert returning.person_of(client.session, now=soon) == person
    assert returning.person_of(client.session, now=late) is None


def test_it_cannot_come_back_when_its_time_has_passed(person: User) -> None:
    user = closing.close_account(actor=person, now=NOW)
    assert user.erase_at is not None
    with pytest.raises(AccountNotLeavingError):
        leaving.come_back(user_id=user.pk, auth_epoch=user.auth_epoch, now=user.erase_at)


def test_who_was_suspended_meanwhile_stays_out(person: User) -> None:
    closing.close_account(actor=person)
    admin = UserFactory(admin=True)
    standing.suspend(actor=admin, user_id=person.pk, reason="Spam.", reason_for_user="Spam.")
    person.refresh_from_db()
    _, led_to = sign_in(person)
    assert led_to == ""
    with pytest.raises(AccountSuspendedError):
        leaving.come_back(user_id=person.pk, auth_epoch=person.auth_epoch)


def test_nobody_else_is_given_an_account_back(person: User) -> None:
    UserFactory(email="closed@example.com", inactive=True)
    client = Client()
    client.post("/accounts/login/", {"login": "closed@example.com", "password": PASSWORD})
    assert returning.person_of(client.session) is None


def test_the_last_admin_stays(db: None) -> None:
    admin = UserFactory(admin=True)
    page = confirmed(admin).get("/settings/data/delete/").content.decode()
    assert "last admin" in page
    with pytest.raises(LastAdminError):
        closing.close_account(actor=admin)
    UserFactory(admin=True)
    assert closing.close_account(actor=admin).erase_at is not None


def test_mail_tells_until_when_it_can_come_back(person: User, settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://mail"
    closing.close_account(actor=person, now=NOW)
    assert ProcrastinateJob.objects.filter(task_name=leaving.MAIL_TASK).count() == 1
    message = leaving.compose_mail(user_id=person.pk)
    assert message is not None
    assert "12 December 2026, 12:00 UTC" in message.body
    message.send()
    assert mail.outbox[0].to == ["uma@example.com"]


def test_nothing_is_erased_before_its_time_and_all_of_it_then(person: User) -> None:
    conversation = ConversationFactory(owner=person)
    ReplyFactory(message=MessageFactory(conversation=conversation, assistant=True))
    for _ in range(25):
        ConversationFactory(owner=person)
    ApiTokenFactory(user=person)
    stranger = ConversationFactory()
    user = closing.close_account(actor=person, now=NOW)
    assert user.erase_at is not None
    just_before = user.erase_at - timedelta(seconds=1)
    assert leaving.list_due(now=just_before) == []
    erase(person.pk, now=just_before)
    assert Conversation.objects.filter(owner=person).count() == 26
    assert leaving.list_due(now=user.erase_at) == [person.pk]
    assert closing.erase_step(user_id=person.pk, now=user.erase_at)
    assert Conversation.objects.filter(owner=person.pk).count() == 6
    erase(person.pk, now=user.erase_at)
    assert not User.objects.filter(pk=person.pk).exists()
    assert list(Conversation.objects.all()) == [stranger]
    assert not ApiToken.objects.exists()
    assert not Message.objects.exists()
    assert not UsageRecord.objects.exists()


@pytest.fixture
def unremovable(person: User) -> User:
    """Somebody whose row the database keeps whatever happens."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION keep_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'Kept.' USING ERRCODE = 'restrict_violation'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER keep_person BEFORE DELETE ON users_user FOR EACH ROW"
            f" WHEN (OLD.id = {person.pk}) EXECUTE FUNCTION keep_person()"
        )
    return person


def test_an_account_that_cannot_be_erased_keeps_no_other_from_its_end(
    unremovable: User, caplog: pytest.LogCaptureFixture
) -> None:
    other = UserFactory()
    past = timezone.now() - timedelta(days=60)
    for user in (unremovable, other):
        closing.close_account(actor=user, now=past)

    async def erase_due() -> None:
        await tasks.erase_due(timestamp=0)

    async_to_sync(erase_due)()
    assert list(User.objects.values_list("pk", flat=True)) == [unremovable.pk]
    assert [row.fields for row in caplog.records if row.message == "ERASURE_FAILED"] == [
        {"user_id": unremovable.pk}
    ]


def test_what_stays_names_a_number_and_no_name(person: User) -> None:
    accounts.update_user(actor=person, user_id=person.pk, name="Uma Larsen")
    person.refresh_from_db()
    user = closing.close_account(actor=person, now=NOW)
    assert user.erase_at is not None
    erase(person.pk, now=user.erase_at)
    events = AuditEvent.objects.order_by("pk")
    assert [(e.action, e.actor_id, e.actor_label) for e in events] == [
        ("user.updated", person.pk, f"account {person.pk}"),
        ("user.leaving", person.pk, f"account {person.pk}"),
        ("user.deleted", None, "system"),
    ]


def test_deeds_of_staff_stay_signed(db: None) -> None:
    moderator = UserFactory(moderator=True, name="Mo")
    user = closing.close_account(actor=moderator, now=NOW)
    assert user.erase_at is not None
    erase(user.pk, now=user.erase_at)
    assert AuditEvent.objects.get(action="user.leaving").actor_label == "Mo"


def test_deeds_of_former_staff_stay_signed(db: None) -> None:
    former = UserFactory(moderator=True, name="Mo")
    audit.record(actor=former, action="case.claimed", target_type="case", target_id=7)
    roles.change_role(actor=UserFactory(admin=True), user_id=former.pk, role="user")
    former.refresh_from_db()
    user = closing.close_account(actor=former, now=NOW)
    assert user.erase_at is not None
    erase(user.pk, now=user.erase_at)
    assert not User.objects.filter(pk=user.pk).exists()
    assert AuditEvent.objects.get(action="case.claimed").actor_label == "Mo"


def test_an_admin_opens_it_again_or_deletes_it_at_once(person: User) -> None:
    admin = UserFactory(admin=True)
    closing.close_account(actor=person)
    accounts.set_active(actor=admin, user_id=person.pk, is_active=True, reason="By phone.")
    person.refresh_from_db()
    assert (person.is_active, person.erase_at) == (True, None)
    closing.close_account(actor=person)
    accounts.delete_user(actor=admin, user_id=person.pk, reason="Asked by letter.")
    assert not User.objects.filter(pk=person.pk).exists()
    assert AuditEvent.objects.get(action="user.deleted").reason == "Asked by letter."


def test_staff_see_when_it_will_be_deleted(person: User) -> None:
    admin = UserFactory(admin=True)
    user = closing.close_account(actor=person)
    assert user.erase_at is not None
    page = confirmed(admin).get(f"/admin/users/user/{person.pk}/change/").content.decode()
    assert "Leaving" in page
    assert "Will be deleted" in page


def test_no_token_of_a_person_who_came_back_works_again(person: User) -> None:
    token = ApiTokenFactory(user=person)
    user = closing.close_account(actor=person)
    leaving.come_back(user_id=user.pk, auth_epoch=user.auth_epoch)
    assert not token_services.list_tokens(viewer=person).exists()
    with pytest.raises(InvalidTokenError):
        principals.identify_token(token.secret)
