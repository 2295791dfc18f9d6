"""Saved views, what is covered, and the files of an export, for programs of staff."""

import codecs
import csv
import io
from typing import Any

import jsonschema_rs
import orjson
import pytest
from asgiref.sync import async_to_sync

from apps.audit.models import AuditEvent
from apps.conversations.models import Message
from apps.core.management.commands.export_openapi import document_text
from apps.moderation.models import Case, Notice, SavedView, StaffPreference
from apps.moderation.schemas.queue import CaseRowOut
from tests.factories import ConversationFactory, MessageFactory
from tests.moderation.factories import claimed_case, make_case, make_policy, make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db
VIEWS = "moderation/views"
EXPORT = "moderation/cases/export"


def test_a_view_is_kept_replaced_counted_and_deleted() -> None:
    late, peer = make_case(), Caller(make_staff())
    Case.objects.filter(pk=late.pk).update(severity=4)
    mine = Caller(make_staff())
    body = {"name": "Severe", "filters": {"severity": 3, "claimed_by": "nobody"}}
    kept = mine.call("PUT", VIEWS, body)
    assert (kept["filters"], kept["is_shared"], kept["is_own"]) == (
        {"severity": "3", "claimed_by": "nobody"},
        False,
        True,
    )
    wider = mine.call("PUT", VIEWS, {"name": "Severe", "filters": {"severity": 4, "state": "any"}})
    assert (wider["id"], wider["filters"]) == (kept["id"], {"state": "any", "severity": "4"})
    assert mine.call("GET", f"{VIEWS}/counts") == [{"view_id": kept["id"], "count": "1"}]
    query = "&".join(f"{name}={value}" for name, value in wider["filters"].items())
    found = mine.call("GET", f"moderation/cases?{query}")["items"]
    assert [one["id"] for one in found] == [late.pk]
    assert peer.call("GET", VIEWS)["items"] == []
    gone = peer.call("DELETE", f"{VIEWS}/{kept['id']}", status=404)
    assert gone["code"] == "saved_view_not_found"
    assert mine.call("DELETE", f"{VIEWS}/{kept['id']}")["name"] == "Severe"
    assert not SavedView.objects.exists()


def test_leads_share_a_view_with_everybody_and_others_do_not() -> None:
    lead, peer = Caller(make_staff("lead")), Caller(make_staff())
    body = {"name": "Late", "filters": {"age": "overdue", "order": "urgent"}, "is_shared": True}
    assert peer.call("PUT", VIEWS, body, 403)["code"] == "forbidden"
    assert not SavedView.objects.exists()
    shared = lead.call("PUT", VIEWS, body)
    own = peer.call("PUT", VIEWS, {"name": "Mine", "filters": {}})
    first = peer.call("GET", f"{VIEWS}?limit=1")
    second = peer.call("GET", f"{VIEWS}?limit=1&cursor={first['next_cursor']}")
    listed = [(page["items"][0]["id"], page["items"][0]["is_own"]) for page in (first, second)]
    assert listed == [(shared["id"], False), (own["id"], True)]
    for wrong in ({"name": " ", "filters": {}}, {"name": "x", "filters": {"colour": "red"}}):
        assert peer.call("PUT", VIEWS, wrong, 400)["code"] == "validation_failed"
    refused = peer.call("DELETE", f"{VIEWS}/{shared['id']}", status=404)
    assert refused["code"] == "saved_view_not_found"
    assert Caller(make_staff("lead")).call("DELETE", f"{VIEWS}/{shared['id']}")["is_own"] is False


def test_what_is_covered_is_chosen_for_oneself_and_never_less_than_all_have(settings: Any) -> None:
    settings.MODERATION_COLLAPSE_SEVERITY = 3
    mine, path = Caller(make_staff()), "moderation/preference"
    assert mine.call("GET", path) == {"collapse_from": 3, "severe_in_a_row": 0}
    assert mine.call("PUT", path, {"collapse_from": 2})["collapse_from"] == 2
    assert mine.call("PUT", path, {"collapse_from": 4})["collapse_from"] == 3
    assert mine.call("PUT", path, {"collapse_from": 5}, 400)["code"] == "validation_failed"
    assert StaffPreference.objects.get().collapse_from == 4


def file_of(caller: Caller, query: str) -> tuple[Any, bytes]:
    async def read() -> tuple[Any, bytes]:
        answer = await caller.program.get(f"{EXPORT}?{query}")
        return answer, b"".join([piece async for piece in answer.streaming_content])

    return async_to_sync(read)()


def test_an_export_streams_the_cases_of_the_filters_on_record_and_without_formulas() -> None:
    lead, person = Caller(make_staff("lead")), make_staff()
    decided = claimed_case(person)
    body = {"verdict": "no_violation", "version": decided.version, "reason": "=HYPERLINK(1)"}
    Caller(person).call("POST", f"moderation/cases/{decided.pk}/decision", body, 201)
    make_case(MessageFactory(conversation=ConversationFactory(owner=lead.program.user)))
    waiting = make_case()
    answer, text = file_of(lead, "state=any")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cases.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert text.startswith(codecs.BOM_UTF8)
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    assert [(row["id"], row["reason"]) for row in rows] == [
        (str(waiting.pk), ""),
        (str(decided.pk), "'=HYPERLINK(1)"),
    ]
    _, written = file_of(lead, "format=json&state=closed")
    assert [(row["id"], row["verdict"]) for row in orjson.loads(written)] == [
        (decided.pk, "no_violation")
    ]
    assert orjson.loads(file_of(lead, "format=json&severity=4")[1]) == []
    events = AuditEvent.objects.filter(action="case.exported", actor_id=lead.program.user.pk)
    assert [event.data for event in events.order_by("id")] == [
        {"filter": "state=any", "format": "csv"},
        {"filter": "state=closed", "format": "json"},
        {"filter": "severity=4", "format": "json"},
    ]


def documented(path: str) -> dict[str, dict[str, Any]]:
    """Return the schemas of a route's answers, by status and kind of content."""
    document = orjson.loads(document_text())
    answers = document["paths"][f"/api/v1/{path}"]["get"]["responses"]
    return {
        status: {
            kind: {**content["schema"], "components": document["components"]}
            for kind, content in answer.get("content", {}).items()
        }
        for status, answer in answers.items()
    }


def test_every_answer_of_an_export_fits_its_document() -> None:
    lead, person = Caller(make_staff("lead")), make_staff()
    decided = claimed_case(person)
    body = {"verdict": "no_violation", "version": decided.version, "reason": "Harmless."}
    Caller(person).call("POST", f"moderation/cases/{decided.pk}/decision", body, 201)
    make_case()
    schemas = documented(EXPORT)
    assert set(schemas["200"]) == {"text/csv", "application/json"}
    for query, rows in (("state=any", 2), ("severity=4", 0)):
        _, text = file_of(lead, f"format=json&{query}")
        found = orjson.loads(text)
        assert len(found) == rows
        whole = jsonschema_rs.validator_for(
            schemas["200"]["application/json"], validate_formats=True
        )
        assert [str(error) for error in whole.iter_errors(found)] == []
        assert all(set(row) == set(CaseRowOut.model_fields) for row in found)
        answer, text = file_of(lead, query)
        assert answer.headers["Content-Type"].partition(";")[0] in schemas["200"]
        assert len(list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))) == rows
    nobody = Caller(make_staff("lead"))
    nobody.program.headers = {}
    for status, refused in (
        (400, lead.call("GET", f"{EXPORT}?q=ab", status=400)),
        (401, nobody.call("GET", EXPORT, status=401)),
        (403, Caller(person).call("GET", EXPORT, status=403)),
    ):
        schema = schemas[str(status)]["application/json"]
        assert jsonschema_rs.is_valid(schema, refused), refused


def test_a_message_is_hidden_by_program_as_a_decision_on_its_case() -> None:
    make_policy()
    case, person = make_case(), Caller(make_staff())
    path = f"moderation/messages/{case.message_id}/hide"
    body = {"policy": "insults", "reason": "It insults.", "reason_for_user": "No insults."}
    unknown = person.call("POST", path, {**body, "policy": "unknown"}, 404)
    assert unknown["code"] == "policy_not_found"
    made = person.call("POST", path, body, 201)
    assert (made["case_id"], made["verdict"], made["reason"]) == (
        case.pk,
        "violates",
        "It insults.",
    )
    notice = Notice.objects.get(subject=case.subject_id)
    assert (notice.decision_id, notice.appeal_until is not None) == (made["id"], True)
    private = person.call("POST", path, body, 403)
    assert private["code"] == "grant_required"
    undo = f"moderation/decisions/{made['id']}/undo"
    person.call("POST", undo, {"reason": "It was a joke."}, 201)
    assert not Message.objects.get(pk=case.message_id).is_hidden


def test_only_who_may_export_exports_and_no_search_reads_everything() -> None:
    make_case()
    assert Caller(make_staff()).call("GET", EXPORT, status=403)["code"] == "forbidden"
    lead = Caller(make_staff("lead"))
    assert lead.call("GET", f"{EXPORT}?q=ab", status=400)["code"] == "search_refused"
    assert lead.call("GET", f"{EXPORT}?format=xls", status=400)["code"] == "validation_failed"
    assert not AuditEvent.objects.filter(action="case.exported").exists()
