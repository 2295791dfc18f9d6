"""A limit holds at every door: on the pages as in the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings as current
from django.test import Client
from pytest_django import Settings

from apps.users.models import User
from project.limits import limits_of_pages
from tests.users.test_api_users import call

PASSWORD = "Quiet-river-7"


def by_page(number: int) -> int:
    typed = {"email": f"n{number}@example.com", "name": "Nia", "password1": PASSWORD}
    return Client().post("/accounts/signup/", typed).status_code


def by_api(number: int) -> int:
    sent = {"email": f"n{number}@example.com", "name": "Nia", "password": PASSWORD}
    return call("POST", "/api/v1/users/", **sent).status_code


@pytest.mark.django_db
@pytest.mark.parametrize(("door", "made"), [(by_page, 302), (by_api, 201)])
def test_new_accounts_from_one_address_are_limited_at_each_door(
    door: Callable[[int], int], made: int, settings: Settings
) -> None:
    settings.RATE_LIMIT_SIGNUP = "2/hour"
    settings.ACCOUNT_RATE_LIMITS = limits_of_pages(signup="2/hour", login="10/minute")
    assert [door(number) for number in range(4)] == [made, made, 429, 429]
    assert User.objects.count() == 2


def test_the_pages_have_the_limits_of_the_settings() -> None:
    assert limits_of_pages(signup="20/hour", login="10/minute") == {
        "signup": "20/h/ip",
        "login_failed": "10/m/ip,5/5m/key",
    }
    assert (
        limits_of_pages(signup=current.RATE_LIMIT_SIGNUP, login=current.RATE_LIMIT_LOGIN)
        == current.ACCOUNT_RATE_LIMITS
    )
