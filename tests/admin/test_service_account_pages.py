"""Admins make the account of a program and its token; everybody sees that it is no person."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from apps.users.models import ApiToken, User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PEOPLE = "/admin/users/user/"


def test_an_account_of_a_program_is_made_with_a_token_that_is_shown_once(as_admin: Client) -> None:
    wanted = {"name": "Nightly", "duties": ["auditor"], "reason": "Asked for."}
    assert as_admin.post(f"{PEOPLE}new/", wanted).status_code == 302
    account = User.objects.get(kind="service")
    assert account.duties == ["auditor"]
    typed = {
        "name": "cron",
        "scopes": ["chat"],
        "expires_in_days": "30",
        "allowed_models": "gpt-*\nllama",
    }
    made = as_admin.post(f"{PEOPLE}{account.pk}/token/", typed)
    secret = re.search(r'value="(parley_[^"]+)"', made.content.decode())
    assert secret is not None
    token = ApiToken.objects.get(user=account)
    assert (token.name, token.allowed_models) == ("cron", ["gpt-*", "llama"])
    for url in (
        PEOPLE,
        f"{PEOPLE}{account.pk}/change/",
        f"/admin/users/apitoken/{token.pk}/change/",
    ):
        page = as_admin.get(url).content.decode()
        assert secret.group(1) not in page
        assert "ervice account" in page
    changed = {"duties": [], "reason": "Reads nothing more."}
    as_admin.post(f"{PEOPLE}{account.pk}/duties/", changed)
    account.refresh_from_db()
    assert account.duties == []


def test_moderators_make_none_and_people_have_no_such_buttons(
    as_admin: Client, as_moderator: Client
) -> None:
    assert as_moderator.get(f"{PEOPLE}new/").status_code == 403
    person = UserFactory()
    page = as_admin.get(f"{PEOPLE}{person.pk}/change/")
    labels = {button.label for button in page.context["buttons"]}
    assert "Make a token" not in labels
    assert "Change role" in labels
    service = UserFactory(kind="service", verified=False)
    page = as_admin.get(f"{PEOPLE}{service.pk}/change/")
    labels = {button.label for button in page.context["buttons"]}
    assert "Change role" not in labels
    assert {"Make a token", "Close account"} <= labels


def test_the_list_of_accounts_tells_programs_from_people(as_admin: Client) -> None:
    UserFactory(name="Nightly", kind="service", verified=False)
    UserFactory(name="Somebody")
    page = as_admin.get(f"{PEOPLE}?kind=service").content.decode()
    assert "Nightly" in page
    assert "Somebody" not in page
