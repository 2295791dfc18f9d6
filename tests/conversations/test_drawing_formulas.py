"""The door that draws the formulas of an answer that is still arriving."""

import pytest
from django.test import Client
from pytest_django import Settings

from apps.conversations.views.formulas import MAX_CHARS_AT_ONCE, MAX_FORMULAS_AT_ONCE
from apps.core.markdown import render_formula
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PATH = "/formulas/"


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(UserFactory())
    return client


def test_each_formula_is_answered_as_it_will_be_at_the_end(reader: Client) -> None:
    answer = reader.post(PATH, {"formula": [r"\(x\)", r"\(\unknown\)", r"\[y\]", "<b>"]})
    assert answer.json() == {
        "formulas": [render_formula(r"\(x\)"), None, render_formula(r"\[y\]"), None]
    }


@pytest.mark.parametrize(
    "sources", [["$x$"] * (MAX_FORMULAS_AT_ONCE + 1), ["x" * (MAX_CHARS_AT_ONCE + 1)]]
)
def test_more_than_a_page_asks_for_at_once_is_refused(reader: Client, sources: list[str]) -> None:
    answer = reader.post(PATH, {"formula": sources})
    assert answer.status_code == 413
    assert set(answer.json()) == {"message"}


def test_it_is_limited_for_each_person(reader: Client, settings: Settings) -> None:
    settings.RATE_LIMIT_FORMULAS = "1/minute"
    assert reader.post(PATH, {"formula": ["$x$"]}).status_code == 200
    assert reader.post(PATH, {"formula": ["$x$"]}).status_code == 429


def test_it_is_for_who_is_signed_in(client: Client) -> None:
    assert client.post(PATH, {"formula": ["$x$"]}).status_code == 302
