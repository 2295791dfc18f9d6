"""Where no mail is configured nothing that opens an account is written down, and pages say so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.users.models import ApiToken, User
from apps.users.services import accounts, admin_mail, leaving, standing, token_warnings
from project.environment import Environment
from tests.factories import ApiTokenFactory
from tests.users.test_pages import sign_in

RESET = "/accounts/password/reset/"
SENTENCE = "This site sends no mail. Ask an admin to give you another password."


@pytest.fixture
def no_mail(settings: Settings) -> None:
    settings.EMAIL_URL = ""
    settings.HAS_MAIL = False


def test_a_deployed_process_drops_mail_and_development_shows_it_on_the_terminal() -> None:
    def backend(url: str, *, is_deployed: bool) -> str:
        return str(Environment().mail(url, is_deployed=is_deployed)["EMAIL_BACKEND"])

    assert backend("", is_deployed=True) == "django.core.mail.backends.dummy.EmailBackend"
    assert backend("", is_deployed=False) == "django.core.mail.backends.console.EmailBackend"
    assert backend("smtp://mail:25", is_deployed=True).endswith("smtp.EmailBackend")


def test_the_terminal_is_no_mail_server_when_deployed() -> None:
    deployed, here = Environment(), Environment()
    deployed.mail("consolemail://", is_deployed=True)
    here.mail("consolemail://", is_deployed=False)
    assert (deployed.problems, here.problems) == (
        ["EMAIL_URL must name a mail server, not the terminal"],
        [],
    )


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_a_forgotten_password_is_a_matter_for_an_administrator(
    client: Client, admin: User, no_mail: None, caplog: pytest.LogCaptureFixture, email: str
) -> None:
    assert admin.email == "ada@example.com"
    page = client.get(RESET).content.decode()
    assert SENTENCE in page
    assert 'name="email"' not in page
    done = client.post(RESET, {"email": email}, follow=True)
    assert SENTENCE in done.content.decode()
    assert "on its way" not in done.content.decode()
    assert mail.outbox == []
    assert [(one.message, one.fields) for one in caplog.records if "MAIL" in one.message] == (  # type: ignore[attr-defined]
        [("MAIL_NOT_SENT", {"template": "account/email/password_reset_key"})]
        if email == admin.email
        else [("MAIL_NOT_SENT", {"template": "account/email/unknown_account"})]
    )


def test_no_sender_sends_or_queues_anything(
    client: Client,
    person: User,
    admin: User,
    no_mail: None,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    earlier = ProcrastinateJob.objects.filter(queue_name=admin_mail.MAIL_QUEUE).count()
    soon = timezone.now() + timedelta(days=6)
    token = ApiTokenFactory(user=person, expires_at=soon)
    month_ago = timezone.now() - timedelta(days=30)
    ApiToken.objects.filter(pk=token.pk).update(created_at=month_ago)
    with django_capture_on_commit_callbacks(execute=True):
        assert token_warnings.warn_of_expiry() == 0
        admin_mail.tell_admins(subject="s", text="t")
        standing.suspend(actor=admin, user_id=person.pk, reason="r", reason_for_user="Spam.")
        standing.lift(actor=admin, user_id=person.pk, reason="r")
        sign_in(client)
        accounts.change_password(actor=person, user=person, password="Quiet-river-7")
        leaving.leave(actor=person)
        Client().post(RESET, {"email": person.email})
    assert mail.outbox == []
    assert ProcrastinateJob.objects.filter(queue_name=admin_mail.MAIL_QUEUE).count() == earlier


def test_a_new_address_is_not_asked_for_where_none_can_be_confirmed(
    client: Client, person: User, no_mail: None
) -> None:
    sign_in(client)
    page = client.get("/accounts/email/").content.decode()
    assert "so no address can be confirmed. Ask an admin." in page
    assert "action_add" not in page
