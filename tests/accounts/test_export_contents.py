"""What an export says and in whose language, and that nothing that names a person is forgotten."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from apps.moderation.services.cases import reports
from apps.users.models import User
from apps.users.services import preferences
from tests.accounts.conftest import archive_of, body_of, read, written
from tests.factories import ConversationFactory, MessageFactory

pytestmark = pytest.mark.django_db
EXPORTED = {
    "account.EmailAddress.user": "account.json",
    "mfa.Authenticator.user": "account.json",
    "usersessions.UserSession.user": "account.json",
    "users.Restriction.user": "account.json",
    "users.ApiToken.user": "tokens.json",
    "llm.Quota.user": "tokens.json",
    "llm.UsageRecord.user": "usage.json",
    "conversations.Conversation.owner": "conversations/",
    "conversations.Message.author": "conversations/",
    "conversations.Share.owner": "shares.json",
    "moderation.Flag.reporter": "reports.json",
    "moderation.Notice.subject": "notices.json",
    "moderation.Appeal.subject": "notices.json",
    "moderation.AccessGrant.subject": "readings.json",
}
WORK = "what staff did in their work: it is the organisation's"
RECORD = "the organisation's own record of decisions; its subject has the notices of them"
KEPT_OUT = {
    **dict.fromkeys(
        [
            "admin.LogEntry.user",
            "audit.AuditEvent.actor",
            "webhooks.WebhookEndpoint.created_by",
            "users.Restriction.created_by",
            "users.Restriction.lifted_by",
            "llm.AssistantVersion.created_by",
            "llm.Price.created_by",
            "llm.Pause.started_by",
            "llm.Pause.lifted_by",
            "llm.Quota.created_by",
            "moderation.PolicyVersion.created_by",
            "moderation.Rule.owner",
            "moderation.RuleVersion.created_by",
            "moderation.BackTest.created_by",
            "moderation.BackTestMatch.labelled_by",
            "moderation.Case.claimed_by",
            "moderation.Note.author",
            "moderation.SavedView.owner",
            "moderation.AccessGrant.reader",
            "moderation.AccessGrant.revoked_by",
            "moderation.StaffPreference.user",
            "moderation.Decision.actor",
            "moderation.Appeal.reviewer",
        ],
        WORK,
    ),
    **dict.fromkeys(
        [
            "moderation.RuleHit.subject",
            "moderation.Case.subject",
            "moderation.CaseSnapshot.subject",
            "moderation.Enforcement.subject",
            "moderation.Strike.subject",
        ],
        RECORD,
    ),
    "moderation.RuleDayPerson.person": "a figure that is added up from hits",
    "llm.UsageDay.user": "a sum of usage.json",
    "llm.UsageWeek.user": "a sum of usage.json",
    "accounts.DataExport.user": "the export itself",
}


def test_it_holds_own_reports_and_what_was_sent_beside_a_message(person: User) -> None:
    conversation = ConversationFactory(owner=person)
    beside = {
        "context": [{"title": "Manual", "text": "Water it."}],
        "metadata": {"ticket": "T-1"},
        "prompt": {"messages": [], "parameters": {}},
    }
    shown = MessageFactory(conversation=conversation, content="Bad", **beside)
    hidden = {"hidden": True, "hidden_reason": "Insult."}
    MessageFactory(conversation=conversation, content="SECRET", **hidden, **beside)
    MessageFactory(conversation=conversation, redacted_at=timezone.now(), **beside)
    reports.report_message(actor=person, message_id=shown.pk, reason="wrong", comment="Not so.")
    export = written(person)
    [report] = read(export, "reports.json")
    assert (report["message_id"], report["reason"], report["comment"], report["outcome"]) == (
        shown.pk,
        "wrong",
        "Not so.",
        "pending",
    )
    messages = read(export, f"conversations/{conversation.pk}.json")["messages"]
    fields = ("context", "metadata", "prompt")
    assert [{name: one[name] for name in fields} for one in messages] == [
        beside,
        dict.fromkeys(fields),
        {**beside, "prompt": None},
    ]


def test_it_speaks_the_language_of_its_owner(person: User) -> None:
    preferences.set_language(actor=person, language="de")
    conversation = ConversationFactory(owner=person, title="")
    MessageFactory(conversation=conversation, hidden=True, hidden_reason="Insult.")
    archive = archive_of(written(person))
    assert "Alles, was Ihnen hier gehört" in archive.read("README.txt").decode()
    page = archive.read(f"conversations/{conversation.pk}.md").decode()
    assert "# Neue Unterhaltung" in page
    assert "## Sie, " in page
    assert "Grund: Insult." in page
    [message] = json.loads(archive.read(f"conversations/{conversation.pk}.json"))["messages"]
    assert "Grund: Insult." in message["notice"]


def test_what_names_a_person_is_in_their_export_or_kept_out_for_a_reason(person: User) -> None:
    naming = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.related_model is User
    }
    assert naming == EXPORTED.keys() | KEPT_OUT.keys()
    ConversationFactory(owner=person)
    names = archive_of(written(person)).namelist()
    assert all(any(name.startswith(file) for name in names) for file in EXPORTED.values())


def test_a_conversation_is_written_in_the_language_of_the_page_that_asked(person: User) -> None:
    conversation = ConversationFactory(owner=person, title="")
    MessageFactory(conversation=conversation)
    client = Client(headers={"Accept-Language": "de"})
    client.force_login(person)
    page = body_of(client.get(f"/c/{conversation.pk}/export/markdown/")).decode()
    assert page.startswith("# Neue Unterhaltung")
    assert "## Sie, " in page
