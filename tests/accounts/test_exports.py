"""An export of everything: what is in it, who gets it, when it goes, and what it costs."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from apps.accounts.errors import ExportInProgressError
from apps.accounts.models import DataExport, ExportChunk
from apps.accounts.services import archives, exports, writing
from apps.audit.models import AuditEvent
from apps.conversations.constants import ReplyState
from apps.conversations.models import Conversation, Feedback, Message
from apps.core.errors import RateLimitedError
from apps.llm.models import UsageRecord
from apps.moderation.services.cases import grants
from apps.users.models import User
from tests.accounts.conftest import archive_of, asked, body_of, confirmed, read, written
from tests.factories import (
    PASSWORD,
    ApiTokenFactory,
    ConversationFactory,
    MessageFactory,
    ReplyFactory,
    RestrictionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def conversation_of(person: User) -> Conversation:
    """Return one with two versions of a question, a hidden message and a withheld answer."""
    conversation: Conversation = ConversationFactory(owner=person, title="Garden")
    MessageFactory(conversation=conversation, content="The first version", is_current=False)
    question = MessageFactory(conversation=conversation, content="The second version")
    answer = MessageFactory(conversation=conversation, parent=question, assistant=True)
    ReplyFactory(message=answer)
    Feedback.objects.create(message=answer, rating="good", reason="Clear.")
    MessageFactory(
        conversation=conversation, content="SECRET hidden", hidden=True, hidden_reason="Insult."
    )
    kept_back = MessageFactory(conversation=conversation, assistant=True, content="")
    ReplyFactory(message=kept_back, state=ReplyState.WITHHELD)
    return conversation


def test_it_holds_every_branch_and_what_is_shown_and_no_hidden_text(person: User) -> None:
    number = conversation_of(person).pk
    export = written(person)
    messages = read(export, f"conversations/{number}.json")["messages"]
    assert [one["content"] for one in messages] == [
        "The first version",
        "The second version",
        "An answer.",
        "",
        "",
    ]
    assert messages[3]["notice"].endswith("Reason: Insult.")
    shown = archive_of(export).read(f"conversations/{number}.md").decode()
    assert "The second version" in shown
    assert "The first version" not in shown
    whole = b"".join(archive_of(export).read(name) for name in archive_of(export).namelist())
    assert b"SECRET" not in whole


def test_it_holds_everything_else_without_a_secret(person: User) -> None:
    conversation = conversation_of(person)
    token = ApiTokenFactory(user=person, name="Report")
    RestrictionFactory(user=person, kind="warning", reason="For staff", reason_for_user="For you")
    reader = UserFactory(moderator=True, name="Mo")
    grant = grants.open_grant(
        actor=reader, conversation_id=conversation.pk, reason="Support asked."
    )
    UsageRecord.objects.create(
        user=person,
        purpose="reply",
        reference_id=1,
        model="scripted",
        prompt_tokens=3,
        completion_tokens=4,
        source="reported",
        outcome="complete",
        duration_ms=5,
    )
    export = written(person)
    assert sorted(set(archive_of(export).namelist())) == sorted(
        [
            "README.txt",
            "account.json",
            f"conversations/{conversation.pk}.json",
            f"conversations/{conversation.pk}.md",
            "feedback.json",
            "notices.json",
            "readings.json",
            "reports.json",
            "shares.json",
            "tokens.json",
            "usage.json",
        ]
    )
    account = read(export, "account.json")
    assert (account["email"], account["name"]) == ("uma@example.com", "Uma")
    assert [one["reason"] for one in account["restrictions"]] == ["For you"]
    assert read(export, "feedback.json")[0]["reason"] == "Clear."
    assert [one["reason"] for one in read(export, "readings.json")] == [grant.reason]
    assert read(export, "usage.json")[0]["completion_tokens"] == 4
    assert read(export, "tokens.json")[0]["begins_with"] == token.hint
    assert read(export, "notices.json") == []
    whole = b"".join(archive_of(export).read(name) for name in archive_of(export).namelist())
    for secret in (token.secret, token.token_hash, person.password, "For staff"):
        assert secret.encode() not in whole


def test_it_holds_what_can_still_be_had_back_and_nothing_of_others(person: User) -> None:
    own = ConversationFactory(owner=person, deleted_at=timezone.now())
    MessageFactory(conversation=own, content="Deleted yesterday")
    gone = ConversationFactory(owner=person, deleted_at=timezone.now() - timedelta(days=60))
    other = ConversationFactory()
    names = archive_of(written(person)).namelist()
    assert f"conversations/{own.pk}.json" in names
    assert f"conversations/{gone.pk}.json" not in names
    assert f"conversations/{other.pk}.json" not in names


def test_asking_queues_one_job_and_is_noted(person: User) -> None:
    export = asked(person)
    job = ProcrastinateJob.objects.get(task_name=exports.TASK)
    assert job.args["export_id"] == export.pk
    with pytest.raises(ExportInProgressError):
        asked(person)
    assert list(AuditEvent.objects.values_list("action", flat=True)) == ["export.requested"]


def test_a_new_one_takes_the_place_of_the_former(person: User) -> None:
    former = written(person)
    written(person)
    assert not DataExport.objects.filter(pk=former.pk).exists()
    assert not ExportChunk.objects.filter(export=former.pk).exists()


def test_asking_too_often_is_refused(person: User, settings: Settings) -> None:
    settings.RATE_LIMIT_EXPORT = "1/day"
    written(person)
    with pytest.raises(RateLimitedError):
        asked(person)


def test_it_is_downloaded_after_the_password_by_its_owner_alone(person: User) -> None:
    conversation_of(person)
    export = written(person)
    unsure = Client()
    unsure.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    refused = unsure.get("/settings/data/download/")
    assert refused["Location"] == "/settings/data/?download=now"
    asking = unsure.get(refused["Location"])
    assert asking["Location"].startswith("/accounts/reauthenticate/?next=%2Fsettings%2Fdata%2F%3F")
    begins = 'http-equiv="refresh" content="0; url=/settings/data/download/"'
    assert begins not in unsure.get("/settings/data/").text
    assert begins in confirmed(person).get(refused["Location"]).text
    response = confirmed(person).get("/settings/data/download/")
    body = body_of(response)
    assert (len(body), response["Content-Type"]) == (export.size, "application/zip")
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Length"] == str(export.size)
    assert AuditEvent.objects.filter(action="export.downloaded", target_id=export.pk).exists()
    other = confirmed(UserFactory()).get("/settings/data/download/")
    assert other["Location"] == "/settings/data/"


def test_a_download_whose_archive_is_replaced_meanwhile_breaks_off_and_is_never_whole(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "CHUNK_BYTES", 300)
    conversation_of(person)
    export = written(person)
    assert export.size > 300

    async def replaced_meanwhile() -> bytes:
        made = await exports.download(actor=person)
        got = await anext(made.pieces)
        await exports.request_export(actor=person)
        with pytest.raises(archives.ArchiveLostError):
            got += b"".join([piece async for piece in made.pieces])
        return got

    assert len(async_to_sync(replaced_meanwhile)()) == 300


def test_it_is_kept_for_some_days_and_then_removed(person: User, settings: Settings) -> None:
    settings.EXPORT_KEEP_DAYS = 3
    export = written(person)
    assert export.expires_at is not None
    just_before = export.expires_at - timedelta(seconds=1)
    assert exports.purge_some(now=just_before) == 0
    assert exports.find_export(viewer=person, now=just_before) == export
    assert exports.find_export(viewer=person, now=export.expires_at) is None
    assert exports.purge_some(now=export.expires_at) == 1
    assert not ExportChunk.objects.exists()


def test_a_worker_that_was_lost_is_followed_by_another_and_writes_nothing_more(
    person: User,
) -> None:
    export = asked(person)
    lost = exports.take(export_id=export.pk)
    assert lost is not None
    archive = archives.Archive(lost)
    later = timezone.now() + timedelta(minutes=16)
    assert exports.requeue_lost(now=later) == 1
    async_to_sync(writing.write_export)(export_id=export.pk)
    export.refresh_from_db()
    archive.add("late.txt", [b"late"])
    with pytest.raises(archives.ArchiveLostError):
        archive.close()
    assert archive_of(export).testzip() is None


def test_one_that_cannot_be_written_fails_and_another_may_follow(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("apps.accounts.services.belongings.FILES", None)
        failed = written(person)
    assert failed.state == "failed"
    assert not ExportChunk.objects.exists()
    assert "could not be written" in confirmed(person).get("/settings/data/").content.decode()
    assert written(person).state == "ready"


def test_the_page_tells_how_far_it_is(person: User) -> None:
    client = confirmed(person)
    client.post("/settings/data/export/")
    assert "waits for its turn" in client.get("/settings/data/").content.decode()
    DataExport.objects.update(state="running", conversations_done=3, conversations_total=8)
    part = client.get("/settings/data/", headers={"accept": "application/vnd.parley.part"})
    assert "3 of 8 conversations" in part.content.decode()
    assert "<html" not in part.content.decode()


def test_ten_thousand_messages_take_little_memory(person: User) -> None:
    conversation = ConversationFactory(owner=person)
    line = "A sentence of an answer that somebody once read with care. "
    Message.objects.bulk_create(
        [
            Message(
                conversation=conversation, author=person, role="user", content=f"{n} {line * 40}"
            )
            for n in range(10_000)
        ],
        batch_size=1000,
    )
    export = asked(person)
    tracemalloc.start()
    async_to_sync(writing.write_export)(export_id=export.pk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    export.refresh_from_db()
    name = f"conversations/{conversation.pk}.json"
    assert len(read(export, name)["messages"]) == 10_000
    assert archive_of(export).getinfo(name).file_size > 20_000_000
    assert peak < 16_000_000


def test_programs_ask_look_and_download(person: User) -> None:
    token = ApiTokenFactory(user=person, scopes=["account"])
    client = Client(headers={"authorization": f"Bearer {token.secret}"})
    path = "/api/v1/users/me/export"
    assert client.get(path).json()["code"] == "export_not_found"
    first = client.post(path, content_type="application/json")
    assert (first.status_code, first.json()["data"]["state"]) == (202, "queued")
    again = client.post(path, content_type="application/json")
    assert again.json()["code"] == "export_in_progress"
    assert client.get(f"{path}/file").json()["code"] == "export_not_ready"
    async_to_sync(writing.write_export)(export_id=first.json()["data"]["id"])
    told = client.get(path).json()["data"]
    body = body_of(client.get(f"{path}/file"))
    assert (told["state"], told["size"]) == ("ready", len(body))
    chatting = ApiTokenFactory(user=person, scopes=["chat"])
    refused = Client(headers={"authorization": f"Bearer {chatting.secret}"}).get(path)
    assert refused.json()["code"] == "missing_scope"
