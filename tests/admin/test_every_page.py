"""Every page of every subject opens, for whom it should, with a bounded number of queries."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from apps.audit import services as audit
from apps.conversations.models import Feedback, Share
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.llm.constants import Period, QuotaKind, QuotaUnit
from apps.llm.models import Assistant, ChatModel, Provider, UsageRecord
from apps.llm.services import pauses, prices
from apps.llm.services.compiling import add_version
from apps.llm.services.prices import PriceRequest
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from apps.moderation.models import BackTest, Rule
from apps.moderation.services.cases import grants
from apps.moderation.services.desk import queue
from apps.users.models import User
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from tests.admin.conftest import make_talk
from tests.factories import ApiTokenFactory, RestrictionFactory, UserFactory
from tests.moderation.factories import make_decided

pytestmark = pytest.mark.django_db

LIST_QUERIES = 12
"""Three of them write down whose messages a list shows, the first time in an hour."""
PAGE_QUERIES = 15
"""One of them counts what is past due, for the menu; it is read again after half a minute."""
FRONT_QUERIES = 20
ADMINS_ONLY = {
    "apitoken",
    "group",
    "pause",
    "price",
    "procrastinatejob",
    "provider",
    "quota",
    "webhookdelivery",
    "webhookendpoint",
}


def subjects() -> Iterator[StaffModelAdmin[Any]]:
    yield from (
        subject
        for subject in django_admin.site._registry.values()
        if isinstance(subject, StaffModelAdmin)
    )


SUBJECTS = {str(subject.opts.model_name): subject for subject in subjects()}


def make_rows(number: int) -> None:
    """Make rows of every kind, each about another person."""
    for _ in range(number):
        owner = UserFactory()
        make_decided(owner)
        talk = make_talk(owner)
        RestrictionFactory(user=owner)
        ApiTokenFactory(user=owner)
        Group.objects.create(name=f"group of {owner.pk}").user_set.add(owner)
        Feedback.objects.create(message=talk.reply.message, rating="bad", reason="Wrong year.")
        Share.objects.create(
            owner=owner,
            conversation=talk.reply.conversation,
            token_hash=f"{talk.reply.pk:064d}",
            message_ids=[talk.reply.pk],
        )
        UsageRecord.objects.create(
            user=owner,
            purpose="reply",
            reference_id=talk.reply.pk,
            model="scripted",
            prompt_tokens=1,
            completion_tokens=1,
            source="reported",
            outcome="complete",
            duration_ms=5,
        )
        make_catalogue()
        price = PriceRequest(model_name="m", input_nano=1, output_nano=2)
        prices.add_price(actor=None, wanted=price)
        limit = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=9)
        set_quota(actor=None, subject=Subject(QuotaKind.PERSON, owner.pk), limit=limit)
        pauses.pause(actor=None, model_name=f"model {owner.pk}", reason="Too dear.")
        rule = Rule.objects.latest("pk")
        BackTest.objects.create(
            version=rule.current, first_message_id=1, last_message_id=9, position=0, total=9
        )
        make_delivery()
        moderators = User.objects.filter(role="moderator").order_by("-pk")
        reader = moderators.filter(duties=[]).first() or moderators[0]
        grants.open_grant(
            actor=reader, conversation_id=talk.conversation.pk, reason="They wrote to us."
        )
        audit.record(actor=owner, action="user.updated", target_type="user", target_id=owner.pk)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'apps.tasks.tidy', 0, "
                "NULL, NULL, '{\"number\": 1}', NULL)::procrastinate_job_to_defer_v1])"
            )


def make_delivery() -> None:
    """Make a webhook that was told something, and did not accept it."""
    now = timezone.now()
    endpoint = WebhookEndpoint.objects.create(
        url="https://receiver.example/", event_types=["user.lifted"], sealed_secret="sealed"
    )
    event = WebhookEvent.objects.create(type="user.lifted", data={"user_id": 1}, created_at=now)
    delivery = WebhookDelivery.objects.create(
        event=event, endpoint=endpoint, state="failed", next_at=now, created_at=now
    )
    delivery.attempts.create(at=now, duration_ms=5, outcome="refused", status=500, response="no")


def make_catalogue() -> None:
    """Put one more provider, model and assistant into the catalogue."""
    number = Provider.objects.count()
    provider = Provider.objects.create(code=f"p{number}", name="P", base_url="http://p.example/v1")
    model = ChatModel.objects.create(provider=provider, code=f"m{number}", name="m", label="M")
    assistant = Assistant.objects.create(name=f"Assistant {number}")
    content = {"model": model.pk, "system_prompt": "Be kind.", "temperature": 0.5}
    assistant.current = add_version(
        assistant=assistant, chat_model=model, content=content, created_by=None
    )
    assistant.save()


def newest(subject: StaffModelAdmin[Any]) -> Model:
    model: type[Model] = subject.model
    rows = model._default_manager.order_by("-pk")
    if model is User:
        rows = rows.filter(role="user")
    row: Model = rows[0]
    return row


def queries_of(client: Client, url: str, status: int = 200) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = client.get(url)
    assert response.status_code == status, url
    return len(queries)


def list_of(name: str) -> str:
    return SUBJECTS[name].list_url()


def test_lists_take_the_same_few_queries_for_one_row_and_for_a_hundred(
    as_admin: Client, as_moderator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "OVERDUE_SECONDS", 3_600)
    clients = {name: as_admin if name in ADMINS_ONLY else as_moderator for name in SUBJECTS}
    make_rows(1)
    for name, client in clients.items():
        client.get(list_of(name))
    few = {name: queries_of(client, list_of(name)) for name, client in clients.items()}
    make_rows(60)
    clients["message"].get(list_of("message"))
    many = {name: queries_of(client, list_of(name)) for name, client in clients.items()}
    assert many == few
    assert {name: count for name, count in many.items() if count > LIST_QUERIES} == {}


@pytest.fixture(scope="module")
def rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Two rows of every kind, for all tests of one subject: each takes back what it does."""
    with django_db_blocker.unblock(), transaction.atomic():
        make_rows(2)
        yield
        transaction.set_rollback(True)


def each_subject(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test for each subject, with its rows there."""
    each = pytest.mark.parametrize("name", sorted(SUBJECTS))
    return pytest.mark.usefixtures("rows")(each(test))


@each_subject
def test_every_filter_and_every_search_key_opens(as_admin: Client, name: str) -> None:
    subject = SUBJECTS[name]
    for chosen in subject.list_filter:
        for value, _ in chosen.options:
            url = f"{subject.list_url()}?{chosen.parameter_name}={value}"
            assert queries_of(as_admin, url) <= LIST_QUERIES
        queries_of(as_admin, f"{subject.list_url()}?{chosen.parameter_name}=nonsense")
    row = newest(subject)
    found = as_admin.get(subject.list_url(str(row.pk))).context["cl"]
    assert [found_row.pk for found_row in found.result_list] == [row.pk]
    for key in subject.search_keys:
        queries_of(as_admin, subject.list_url(f"{key}:{row.pk}"))


@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_the_page_of_a_row_opens_with_few_queries(
    as_admin: Client, as_moderator: Client, name: str
) -> None:
    make_rows(2)
    subject = SUBJECTS[name]
    url = subject.url_of(newest(subject).pk)
    assert queries_of(as_admin, url) <= PAGE_QUERIES
    assert queries_of(as_moderator, url, 403 if name in ADMINS_ONLY else 200) <= PAGE_QUERIES


@each_subject
def test_every_action_that_is_offered_opens_and_writes_nothing(as_admin: Client, name: str) -> None:
    subject = SUBJECTS[name]
    row = newest(subject)
    before = subject.model._default_manager.filter(pk=row.pk).values().get()
    page = as_admin.get(subject.url_of(row.pk))
    for button in page.context["buttons"]:
        queries_of(as_admin, button.url)
    assert subject.model._default_manager.filter(pk=row.pk).values().get() == before


@each_subject
@pytest.mark.parametrize("who", ["as_admin", "as_moderator"])
def test_no_row_is_added_changed_or_removed_by_hand(
    request: pytest.FixtureRequest, name: str, who: str
) -> None:
    client: Client = request.getfixturevalue(who)
    subject = SUBJECTS[name]
    row = newest(subject)
    manager = subject.model._default_manager
    before = list(manager.order_by("pk").values())
    prefix = f"admin:{subject.opts.app_label}_{subject.opts.model_name}"
    fields = {field.name: "1" for field in subject.opts.fields}
    assert client.post(reverse(f"{prefix}_add"), fields).status_code == 403
    assert client.get(reverse(f"{prefix}_delete", args=[row.pk])).status_code == 403
    deleted = client.post(reverse(f"{prefix}_delete", args=[row.pk]), {"post": "yes"})
    assert deleted.status_code == 403
    assert client.post(subject.url_of(row.pk), fields).status_code == 405
    action = {"action": "delete_selected", "_selected_action": [row.pk], "_save": "1"}
    client.post(subject.list_url(), action)
    assert list(manager.order_by("pk").values()) == before


@each_subject
def test_a_person_who_is_no_staff_opens_nothing(as_person: Client, name: str) -> None:
    subject = SUBJECTS[name]
    row = newest(subject)
    prefix = f"admin:{subject.opts.app_label}_{subject.opts.model_name}"
    actions = [subject.url_of(row.pk, action.name) for action in subject.row_actions()]
    urls = [subject.list_url(), reverse(f"{prefix}_add"), subject.url_of(row.pk), *actions]
    for url in urls:
        response = as_person.get(url)
        assert (response.status_code, response["Location"][:13]) == (302, "/admin/login/")


def test_the_overview_takes_a_bounded_number_of_queries(
    as_admin: Client, as_moderator: Client
) -> None:
    make_rows(1)
    as_admin.get("/admin/")
    few = queries_of(as_admin, "/admin/")
    make_rows(20)
    assert queries_of(as_admin, "/admin/") == few <= FRONT_QUERIES
    assert queries_of(as_moderator, "/admin/") <= FRONT_QUERIES


def test_the_overview_leads_nobody_to_a_page_that_refuses_them(as_moderator: Client) -> None:
    make_rows(1)
    page = as_moderator.get("/admin/").content.decode()
    links = set(re.findall(r'href="(/admin/[^"?]+)"', page.partition('class="staff-front"')[2]))
    assert len(links) > 10
    answers = {link: as_moderator.get(link).status_code for link in links}
    assert {link: status for link, status in answers.items() if status not in (200, 302)} == {}


def test_staff_without_a_single_right_see_an_empty_overview(
    sign_in: Callable[[User], Client], moderator: User
) -> None:
    moderator.groups.clear()
    text = sign_in(moderator).get("/admin/").content.decode()
    assert "Your role opens nothing here yet. Ask an admin." in text
