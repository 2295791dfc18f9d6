"""Who gets in, where they sign in, and what the frame of every page holds."""

import contextvars
import re

import pytest
from django.contrib import admin as django_admin
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.core import jobs
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.site import StaffSite
from apps.core.correlation import set_correlation_id
from apps.users.models import User
from tests.admin.conftest import SignIn, Talk
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_the_site_is_ours_and_holds_our_pages_only() -> None:
    assert isinstance(django_admin.site._wrapped, StaffSite)
    subjects = django_admin.site._registry.values()
    assert {type(subject).__mro__.count(StaffModelAdmin) for subject in subjects} == {1}
    assert sorted(model._meta.label for model in django_admin.site._registry) == [
        "audit.AuditEvent",
        "auth.Group",
        "conversations.Conversation",
        "conversations.Feedback",
        "conversations.Message",
        "conversations.Reply",
        "conversations.Share",
        "llm.Assistant",
        "llm.ChatModel",
        "llm.Pause",
        "llm.Price",
        "llm.Provider",
        "llm.Quota",
        "llm.UsageRecord",
        "moderation.AccessGrant",
        "moderation.Appeal",
        "moderation.BackTest",
        "moderation.Case",
        "moderation.Decision",
        "moderation.Enforcement",
        "moderation.Flag",
        "moderation.Notice",
        "moderation.Policy",
        "moderation.Rule",
        "moderation.RuleHit",
        "moderation.Strike",
        "moderation.Threshold",
        "procrastinate.ProcrastinateJob",
        "users.ApiToken",
        "users.Restriction",
        "users.User",
        "webhooks.WebhookDelivery",
        "webhooks.WebhookEndpoint",
    ]


def test_a_stranger_is_sent_to_the_one_sign_in_page_and_back(client: Client) -> None:
    target = reverse("admin:conversations_message_changelist")
    first = client.get(target)
    assert first["Location"] == f"/admin/login/?next={target}"
    second = client.get(first["Location"])
    assert (
        second["Location"]
        == f"{reverse('account_login')}?next=%2Fadmin%2Fconversations%2Fmessage%2F"
    )


def test_sign_in_never_sends_elsewhere(client: Client, as_admin: Client) -> None:
    elsewhere = "/admin/login/?next=https://evil.example/"
    assert client.get(elsewhere)["Location"].endswith("?next=%2Fadmin%2F")
    assert as_admin.get(elsewhere)["Location"] == "/admin/"


def test_a_person_who_is_no_staff_reads_a_sentence_and_no_loop(as_person: Client) -> None:
    response = as_person.get("/admin/", follow=True)
    assert response.redirect_chain == [("/admin/login/?next=/admin/", 302)]
    assert response.status_code == 403
    assert "This part is for staff" in response.content.decode()


@pytest.mark.parametrize("trait", ["suspended", "inactive"])
def test_staff_who_are_kept_out_do_not_get_in(sign_in: SignIn, trait: str) -> None:
    client = sign_in(UserFactory(moderator=True, **{trait: True}))
    assert client.get("/admin/").status_code == 302


def test_the_stock_password_form_and_add_forms_are_closed(as_admin: Client) -> None:
    assert as_admin.get("/admin/password_change/")["Location"] == reverse("account_change_password")
    assert as_admin.get("/admin/users/user/add/").status_code == 403
    assert as_admin.get("/admin/users/")["Location"] == "/admin/"


def test_signing_out_leaves_the_site(as_admin: Client) -> None:
    assert as_admin.post("/admin/logout/").status_code == 302
    assert as_admin.get("/admin/").status_code == 302


def test_the_overview_is_grouped_by_job_for_each_role(
    as_admin: Client, as_moderator: Client, talk: Talk
) -> None:
    def headings(client: Client) -> list[str]:
        return re.findall(r'<h2 id="job-\w+">(\w+)</h2>', client.get("/admin/").content.decode())

    assert headings(as_admin) == [
        *("Moderation", "Review", "People", "Records", "Models", "Audit", "System")
    ]
    assert headings(as_moderator) == [
        *("Moderation", "Review", "People", "Records", "Models", "Audit")
    ]


def test_the_overview_counts_the_moment(as_admin: Client, person: User, talk: Talk) -> None:
    context = as_admin.get("/admin/").context
    assert {figure.label: figure.value for figure in context["figures"]} == {
        "Hidden, 24 hours": "0",
        "Being written": "0",
        "Failed, 24 hours": "0",
        "Kept out": "0",
        "First text, median": "\N{EN DASH}",
        "Jobs waiting": "0",
    }


def test_no_page_of_ours_holds_script_or_handlers_inline(as_admin: Client, talk: Talk) -> None:
    pages = (
        "/admin/",
        "/admin/conversations/message/",
        f"/admin/conversations/conversation/{talk.conversation.pk}/change/",
        f"/admin/conversations/message/{talk.question.pk}/hide/",
    )
    for page in pages:
        response = as_admin.get(page)
        text = response.content.decode()
        assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text) == []
        assert re.findall(r"\son[a-z]+\s*=\s*[\"']", text) == []
        assert "script-src 'self' 'unsafe-eval';" in response["Content-Security-Policy"]


def test_jobs_are_for_admins_only(as_admin: Client, as_moderator: Client) -> None:
    url = reverse("admin:procrastinate_procrastinatejob_changelist")
    assert as_admin.get(url).status_code == 200
    assert as_moderator.get(url).status_code == 403


def test_a_job_shows_what_it_was_given_apart_from_the_request_that_caused_it(
    as_admin: Client,
) -> None:
    def ask() -> None:
        set_correlation_id("of-a-request")
        jobs.defer("tests.look", {"number": 7}, queue="tests")

    contextvars.copy_context().run(ask)
    job = ProcrastinateJob.objects.get(task_name="tests.look")
    name = "admin:procrastinate_procrastinatejob"
    listing = as_admin.get(reverse(f"{name}_changelist")).content.decode()
    assert ("number 7" in listing, "of-a-request" in listing) == (True, False)
    page = as_admin.get(reverse(f"{name}_change", args=[job.pk])).content.decode()
    assert page.count("of-a-request") == 1


def test_the_box_leads_to_rows_by_number_and_to_pages_by_name(
    as_admin: Client, as_moderator: Client, admin: User, talk: Talk
) -> None:
    def found(client: Client, term: str) -> list[str]:
        return re.findall(
            r'href="([^"]+)"', client.get("/admin/search/", {"s": term}).content.decode()
        )

    question, conversation = talk.question.pk, talk.conversation.pk
    assert f"/admin/conversations/message/{question}/change/" in found(as_admin, str(question))
    assert found(as_admin, f"conversation:{conversation}") == [
        f"/admin/conversations/conversation/{conversation}/change/"
    ]
    assert found(as_admin, "mess") == ["/admin/conversations/message/"]
    assert found(as_admin, f"user:{admin.pk}") == [f"/admin/users/user/{admin.pk}/change/"]
    for term in (f"user:{admin.pk}", "jobs", "tokens", "", "user:x"):
        assert found(as_moderator, term) == []
