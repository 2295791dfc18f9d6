"""Rules in the staff site: writing, trying, setting modes, back-testing and labelling."""

import pytest
from django.test import Client

from apps.moderation.models import BackTest, BackTestMatch, Rule, RuleVersion
from apps.moderation.services.rules import back_tests
from apps.users.models import User
from tests.factories import ConversationFactory, MessageFactory
from tests.moderation.factories import make_policy, make_rule, make_staff

pytestmark = pytest.mark.django_db
RULES = "/admin/moderation/rule/"


@pytest.fixture
def author() -> User:
    return make_staff("rule_author")


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def as_author(author: User) -> Client:
    return signed_in(author)


def typed(**fields: str) -> dict[str, str]:
    values = {
        "name": "Bad words",
        "policy_code": "insults",
        "stage": "input",
        "applies_to": "user",
        "terms": "badword\nworse",
        "match": "word",
        "fold": "on",
        "text": "",
    }
    return {**values, **fields}


def test_an_author_tries_a_list_and_then_saves_it(as_author: Client) -> None:
    make_policy()
    tried = as_author.post(f"{RULES}new/keyword/", typed(text="<b>a B4dword</b>", **{"try": "1"}))
    page = tried.content.decode()
    assert '<mark title="This rule">B4dword</mark>' in page
    assert "&lt;b&gt;a " in page
    assert not Rule.objects.exists()
    saved = as_author.post(f"{RULES}new/keyword/", typed())
    rule = Rule.objects.get()
    assert saved.headers["Location"] == f"{RULES}{rule.pk}/change/"
    assert rule.current is not None
    assert rule.current.configuration["terms"] == ["badword", "worse"]


def test_what_does_not_fit_is_said_beside_its_field_and_kept(as_author: Client) -> None:
    make_policy()
    answer = as_author.post(
        f"{RULES}new/regex/", {**typed(), "pattern": "(unclosed", "ignore_case": "on"}
    )
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "Close the bracket" in page
    assert "(unclosed" in page


@pytest.mark.parametrize("kind", ["keyword", "regex", "pii", "endpoint", "judge", "rate"])
def test_every_kind_has_its_form(as_author: Client, kind: str) -> None:
    assert as_author.get(f"{RULES}new/{kind}/").status_code == 200


def test_a_kind_that_does_not_exist_has_none(as_author: Client) -> None:
    assert as_author.get(f"{RULES}new/magic/").status_code == 404


def test_a_new_version_begins_with_what_the_last_one_says(as_author: Client) -> None:
    rule = make_rule()
    url = f"{RULES}{rule.pk}/version/"
    assert "badword" in as_author.get(url).content.decode()
    as_author.post(url, {"terms": "badword\nother", "match": "word", "note": "More."})
    version = RuleVersion.objects.get(rule=rule, number=2)
    assert (version.configuration["terms"], version.note) == (["badword", "other"], "More.")
    rule.refresh_from_db()
    assert rule.current_id != version.pk
    assert "Version 2 is a draft" in as_author.get(f"{RULES}{rule.pk}/change/").content.decode()


def test_one_click_turns_a_rule_off(as_author: Client) -> None:
    rule = make_rule(mode="enforce")
    as_author.post(f"{RULES}{rule.pk}/mode/", {"mode": "off"})
    rule.refresh_from_db()
    assert rule.mode == "off"


@pytest.mark.parametrize("version", ["9" * 4301, "9" * 19, "²", "x"])
def test_a_version_that_cannot_be_one_is_as_none(version: str) -> None:
    rule = make_rule()
    page = signed_in(make_staff("rule_approver")).get(
        f"{RULES}{rule.pk}/enforce/?version={version}"
    )
    assert page.status_code == 200


@pytest.mark.parametrize("mode", ["enforce", "", "nonsense"])
def test_the_switch_gives_no_power_that_was_not_earned(as_author: Client, mode: str) -> None:
    rule = make_rule()
    as_author.post(f"{RULES}{rule.pk}/mode/", {"mode": mode, "version": "x" * 30})
    rule.refresh_from_db()
    assert rule.mode == "shadow"


def test_an_approver_reads_the_gate_and_overrides_it_with_a_reason() -> None:
    rule = make_rule()
    client = signed_in(make_staff("rule_approver"))
    url = f"{RULES}{rule.pk}/enforce/"
    assert "20 are needed" in client.get(url).content.decode()
    assert client.post(url, {"override_reason": ""}).status_code == 409
    assert client.post(url, {"override_reason": "An attack."}).status_code == 302
    rule.refresh_from_db()
    assert rule.mode == "enforce"


def test_trying_a_text_shows_every_live_rule_that_hits_it(as_author: Client) -> None:
    rule = make_rule()
    make_rule(rule.policy, name="Numbers", kind="keyword")
    page = as_author.post(f"{RULES}{rule.pk}/try/", {"text": "a badword"}).content.decode()
    assert '<mark title="Bad words, Numbers">badword</mark>' in page
    assert "version 1" in page


def test_a_moderator_reads_rules_and_writes_none() -> None:
    rule = make_rule()
    client = signed_in(make_staff())
    page = client.get(f"{RULES}{rule.pk}/change/")
    assert page.status_code == 200
    assert "Back-test version" not in page.content.decode()
    assert client.get(f"{RULES}new/keyword/").status_code == 403
    client.post(f"{RULES}{rule.pk}/mode/", {"mode": "off"})
    rule.refresh_from_db()
    assert rule.mode == "shadow"


def test_somebody_who_is_no_staff_finds_no_rules() -> None:
    rule = make_rule()
    client = signed_in(make_staff(role="user"))
    assert client.get(f"{RULES}{rule.pk}/change/").status_code in (302, 403)


def test_a_back_test_is_started_watched_labelled_and_promoted(as_author: Client) -> None:
    rule = make_rule(stage="input", applies_to="user")
    conversation = ConversationFactory()
    for number in range(3):
        MessageFactory(conversation=conversation, role="user", content=f"{number} a badword")
    started = as_author.post(f"{RULES}{rule.pk}/test/", {"version": str(rule.current_id)})
    back_test = BackTest.objects.get()
    url = f"/admin/moderation/backtest/{back_test.pk}/"
    assert started.headers["Location"] == f"{url}change/"
    waiting = as_author.get(f"{url}change/").content.decode()
    assert "data-open" in waiting
    assert "0 of 3 messages, 0 matched" in waiting
    assert "Compared with" in waiting
    while back_tests.step(back_test.pk):
        pass
    for left in (3, 2, 1):
        page = as_author.get(f"{url}change/?label=1").content.decode()
        assert f"{left} left" in page
        assert "<mark>badword</mark>" in page
        match = BackTestMatch.objects.filter(is_violation=None, pk__in=_named(page)).get()
        as_author.post(f"{url}label/", {"match": str(match.pk), "answer": "1"})
    assert "Everything in the sample has a label" in as_author.get(f"{url}change/").content.decode()
    as_author.post(f"{RULES}{rule.pk}/mode/", {"mode": "flag", "version": str(rule.current_id)})
    rule.refresh_from_db()
    assert rule.mode == "flag"


def _named(page: str) -> list[int]:
    return [
        pk
        for pk in BackTestMatch.objects.values_list("pk", flat=True)
        if f'name="match" value="{pk}"' in page
    ]
