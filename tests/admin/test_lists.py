"""Lists stay fast on ten million rows: what they count, how far they go, what they refuse."""

from collections.abc import Callable

import pytest
from django.contrib import admin as django_admin
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from apps.audit.models import AuditEvent
from apps.conversations.models import Message
from apps.core.admin_kit import lists
from apps.core.admin_kit.limits import limit_statements, with_statement_timeout
from apps.core.admin_kit.lists import BoundedPaginator, estimate_rows, round_number
from apps.moderation.models import Case
from apps.users.models import User
from tests.admin.conftest import Talk
from tests.factories import ConversationFactory, UserFactory

pytestmark = pytest.mark.django_db

MESSAGES = "/admin/conversations/message/"


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of two pages of fifty rows."""
    monkeypatch.setattr(lists, "MAX_PAGES", 2)


@pytest.fixture
def many_messages(person: User) -> list[int]:
    conversation = ConversationFactory(owner=person)
    made = Message.objects.bulk_create(
        Message(conversation=conversation, role="user", author=person, content=f"Number {n}")
        for n in range(130)
    )
    return [message.pk for message in made]


def analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE conversations_message")


def shown(client: Client, url: str) -> list[int]:
    return [row.pk for row in client.get(url).context["cl"].result_list]


def test_rows_are_counted_exactly_while_they_are_few(many_messages: list[int]) -> None:
    pages = BoundedPaginator(Message.objects.order_by("-pk"), 50)
    assert (pages.count, pages.num_pages, pages.is_capped, pages.total) == (130, 3, False, "130")


def test_more_rows_than_the_pages_show_are_estimated(
    small_pages: None, many_messages: list[int]
) -> None:
    analyse()
    pages = BoundedPaginator(Message.objects.order_by("-pk"), 50)
    assert estimate_rows(Message) == 130
    assert (pages.count, pages.num_pages, pages.is_capped) == (100, 2, True)
    assert pages.total == "about 130"
    some = BoundedPaginator(Message.objects.filter(role="user").order_by("-pk"), 50)
    assert some.total == "more than 100"


def test_counting_stops_at_the_cap(small_pages: None, many_messages: list[int]) -> None:
    pages = BoundedPaginator(Message.objects.filter(role="user").order_by("-pk"), 50)
    assert pages.found == 101


@pytest.mark.parametrize(
    ("number", "words"),
    [(130, "130"), (12_300, "12 thousand"), (10_012_345, "10.0 million")],
)
def test_large_numbers_are_said_as_a_person_says_them(number: int, words: str) -> None:
    assert round_number(number) == words


def test_the_last_page_goes_on_below_its_last_row(
    as_admin: Client, small_pages: None, many_messages: list[int]
) -> None:
    newest_first = many_messages[::-1]
    assert shown(as_admin, f"{MESSAGES}?p=2") == newest_first[50:100]
    response = as_admin.get(f"{MESSAGES}?p=2")
    link = response.context["cl"].continuation
    assert link == f"?before={newest_first[99]}"
    assert "Go on with older rows" in response.content.decode()
    assert shown(as_admin, MESSAGES + link) == newest_first[100:]


def test_no_page_lies_behind_the_last(
    as_admin: Client, small_pages: None, many_messages: list[int]
) -> None:
    response = as_admin.get(f"{MESSAGES}?p=99999")
    assert (response.status_code, response["Location"]) == (302, f"{MESSAGES}?e=1")


def test_a_list_sorts_by_nothing_but_the_number(as_admin: Client, many_messages: list[int]) -> None:
    for column in range(8):
        assert shown(as_admin, f"{MESSAGES}?o={column}") == many_messages[::-1][:50]
    assert shown(as_admin, f"{MESSAGES}?all=") == many_messages[::-1][:50]


@pytest.mark.parametrize(
    "term", ["hello", "content:1", "user:x", "user:", "%", "'; --", "user:1 2"]
)
def test_a_search_that_would_scan_is_refused_with_advice(
    as_admin: Client, talk: Talk, term: str
) -> None:
    response = as_admin.get(MESSAGES, {"q": term})
    assert list(response.context["cl"].result_list) == []
    assert "was not searched" in response.content.decode()
    assert "Search by number" in response.content.decode()


def test_words_are_found_in_one_conversation_and_only_where_it_may_be_read(
    as_moderator: Client, moderator: User, talk: Talk
) -> None:
    words = f"{MESSAGES}?q=conversation:{talk.conversation.pk}%20FLOUR"
    assert shown(as_moderator, words) == [talk.answer.pk]
    Case.objects.all().delete()
    asked = as_moderator.get(words)
    assert asked["Location"].startswith(
        f"/admin/conversations/conversation/{talk.conversation.pk}/read/?next="
    )
    again = as_moderator.post(asked["Location"], {"reason": "A report by phone.", "next": words})
    assert again["Location"] == words
    before = AuditEvent.objects.filter(action="conversation.read").count()
    assert shown(as_moderator, words) == [talk.answer.pk]
    read = AuditEvent.objects.filter(action="conversation.read", actor=moderator)
    assert read.count() == before + 1
    elsewhere = as_moderator.get(f"{MESSAGES}?q=flour").content.decode()
    assert "“flour” was not searched" in elsewhere
    assert "What people write is private" in elsewhere
    assert "No row fits" not in elsewhere


def test_search_finds_by_number_conversation_and_person(as_admin: Client, talk: Talk) -> None:
    both = [talk.answer.pk, talk.question.pk]
    assert shown(as_admin, f"{MESSAGES}?q={talk.question.pk}") == [talk.question.pk]
    assert shown(as_admin, f"{MESSAGES}?q=%23{talk.question.pk}") == [talk.question.pk]
    assert shown(as_admin, f"{MESSAGES}?q=conversation:{talk.conversation.pk}") == both
    assert shown(as_admin, f"{MESSAGES}?q=User:{talk.conversation.owner_id}") == both
    assert shown(as_admin, f"{MESSAGES}?q=user:{talk.conversation.owner_id + 1}") == []
    assert shown(as_admin, f"{MESSAGES}?q={'9' * 18}") == []


@pytest.mark.parametrize(
    "query",
    [
        "content__contains=bread",
        "content__regex=.*",
        "conversation__owner__password__startswith=p",
        "id__gt=0",
        "_to_field=client_id",
    ],
)
def test_no_column_is_filtered_by_that_was_not_declared(as_admin: Client, query: str) -> None:
    assert as_admin.get(f"{MESSAGES}?{query}").status_code == 400


@pytest.mark.parametrize("model", sorted(django_admin.site._registry, key=str))
def test_no_subject_has_what_reads_whole_tables(model: type) -> None:
    subject = django_admin.site._registry[model]
    assert subject.show_full_result_count is False
    assert subject.date_hierarchy is None
    assert subject.list_editable == ()
    assert tuple(subject.sortable_by) == ()
    assert subject.list_max_show_all == 0
    assert subject.list_disable_select_all is True
    assert subject.show_facets.value == "NEVER"
    assert list(subject.ordering) in (["-id"], ["-pk"])
    assert issubclass(subject.paginator, BoundedPaginator)


def slow(request: HttpRequest) -> HttpResponse:
    limit_statements(20)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    return HttpResponse()


def test_a_page_that_takes_too_long_is_stopped_and_says_so(rf: RequestFactory) -> None:
    UserFactory()
    request = rf.get("/admin/conversations/message/")
    response = with_statement_timeout(slow)(request)
    assert response.status_code == 503
    assert "This took too long" in response.content.decode()
    assert User.objects.count() == 1


def test_the_limit_stays_with_the_page(rf: RequestFactory) -> None:
    seen: list[str] = []

    def look(request: HttpRequest) -> HttpResponse:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            seen.append(cursor.fetchone()[0])
        return HttpResponse()

    limited: Callable[..., HttpResponse] = with_statement_timeout(look)
    limited(rf.get("/"))
    assert seen == ["5s"]
