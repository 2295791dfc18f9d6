"""The dashboard: for whom it opens, what it costs, and the files behind its figures."""

import csv
import io
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.audit.models import AuditEvent
from apps.core.admin_kit import limits
from apps.moderation.constants import RuleMode
from apps.moderation.models import RuleHit
from apps.users.models import User
from tests.admin.conftest import SignIn
from tests.moderation.factories import claimed_case, make_case, make_policy, make_rule, make_staff

pytestmark = pytest.mark.django_db

HOME = "/admin/moderation/dashboard/"
PAGES = (HOME, f"{HOME}decisions/", f"{HOME}rules/", f"{HOME}care/")
MOST_QUERIES = 14


@pytest.fixture
def lead() -> User:
    return make_staff("lead")


@pytest.fixture
def as_lead(lead: User, sign_in: SignIn) -> Client:
    return sign_in(lead)


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_leads_and_auditors_open_it_and_other_staff_read_why_not(
    as_lead: Client, as_moderator: Client, sign_in: SignIn, page: str
) -> None:
    text_of(as_lead, page)
    text_of(sign_in(make_staff("auditor")), page)
    refused = as_moderator.get(page)
    assert refused.status_code == 403
    assert "This page is not for you" in refused.content.decode()


def test_strangers_and_people_who_are_no_staff_are_sent_to_sign_in(
    client: Client, as_person: Client
) -> None:
    for browser in (client, as_person):
        assert browser.get(HOME)["Location"].startswith("/admin/login/")


def test_the_menu_leads_there_for_those_who_may(as_lead: Client, as_moderator: Client) -> None:
    assert f'href="{HOME}"' in text_of(as_lead, "/admin/")
    assert HOME not in text_of(as_moderator, "/admin/")
    assert HOME in text_of(as_lead, "/admin/search/?s=dashb")


def test_unknown_pages_figures_and_rules_are_not_there(as_lead: Client) -> None:
    for url in ("nowhere/", "rules/999/", "queue/nothing.csv", "nowhere/flow.csv", "rules/9/x.csv"):
        assert as_lead.get(HOME + url).status_code == 404, url


def test_nothing_can_be_sent_to_it(as_lead: Client) -> None:
    assert as_lead.post(HOME).status_code == 405


@pytest.mark.parametrize("page", PAGES)
def test_a_page_takes_few_queries_and_hardly_any_within_the_next_minute(
    as_lead: Client, lead: User, page: str
) -> None:
    claimed_case(make_staff())
    make_rule()
    as_lead.get("/admin/")
    with CaptureQueriesContext(connection) as first:
        text_of(as_lead, page)
    assert len(first) <= MOST_QUERIES, [query["sql"][:80] for query in first]
    with CaptureQueriesContext(connection) as again:
        text_of(as_lead, page)
    assert len(again) <= 6


def test_the_period_is_in_the_address_and_kept_by_every_link(as_lead: Client) -> None:
    text = text_of(as_lead, f"{HOME}decisions/?days=90")
    assert f'<a href="{HOME}decisions/?days=90" aria-current="true">90 days</a>' in text
    assert f'href="{HOME}rules/?days=90"' in text
    other = text_of(as_lead, f"{HOME}decisions/?days=12x")
    assert 'aria-current="true">30 days</a>' in other


def test_figures_of_nothing_say_so_in_words(as_lead: Client) -> None:
    text = text_of(as_lead, HOME)
    assert "Nothing waits. The queue is empty." in text
    assert "<svg" not in text.split('class="dashboard-figures"')[1].split("</main>")[0]


def test_every_figure_has_a_name_a_meaning_a_table_and_a_file(as_lead: Client) -> None:
    make_case()
    text = text_of(as_lead, HOME)
    names = r'<svg class="plot-svg [^"]*" role="img" aria-labelledby="([\w-]+)'
    assert re.findall(names, text) == [
        "queue-age-title",
        "backlog-title",
        "flow-title",
        "sources-title",
    ]
    assert text.count("<summary>Show as a table</summary>") == 4
    assert text.count("figure-meaning") == 6
    assert f'href="{HOME}queue/flow.csv?days=30"' in text


def test_no_markup_of_a_figure_is_script_style_or_handler(as_lead: Client) -> None:
    rule = make_rule(name="<img src=x onerror=alert(1)>", mode=RuleMode.FLAG)
    RuleHit.objects.create(
        rule=rule, version=rule.current, mode="flag", outcome="recorded", stage="stream"
    )
    for page in (*PAGES, f"{HOME}rules/{rule.pk}/"):
        text = text_of(as_lead, page)
        assert "<img src=x" not in text
        assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text) == []
        assert re.findall(r"\son[a-z]+\s*=\s*[\"']", text) == []
        assert ' style="' not in text.split('class="dashboard"')[1]


def test_a_rule_has_its_scorecard_and_the_list_leads_there(as_lead: Client) -> None:
    rule = make_rule(name="Bad words")
    url = f"{HOME}rules/{rule.pk}/"
    assert f'href="{url}?days=30"' in text_of(as_lead, f"{HOME}rules/")
    text = text_of(as_lead, url)
    assert "Bad words</h1>" in text
    assert "It found nothing in this period." in text


def rows_of(client: Client, url: str) -> list[list[str]]:
    response = client.get(url)
    assert response.status_code == 200
    assert response.streaming
    text = b"".join(response).decode("utf-8-sig")  # type: ignore[arg-type]
    return list(csv.reader(io.StringIO(text)))


def test_a_file_holds_the_numbers_and_its_download_is_noted(as_lead: Client, lead: User) -> None:
    make_case()
    rows = rows_of(as_lead, f"{HOME}queue/flow.csv?days=7")
    assert rows[0] == ["Day", "Opened", "Of these again", "Closed", "Difference"]
    assert len(rows) == 8
    assert rows[-1][1:] == ["1", "0", "0", "1"]
    event = AuditEvent.objects.get(action="metrics.exported")
    assert (event.actor_id, event.data) == (lead.pk, {"figure": "flow", "days": 7, "rows": 7})


def test_no_cell_of_a_file_is_a_formula(as_lead: Client) -> None:
    rule = make_rule(name="=HYPERLINK(1)")
    rows = rows_of(as_lead, f"{HOME}rules/cost.csv")
    assert rows[1][0] == "'=HYPERLINK(1)"
    assert rows_of(as_lead, f"{HOME}rules/{rule.pk}/versions.csv")[0][0] == "Version"


def test_whoever_sees_figures_and_may_not_export_gets_no_file(
    sign_in: SignIn, as_moderator: Client
) -> None:
    watcher = make_staff()
    make_case()
    allow(watcher, "view_metrics")
    client = sign_in(watcher)
    assert ".csv" not in text_of(client, HOME)
    for browser in (client, as_moderator):
        assert browser.get(f"{HOME}queue/flow.csv").status_code == 403
    assert not AuditEvent.objects.filter(action="metrics.exported").exists()


def allow(person: User, codename: str) -> None:
    from django.contrib.auth.models import Permission

    person.user_permissions.add(Permission.objects.get(codename=codename))


def test_figures_that_take_too_long_are_answered_by_the_page_that_says_so(
    as_lead: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_policy()
    monkeypatch.setattr(limits, "STATEMENT_TIMEOUT_MS", 1)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE slow AS SELECT g FROM generate_series(1, 300000) g")
        cursor.execute(
            "CREATE TEMP VIEW moderation_case AS SELECT c.* FROM public.moderation_case c, "
            "(SELECT count(*) FROM slow a JOIN slow b ON a.g % 9973 = b.g % 9973) s"
        )
    response = as_lead.get(HOME)
    assert response.status_code == 503
    assert "This took too long" in response.content.decode()
