"""Pages tell days and times by their reader's clock, which a cookie of the page's script names."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as configuration
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.constants import ExportState
from apps.accounts.models import DataExport
from apps.conversations.models import Conversation
from apps.core import db, languages, zones
from apps.core.middleware import ZoneMiddleware
from apps.moderation.constants import EnforcementKind
from apps.moderation.models import Notice
from apps.users.models import User
from tests.factories import PASSWORD, ConversationFactory, UserFactory
from tests.moderation.test_notices import decide

pytestmark = pytest.mark.django_db

ORGANISATION = "Asia/Kathmandu"
NIGHT = datetime(2026, 7, 15, 22, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def organisation(settings: Settings) -> None:
    settings.USAGE_TIME_ZONE = ORGANISATION


def reader(user: User, zone: str) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies[zones.ZONE_COOKIE] = zone
    return client


def write_around_midnight(user: User, zone: str) -> None:
    """Leave a conversation of the last second of yesterday, and one of the first of today."""
    midnight = datetime.now(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    for moment in (midnight - timedelta(seconds=1), midnight):
        row = ConversationFactory(owner=user)
        Conversation.objects.filter(pk=row.pk).update(last_message_at=moment)


def groups_of(client: Client) -> list[str]:
    return [group.label for group in client.get("/").context["sidebar_groups"]]


@pytest.mark.parametrize("zone", ["Europe/Oslo", "Asia/Calcutta", "America/St_Johns"])
def test_conversations_are_grouped_by_the_days_of_their_reader(zone: str) -> None:
    user = UserFactory()
    write_around_midnight(user, zone)
    assert groups_of(reader(user, zone)) == ["Today", "Yesterday"]


@pytest.mark.parametrize(
    "cookie",
    ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "europe/oslo", "\u00e5", "A" * 999],
)
def test_a_zone_that_nobody_knows_is_the_organisations(cookie: str) -> None:
    user = UserFactory()
    write_around_midnight(user, ORGANISATION)
    assert groups_of(reader(user, cookie)) == ["Today", "Yesterday"]


def test_a_moment_names_the_clock_that_it_is_told_by() -> None:
    with timezone.override("Europe/Oslo"):
        assert zones.moment(NIGHT) == "16 July 2026, 00:30 CEST"
        assert zones.short_moment(NIGHT) == "16 Jul 2026, 00:30 CEST"
        with languages.speaking("de"):
            assert zones.moment(NIGHT) == "16. Juli 2026, 00:30 CEST"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("UTC", "22:30 UTC"),
        ("Asia/Kathmandu", "04:15 UTC+05:45"),
        ("America/Sao_Paulo", "19:30 UTC-03"),
        ("Asia/Tokyo", "07:30 JST"),
    ],
)
def test_a_zone_without_letters_says_how_far_it_is_from_utc(zone: str, shown: str) -> None:
    with timezone.override(zone):
        assert zones.moment(NIGHT).endswith(f", {shown}")


def test_sessions_are_listed_by_the_clock_of_who_reads_them() -> None:
    client = Client()
    client.cookies[zones.ZONE_COOKIE] = "Asia/Tokyo"
    client.post("/accounts/login/", {"login": UserFactory().email, "password": PASSWORD})
    page = client.get("/settings/sessions/").text
    assert re.search(r">\d+ \w+ 20\d\d, \d\d:\d\d JST</time>", page)
    assert " UTC</time>" not in page


@pytest.mark.parametrize(
    ("language", "listed", "told"),
    [
        ("en", "16 Jul 2026, 07:30 JST", "16 July 2100, 07:30 JST"),
        ("de", "16. Jul 2026, 07:30 JST", "16. Juli 2100, 07:30 JST"),
    ],
)
def test_notices_and_a_ready_export_are_told_by_the_clock_and_in_the_words_of_who_reads_them(
    language: str, listed: str, told: str
) -> None:
    user = UserFactory(language=language)
    notice = decide(EnforcementKind.HIDE_MESSAGE, person=user)
    Notice.objects.filter(pk=notice.pk).update(created_at=NIGHT)
    DataExport.objects.create(
        user=user, state=ExportState.READY, size=1, expires_at=NIGHT.replace(year=2100)
    )
    client = reader(user, "Asia/Tokyo")
    client.cookies[configuration.LANGUAGE_COOKIE_NAME] = language
    assert f">{listed}</time>" in client.get("/settings/notices/").text
    assert f">{told}</time>" in client.get("/settings/data/").text


async def test_a_service_in_a_database_thread_keeps_the_same_clock(settings: Settings) -> None:
    settings.DATABASE_THREADS = 2
    with timezone.override("Asia/Tokyo"):
        assert await db.call(timezone.get_current_timezone_name) == "Asia/Tokyo"
    assert await db.call(timezone.get_current_timezone_name) == "UTC"


async def test_the_zone_of_a_request_ends_with_it() -> None:
    client = AsyncClient()
    client.cookies[zones.ZONE_COOKIE] = "Asia/Tokyo"
    await client.get("/accounts/login/")
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.parametrize(
    ("path", "zone"),
    [("/", "Asia/Tokyo"), ("/admin/", "UTC"), ("/api/v1/users/me", "UTC"), ("/openai/v1", "UTC")],
)
def test_staff_pages_and_programs_stay_in_utc(path: str, zone: str) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(timezone.get_current_timezone_name())

    request = RequestFactory().get(path)
    request.COOKIES[zones.ZONE_COOKIE] = "Asia/Tokyo"
    answer = ZoneMiddleware(view)(request)
    assert isinstance(answer, HttpResponse)
    assert answer.text == zone
    assert timezone.get_current_timezone_name() == "UTC"
