import pytest
from allauth.account.models import EmailAddress
from asgiref.sync import async_to_sync
from django.core import mail
from django.db import IntegrityError, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.audit.models import AuditEvent
from apps.core.errors import ValidationFailedError
from apps.users.errors import (
    EmailTakenError,
    LastAdminError,
    OwnRightsError,
    RoleRequiredError,
    UserNotFoundError,
)
from apps.users.models import ApiToken, User
from apps.users.services import accounts
from tests.factories import PASSWORD, ApiTokenFactory, ConversationFactory, UserFactory
from tests.users.conftest import audited

pytestmark = pytest.mark.django_db
register = async_to_sync(accounts.register)
NEW = {"email": "New@Example.com ", "name": " Nia ", "password": "Quiet-river-7"}


def problem_types(error: ValidationFailedError) -> set[tuple[str, str]]:
    return {(problem["field"], problem["type"]) for problem in error.details or []}


def test_register_makes_a_person_with_the_least_rights() -> None:
    user = register(**NEW)
    user.refresh_from_db()
    assert (user.email, user.name, user.role) == ("new@example.com", "Nia", "user")
    assert (user.is_active, user.is_staff, user.is_superuser) == (True, False, False)
    assert user.check_password("Quiet-river-7")
    assert [group.name for group in user.groups.all()] == ["user"]
    assert audited() == [("Nia", "user.registered", user.pk)]


def test_register_refuses_a_taken_address_in_whatever_case(person: User) -> None:
    with pytest.raises(EmailTakenError) as caught:
        register(**{**NEW, "email": "UMA@example.com"})
    assert (caught.value.code, caught.value.status_code) == ("email_taken", 409)
    assert caught.value.message == "User with this email already exists"
    assert list(User.objects.all()) == [person]
    assert audited() == []


def test_register_names_every_field_that_does_not_fit() -> None:
    with pytest.raises(ValidationFailedError) as caught:
        register(email="nobody", name=" ", password="short")
    assert problem_types(caught.value) == {
        ("email", "invalid"),
        ("name", "blank"),
        ("password", "password_too_short"),
        ("password", "password_no_upper"),
        ("password", "password_no_digit"),
    }
    assert User.objects.count() == 0


@pytest.mark.parametrize("name", ["a\x00b", "x" * 101])
def test_register_refuses_names_that_cannot_be_kept(name: str) -> None:
    with pytest.raises(ValidationFailedError):
        register(**{**NEW, "name": name})
    assert User.objects.count() == 0


def test_register_asks_for_the_address_where_mail_is_configured(
    mail_configured: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        user = register(**NEW)
    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.verified, address.primary) == (user.email, False, True)
    message = mail.outbox[0]
    assert (len(mail.outbox), message.to) == (1, ["new@example.com"])
    assert message.subject == "Parley: Confirm your address"
    assert "http://localhost:8000/accounts/confirm-email/" in message.body


def test_register_sends_nothing_where_no_mail_is_configured(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        register(**NEW)
    assert mail.outbox == []


def test_the_database_keeps_addresses_in_lower_case_only() -> None:
    with pytest.raises(IntegrityError, match="user_email_lower_case"), transaction.atomic():
        User.objects.create(email="Nia@example.com", name="Nia")


def test_people_see_themselves_and_admins_everybody(
    person: User, stranger: User, moderator: User, admin: User
) -> None:
    assert accounts.access_user(viewer=person, user_id=person.pk) == person
    assert accounts.access_user(viewer=admin, user_id=person.pk) == person
    for viewer in (stranger, moderator):
        with pytest.raises(UserNotFoundError):
            accounts.access_user(viewer=viewer, user_id=person.pk)
    for unknown in (0, 10**12, 10**30):
        with pytest.raises(UserNotFoundError):
            accounts.access_user(viewer=admin, user_id=unknown)


def test_only_admins_list_people(person: User, moderator: User, admin: User) -> None:
    assert list(accounts.list_users(viewer=admin)) == [admin, moderator, person]
    assert list(accounts.list_users(viewer=admin, role="moderator")) == [moderator]
    assert list(accounts.list_users(viewer=admin, words="UMA")) == [person]
    assert list(accounts.list_users(viewer=admin, words="example.com", role="user")) == [person]
    for viewer in (person, moderator):
        with pytest.raises(RoleRequiredError):
            accounts.list_users(viewer=viewer)


def test_people_change_their_own_name(person: User) -> None:
    accounts.update_user(actor=person, user_id=person.pk, name=" Uma P. ")
    person.refresh_from_db()
    assert (person.name, person.auth_epoch) == ("Uma P.", 0)
    assert audited() == [("Uma", "user.updated", person.pk)]


def test_a_blank_name_is_refused(person: User) -> None:
    with pytest.raises(ValidationFailedError):
        accounts.update_user(actor=person, user_id=person.pk, name="  ")
    person.refresh_from_db()
    assert person.name == "Uma"


@pytest.mark.parametrize("change", [{"role": "admin"}, {"is_active": True}, {"is_active": False}])
@pytest.mark.parametrize("who", ["person", "moderator", "admin"])
def test_nobody_sets_their_own_role_or_state(
    who: str, change: dict[str, object], request: pytest.FixtureRequest
) -> None:
    actor: User = request.getfixturevalue(who)
    before = User.objects.values().get(pk=actor.pk)
    with pytest.raises(OwnRightsError):
        accounts.update_user(actor=actor, user_id=actor.pk, name="Changed", **change)  # type: ignore[arg-type]
    assert User.objects.values().get(pk=actor.pk) == before
    assert audited() == []


@pytest.mark.parametrize("who", ["stranger", "moderator"])
@pytest.mark.parametrize("change", [{"name": "X"}, {"role": "admin"}, {"is_active": False}])
def test_others_cannot_be_changed(
    who: str, change: dict[str, object], person: User, request: pytest.FixtureRequest
) -> None:
    before = User.objects.values().get(pk=person.pk)
    with pytest.raises(UserNotFoundError):
        accounts.update_user(
            actor=request.getfixturevalue(who),
            user_id=person.pk,
            **change,  # type: ignore[arg-type]
        )
    assert User.objects.values().get(pk=person.pk) == before
    assert audited() == []


def test_an_admin_changes_everything_about_somebody_else(person: User, admin: User) -> None:
    accounts.update_user(
        actor=admin, user_id=person.pk, name="Ulla", role="moderator", is_active=False, reason="r"
    )
    person.refresh_from_db()
    assert (person.name, person.role, person.is_active) == ("Ulla", "moderator", False)
    assert person.auth_epoch == 2
    assert audited() == [
        ("Ada", "user.role_changed", person.pk),
        ("Ada", "user.deactivated", person.pk),
        ("Ada", "user.updated", person.pk),
    ]


def test_a_change_that_fails_half_way_changes_nothing(person: User, admin: User) -> None:
    with pytest.raises(ValidationFailedError):
        accounts.update_user(actor=admin, user_id=person.pk, role="moderator", name="")
    person.refresh_from_db()
    assert (person.role, person.auth_epoch) == ("user", 0)
    assert [group.name for group in person.groups.all()] == ["user"]
    assert audited() == []


def test_opening_an_open_account_changes_nothing(person: User, admin: User) -> None:
    accounts.set_active(actor=admin, user_id=person.pk, is_active=True)
    person.refresh_from_db()
    assert person.auth_epoch == 0
    assert audited() == []


def test_the_last_active_admin_cannot_be_closed(admin: User) -> None:
    UserFactory(admin=True, inactive=True)
    with pytest.raises(LastAdminError):
        accounts.set_active(actor=None, user_id=admin.pk, is_active=False)
    admin.refresh_from_db()
    assert (admin.is_active, admin.auth_epoch) == (True, 0)
    assert audited() == []


def test_a_new_password_ends_tokens_and_raises_the_epoch(
    person: User,
    announced: list[tuple[int, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    token = ApiTokenFactory(user=person)
    with django_capture_on_commit_callbacks(execute=True):
        accounts.change_password(actor=person, user=person, password="Quiet-river-7")
    person.refresh_from_db()
    token.refresh_from_db()
    assert person.check_password("Quiet-river-7")
    assert person.auth_epoch == 1
    assert token.revoked_at is not None
    assert announced == [(person.pk, "auth.revoked")]
    assert audited() == [("Uma", "user.password_changed", person.pk)]


@pytest.mark.parametrize("who", ["stranger", "moderator"])
def test_only_admins_set_another_persons_password(
    who: str, person: User, admin: User, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(RoleRequiredError):
        accounts.change_password(
            actor=request.getfixturevalue(who), user=person, password="Quiet-river-7"
        )
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    accounts.change_password(actor=admin, user=person, password="Quiet-river-7")
    assert audited() == [("Ada", "user.password_changed", person.pk)]


def test_a_weak_password_is_refused(person: User) -> None:
    with pytest.raises(ValidationFailedError) as caught:
        accounts.change_password(actor=person, user=person, password="abc")
    assert ("password", "password_too_short") in problem_types(caught.value)
    person.refresh_from_db()
    assert (person.check_password(PASSWORD), person.auth_epoch) == (True, 0)


@pytest.mark.parametrize("who", ["person", "admin"])
def test_people_and_admins_delete_an_account_with_what_is_its_own(
    who: str,
    person: User,
    request: pytest.FixtureRequest,
    announced: list[tuple[int, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    actor: User = request.getfixturevalue(who)
    ConversationFactory(owner=person)
    ApiTokenFactory(user=person)
    user_id = person.pk
    with django_capture_on_commit_callbacks(execute=True):
        accounts.delete_user(actor=actor, user_id=user_id, reason="Asked for it.")
    assert not User.objects.filter(pk=user_id).exists()
    assert ApiToken.objects.count() == 0
    assert announced == [(user_id, "auth.revoked")]
    event = AuditEvent.objects.get()
    assert (event.actor_label, event.action, event.target_id) == (
        f"account {user_id}" if actor == person else actor.name,
        "user.deleted",
        user_id,
    )


@pytest.mark.parametrize("who", ["stranger", "moderator"])
def test_others_cannot_delete_an_account(
    who: str, person: User, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(UserNotFoundError):
        accounts.delete_user(actor=request.getfixturevalue(who), user_id=person.pk)
    assert User.objects.filter(pk=person.pk).exists()
    assert audited() == []


@pytest.mark.parametrize("unknown", [0, 10**12, 10**30])
def test_deleting_nobody_is_told(admin: User, unknown: int) -> None:
    with pytest.raises(UserNotFoundError):
        accounts.delete_user(actor=admin, user_id=unknown)


def test_the_last_admin_cannot_delete_themself(admin: User) -> None:
    with pytest.raises(LastAdminError):
        accounts.delete_user(actor=admin, user_id=admin.pk)
    assert User.objects.filter(pk=admin.pk).exists()
    assert audited() == []


def test_an_admin_with_a_colleague_may_delete_themself(admin: User) -> None:
    colleague = UserFactory(admin=True)
    accounts.delete_user(actor=admin, user_id=admin.pk)
    assert list(User.objects.all()) == [colleague]


def test_what_a_deleted_person_did_stays_in_the_audit_under_a_number(
    person: User, admin: User
) -> None:
    accounts.update_user(actor=person, user_id=person.pk, name="Ulla")
    user_id = person.pk
    accounts.delete_user(actor=admin, user_id=user_id)
    assert audited() == [
        (f"account {user_id}", "user.updated", user_id),
        ("Ada", "user.deleted", user_id),
    ]
