"""Nobody looks into the case about themself."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps.audit import services as audit
from apps.audit.models import AuditEvent
from apps.conversations.models import Message
from apps.llm.constants import Period, QuotaUnit
from apps.llm.models import Quota
from apps.moderation.errors import OwnCaseError
from apps.moderation.models import (
    Appeal,
    Case,
    Decision,
    Enforcement,
    Flag,
    Note,
    Notice,
    Rule,
    RuleHit,
    Strike,
)
from apps.moderation.services.appeals import appeals
from apps.moderation.services.cases import cases, grants
from apps.moderation.services.desk import desk, records
from apps.users.models import User
from tests.factories import ApiTokenFactory, ConversationFactory, MessageFactory, UserFactory
from tests.moderation.factories import make_case, make_decided, make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db


def test_a_member_of_staff_does_not_see_who_reported_them() -> None:
    moderator = make_staff()
    case = make_case(MessageFactory(conversation=ConversationFactory(owner=moderator)))
    with pytest.raises(OwnCaseError):
        cases.access_case(viewer=moderator, case_id=case.pk)


def test_nobody_writes_a_note_on_the_case_about_themself_or_lists_it() -> None:
    moderator = make_staff()
    own = make_case(MessageFactory(conversation=ConversationFactory(owner=moderator)))
    other = make_case()
    with pytest.raises(OwnCaseError):
        cases.add_note(actor=moderator, case_id=own.pk, text="It was a joke.")
    assert not Note.objects.exists()
    assert list(desk.list_cases(viewer=moderator, filters={})) == [other]


def test_every_route_on_the_case_about_oneself_refuses_as_its_document_says() -> None:
    lead = make_staff("lead", role="admin")
    own = make_case(MessageFactory(conversation=ConversationFactory(owner=lead)))
    caller = Caller(lead)
    for path, method, operation in case_routes():
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        codes = operation["responses"]["403"]["content"]["application/json"]["examples"]
        place = path.removeprefix("/api/v1/").replace("{case_id}", str(own.pk)) + "?beyond=1"
        sent = body.get("example")
        if sent is not None and "version" in sent:
            sent |= {"version": own.version, "is_override": True}
        refused = async_to_sync(caller.program.call)(method.upper(), place, sent)
        assert orjson.loads(refused.content)["code"] == "own_case", path
        assert "own_case" in codes, path
    own.refresh_from_db()
    assert (own.state, own.claimed_by, Decision.objects.count()) == ("open", None, 0)


def case_routes() -> list[tuple[str, str, dict[str, Any]]]:
    """Return what staff do with one case; giving back what one does not hold does nothing."""
    document = orjson.loads(Path(settings.BASE_DIR, "snapshots/openapi.json").read_bytes())
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if path.startswith("/api/v1/moderation/cases/{case_id}") and not path.endswith("/release")
    ]


ABOUT = {
    Appeal: "subject",
    Case: "subject",
    Decision: "case__subject",
    Enforcement: "decision__case__subject",
    Flag: "case__subject",
    Notice: "subject",
    RuleHit: "subject",
    Strike: "subject",
}


@pytest.mark.parametrize("model", ABOUT)
def test_no_record_shows_staff_what_is_about_themselves(client: Client, model: Any) -> None:
    moderator = make_staff()
    for person in (moderator, UserFactory()):
        make_decided(person)
    own = model._default_manager.get(**{ABOUT[model]: moderator})
    other = model._default_manager.exclude(pk=own.pk).get()
    client.force_login(moderator)
    name = f"admin:moderation_{model._meta.model_name}"
    found = client.get(reverse(f"{name}_changelist")).context["cl"].result_list
    assert [row.pk for row in found] == [other.pk]
    assert client.get(reverse(f"{name}_change", args=[own.pk])).status_code == 404
    assert client.get(reverse(f"{name}_change", args=[other.pk])).status_code == 200


def events_about(person: User) -> list[int]:
    """Let others do something to what is a person's, of every kind that the record names."""
    other, admin = make_staff("lead"), UserFactory(admin=True)
    decision = make_decided(person)
    message = MessageFactory(conversation__owner=person)
    cases.add_note(actor=other, case_id=decision.case_id, text="A note.")
    grants.open_grant(actor=other, conversation_id=message.conversation_id, reason="A look.")
    quota = Quota.objects.create(
        kind="person", user=person, unit=QuotaUnit.TOKENS, period=Period.DAY, amount=9
    )
    targets = {
        "user": person.pk,
        "case": decision.case_id,
        "appeal": Appeal.objects.get(subject=person).pk,
        "conversation": message.conversation_id,
        "message": message.pk,
        "reply": message.pk,
        "apitoken": ApiTokenFactory(user=person).pk,
        "quota": quota.pk,
    }
    for target_type, number in targets.items():
        audit.record(actor=admin, action="user.updated", target_type=target_type, target_id=number)
    audit.record(
        actor=other,
        action="backtest.labelled",
        target_type="rule",
        target_id=Rule.objects.get().pk,
        data={"message_id": message.pk, "is_violation": True},
    )
    audit.record(actor=None, action="case.opened", target_type="case", target_id=decision.case_id)
    return list(AuditEvent.objects.order_by("-id").values_list("pk", flat=True))


@pytest.mark.parametrize("duties", [(), ("lead",), ("auditor",)])
def test_the_record_tells_staff_nothing_that_others_did_to_what_is_theirs(
    client: Client, duties: tuple[str, ...]
) -> None:
    viewer, stranger = make_staff(*duties), UserFactory()
    about_viewer = events_about(viewer)
    about_stranger = [one for one in events_about(stranger) if one not in about_viewer]
    own = audit.record(actor=viewer, action="user.updated", target_type="user", target_id=viewer.pk)
    seen = [own.pk, *about_stranger]
    listed = Caller(viewer).call("GET", "moderation/audit?limit=100")["items"]
    assert [one["id"] for one in listed] == seen
    case = Case.objects.get(subject=viewer)
    named = f"moderation/audit?target_type=case&target_id={case.pk}"
    assert Caller(viewer).call("GET", named)["items"] == []
    history = f"moderation/rules/{Rule.objects.get().pk}/history"
    labelled = [one["data"]["message_id"] for one in Caller(viewer).call("GET", history)["items"]]
    assert [Message.objects.get(pk=number).conversation.owner for number in labelled] == [stranger]
    client.force_login(viewer)
    found = client.get(reverse("admin:audit_auditevent_changelist")).context["cl"].result_list
    assert [row.pk for row in found] == seen
    for number, status in ((about_viewer[0], 404), (about_stranger[0], 200)):
        url = reverse("admin:audit_auditevent_change", args=[number])
        assert client.get(url).status_code == status
    everything = Caller(UserFactory(admin=True)).call("GET", "moderation/audit?limit=100")
    assert len(everything["items"]) == len(seen) + len(about_viewer)


def test_the_lists_for_programs_leave_out_what_is_about_the_viewer() -> None:
    moderator, other = make_staff(), UserFactory()
    for person in (moderator, other):
        make_decided(person)
    flags = records.list_flags(viewer=moderator, chosen={})
    assert [flag.case.subject_id for flag in flags] == [other.pk]
    found = appeals.list_appeals(viewer=moderator)
    assert [appeal.subject_id for appeal in found] == [other.pk]
