"""An admin lets somebody in who cannot sign in any more, and nobody is let in unseen."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from apps.audit.models import AuditEvent
from apps.core.errors import AppError, ValidationFailedError
from apps.users.errors import (
    AccountClosedError,
    EmailTakenError,
    OwnRightsError,
    RoleRequiredError,
    ServiceAccountError,
)
from apps.users.models import User
from apps.users.services import accounts, recovery, service_accounts
from tests.factories import PASSWORD, UserFactory
from tests.users.test_pages import is_signed_in, sign_in

NEW = "Quiet-river-7"


def set_password(link: str, password: str = NEW) -> bool:
    """Set a password by a link; tells whether the link led to the form."""
    client = Client()
    opened = client.get(urlsplit(link).path)
    if opened.status_code != 302:
        return False
    client.post(opened["Location"], {"password1": password, "password2": password})
    return True


def queued_mails() -> list[dict[str, Any]]:
    jobs = ProcrastinateJob.objects.filter(task_name=recovery.MAIL_TASK).order_by("pk")
    return [
        {key: value for key, value in args.items() if key != "correlation_id"}
        for args in jobs.values_list("args", flat=True)
    ]


def test_an_admin_makes_a_link_by_which_the_person_sets_another_password_once(
    client: Client, person: User, admin: User
) -> None:
    link = recovery.let_in(actor=admin, user_id=person.pk, reason="Asked at the desk.")
    sign_in(client)
    assert is_signed_in(client), "the old password works until there is another"
    other = recovery.let_in(actor=admin, user_id=person.pk, reason="Again.")
    assert set_password(other)
    assert not is_signed_in(client)
    assert not set_password(other)
    assert not set_password(link)
    sign_in(client, password=NEW)
    assert is_signed_in(client)


def test_what_was_done_is_on_record_without_the_link(person: User, admin: User) -> None:
    recovery.let_in(actor=admin, user_id=person.pk, reason="Asked at the desk.")
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.actor_id, event.target_id) == (
        "user.let_in",
        admin.pk,
        person.pk,
    )
    assert (event.reason, event.data) == ("Asked at the desk.", {"factors_forgotten": 0})


@pytest.mark.parametrize("forgets", [True, False])
def test_lost_second_factors_go_when_the_admin_says_so_and_everybody_is_signed_out(
    client: Client, person: User, admin: User, forgets: bool
) -> None:
    sign_in(client)
    TOTP.activate(person, generate_totp_secret())
    recovery.let_in(actor=admin, user_id=person.pk, reason="Lost.", forgets_factors=forgets)
    assert Authenticator.objects.filter(user=person).exists() is not forgets
    assert is_signed_in(client) is not forgets
    assert AuditEvent.objects.latest("pk").data == {"factors_forgotten": int(forgets)}


def test_nobody_is_let_in_by_somebody_who_may_not(
    person: User, moderator: User, admin: User
) -> None:
    above = UserFactory(admin=True, is_superuser=True)
    program = service_accounts.create_service_account(actor=admin, name="Archive", duties=[])
    closed = UserFactory(is_active=False)
    refused: list[tuple[User, User, type[AppError]]] = [
        (moderator, person, RoleRequiredError),
        (person, admin, RoleRequiredError),
        (admin, above, RoleRequiredError),
        (admin, admin, OwnRightsError),
        (admin, program, ServiceAccountError),
        (admin, closed, AccountClosedError),
    ]
    before = AuditEvent.objects.count()
    for actor, whom, error in refused:
        with pytest.raises(error):
            recovery.let_in(actor=actor, user_id=whom.pk, reason="r", forgets_factors=True)
    with pytest.raises(ValidationFailedError):
        recovery.let_in(actor=admin, user_id=person.pk, reason=" ")
    assert AuditEvent.objects.count() == before
    assert recovery.let_in(actor=above, user_id=admin.pk, reason="r")


def test_an_admin_gives_an_account_another_address_which_signs_in_from_then_on(
    client: Client, person: User, admin: User, mail_configured: None
) -> None:
    link = recovery.let_in(actor=admin, user_id=person.pk, reason="Asked.")
    recovery.change_address(
        actor=admin, user_id=person.pk, email=" Uma@New.example ", reason="Married."
    )
    own = EmailAddress.objects.filter(user=person)
    assert own.values_list("email", "primary", "verified").get() == ("uma@new.example", True, True)
    client.post("/accounts/login/", {"login": "uma@new.example", "password": PASSWORD})
    assert is_signed_in(client)
    assert not set_password(link), "what was sent to the former address leads nowhere"
    event = AuditEvent.objects.get(action="user.address_changed")
    assert (event.actor_id, event.target_id, event.reason) == (admin.pk, person.pk, "Married.")


@pytest.mark.parametrize(
    ("email", "error"),
    [
        ("sam@example.com", EmailTakenError),
        ("no address", ValidationFailedError),
        ("bot@service.invalid", ValidationFailedError),
    ],
)
def test_an_address_that_cannot_be_anybodys_is_refused_and_the_former_one_stays(
    person: User, stranger: User, admin: User, email: str, error: type[AppError]
) -> None:
    with pytest.raises(error):
        recovery.change_address(actor=admin, user_id=person.pk, email=email, reason="r")
    person.refresh_from_db()
    assert person.email == "uma@example.com"


def test_the_person_is_told_by_mail_in_their_language_at_the_address_that_they_had(
    person: User, admin: User, settings: Settings
) -> None:
    settings.EMAIL_URL = "smtp://mail:25"
    person.language = "de"
    person.save()
    recovery.let_in(actor=admin, user_id=person.pk, reason="r", forgets_factors=True)
    recovery.change_address(actor=admin, user_id=person.pk, email="uma@new.example", reason="r")
    queued = queued_mails()
    first, second = (recovery.compose_mail(**words) for words in queued)
    assert first is not None
    assert second is not None
    assert (first.to, second.to) == (["uma@example.com"], ["uma@example.com"])
    assert first.subject == "Parley: Für Ihr Konto kann ein neues Passwort gesetzt werden"
    assert second.subject == "Parley: Die Adresse Ihres Kontos wurde geändert"
    assert "/accounts/password/reset/key/" not in str(first.body)
    assert "uma@new.example" not in str(second.body)
    accounts.delete_user(actor=admin, user_id=person.pk, reason="r")
    assert [recovery.compose_mail(**words) for words in queued] == [None, None]


def test_the_page_of_an_account_shows_the_link_once_and_offers_it_for_people_only(
    person: User, admin: User, client: Client
) -> None:
    client.force_login(admin)
    page = f"/admin/users/user/{person.pk}/recover/"
    shown = client.post(page, {"reason": "Asked at the desk.", "forgets_factors": "on"})
    assert shown.text.count("/accounts/password/reset/key/") >= 1
    assert "/accounts/password/reset/key/" not in client.get(page).text
    program = service_accounts.create_service_account(actor=admin, name="Archive", duties=[])
    offered = client.get(f"/admin/users/user/{program.pk}/change/").text
    assert "recover" not in offered
    assert "address/" not in offered
