"""Accounts of programs: admins make and keep them, nobody signs in to them."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.core.errors import ValidationFailedError
from apps.users.constants import Role, TokenScope
from apps.users.errors import (
    AccessRevokedError,
    InvalidCredentialsError,
    InvalidTokenError,
    RoleRequiredError,
    ServiceAccountError,
    UserNotFoundError,
)
from apps.users.models import User
from apps.users.services import accounts, principals, roles, service_accounts, tokens
from apps.users.services.authentication import authenticate_token
from apps.users.services.tokens import TokenRequest
from tests.factories import PASSWORD, UserFactory
from tests.users.conftest import audited

pytestmark = pytest.mark.django_db
WANTED = TokenRequest(name="nightly", scopes=("chat",))


@pytest.fixture
def account(admin: User) -> User:
    return service_accounts.create_service_account(
        actor=admin, name=" Nightly report ", reason="Asked for."
    )


def test_an_account_of_a_program_has_no_way_in(account: User, admin: User) -> None:
    assert (account.name, account.kind, account.role) == ("Nightly report", "service", "user")
    assert not account.has_usable_password()
    assert account.email.endswith("@service.invalid")
    assert str(account) == f"Nightly report (service account) (#{account.pk})"
    event = AuditEvent.objects.get(action="service.created")
    assert (event.actor_id, event.target_id, event.reason) == (admin.pk, account.pk, "Asked for.")


def test_nobody_signs_in_to_it_even_with_a_password_put_there_by_hand(account: User) -> None:
    account.set_password(PASSWORD)
    account.save()
    with pytest.raises(InvalidCredentialsError):
        async_to_sync(tokens.create_with_password)(
            email=account.email, password=PASSWORD, wanted=WANTED
        )
    client = Client()
    client.post(reverse("account_login"), {"login": account.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    client.force_login(account)
    assert client.get(reverse("people:tokens")).status_code == 302
    with pytest.raises(AccessRevokedError):
        principals.principal_for_session(account)


def test_its_password_is_neither_reset_nor_set(account: User, admin: User) -> None:
    Client().post(reverse("account_reset_password"), {"email": account.email})
    assert [one for one in mail.outbox if "password/reset/key" in str(one.body)] == []
    with pytest.raises(ServiceAccountError):
        accounts.change_password(actor=admin, user=account, password=PASSWORD)


def test_nobody_signs_up_with_an_address_like_that(db: None) -> None:
    with pytest.raises(ValidationFailedError):
        async_to_sync(accounts.register)(email="me@service.invalid", name="Me", password=PASSWORD)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MODERATOR])
def test_its_role_stays_user(account: User, admin: User, role: Role) -> None:
    with pytest.raises(ServiceAccountError):
        roles.change_role(actor=admin, user_id=account.pk, role=role)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=account.pk).update(role=role)


def test_it_may_read_and_never_decide(account: User, admin: User) -> None:
    with pytest.raises(ValidationFailedError):
        service_accounts.update_service_account(actor=admin, account_id=account.pk, duties=["lead"])
    changed = service_accounts.update_service_account(
        actor=admin, account_id=account.pk, duties=["auditor"], reason="For the archive."
    )
    fresh = User.objects.get(pk=changed.pk)
    assert fresh.has_perm("audit.view_auditevent")
    assert not fresh.has_perm("moderation.decide_case")


def test_admins_make_its_tokens_which_work_until_it_is_switched_off(
    account: User, admin: User
) -> None:
    made = service_accounts.create_token(actor=admin, account_id=account.pk, wanted=WANTED)
    principal = async_to_sync(authenticate_token)(made.secret)
    assert (principal.user, principal.scopes) == (account, frozenset({"chat"}))
    service_accounts.update_service_account(
        actor=admin, account_id=account.pk, is_active=False, reason="Left."
    )
    with pytest.raises(InvalidTokenError):
        async_to_sync(authenticate_token)(made.secret)
    done = [(label, action) for label, action, _ in audited()]
    assert done == [
        ("Ada", "service.created"),
        ("Ada", "token.created"),
        ("Ada", "user.deactivated"),
    ]


@pytest.mark.parametrize("scope", [TokenScope.ACCOUNT])
def test_no_token_of_it_changes_the_account_or_makes_others(
    account: User, admin: User, scope: TokenScope
) -> None:
    wanted = TokenRequest(name="a", scopes=(scope,))
    with pytest.raises(ValidationFailedError):
        service_accounts.create_token(actor=admin, account_id=account.pk, wanted=wanted)


def test_only_admins_manage_them(account: User, moderator: User, person: User) -> None:
    for actor in (moderator, person, account):
        with pytest.raises(RoleRequiredError):
            service_accounts.create_service_account(actor=actor, name="Another")
        with pytest.raises(RoleRequiredError):
            service_accounts.list_service_accounts(viewer=actor)
        with pytest.raises(RoleRequiredError):
            service_accounts.create_token(actor=actor, account_id=account.pk, wanted=WANTED)
        with pytest.raises(RoleRequiredError):
            service_accounts.update_service_account(
                actor=actor, account_id=account.pk, is_active=False
            )


def test_people_are_no_service_accounts_and_the_lists_keep_them_apart(
    account: User, admin: User, person: User
) -> None:
    with pytest.raises(UserNotFoundError):
        service_accounts.create_token(actor=admin, account_id=person.pk, wanted=WANTED)
    assert list(service_accounts.list_service_accounts(viewer=admin)) == [account]
    assert set(accounts.list_users(viewer=admin)) == {admin, person}


def test_records_tell_it_from_people(account: User, admin: User) -> None:
    from apps.audit import services as audit

    audit.record(actor=account, action="user.updated", target_type="user", target_id=account.pk)
    assert AuditEvent.objects.latest("pk").actor_label == "Nightly report (service account)"


def test_an_admin_is_never_made_by_the_factory_of_services(db: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory(kind="service", admin=True)
