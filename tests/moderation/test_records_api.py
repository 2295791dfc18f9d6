"""One row of a record, and the dashboard's figures as files, for programs of staff."""

import csv
import io
from datetime import timedelta
from typing import Any

import orjson
import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.moderation.models import Appeal, Enforcement, Flag, Note, Notice, RuleHit, Strike
from apps.moderation.services.cases import cases
from tests.factories import UserFactory
from tests.moderation.factories import make_decided, make_rule, make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db


def test_a_row_of_each_record_is_read_by_number_and_none_about_oneself() -> None:
    viewer = make_staff()
    numbers: dict[str, list[int]] = {}
    for person in (viewer, UserFactory()):
        decision = make_decided(person)
        note = cases.add_note(actor=make_staff(), case_id=decision.case_id, text="Seen.")
        rows: dict[str, Any] = {
            "decisions": decision,
            "enforcements": Enforcement.objects.get(decision=decision),
            "strikes": Strike.objects.get(subject=person),
            "notices": Notice.objects.get(subject=person),
            "hits": RuleHit.objects.get(subject=person),
            "flags": Flag.objects.get(case=decision.case),
            "notes": Note.objects.get(pk=note.pk),
            "appeals": Appeal.objects.get(subject=person),
            "audit": AuditEvent.objects.get(action="case.noted", target_id=decision.case_id),
        }
        for name, row in rows.items():
            numbers.setdefault(name, []).append(row.pk)
    caller = Caller(viewer)
    for name, (own, other) in numbers.items():
        listed = caller.call("GET", f"moderation/{name}?limit=100")["items"]
        found = caller.call("GET", f"moderation/{name}/{other}")
        assert found in listed, name
        code = "appeal_not_found" if name == "appeals" else "record_not_found"
        for number in (own, 999_999):
            refused = caller.call("GET", f"moderation/{name}/{number}", status=404)
            assert refused["code"] == code, name


def test_a_row_that_is_known_already_is_not_sent_again() -> None:
    decision = make_decided(UserFactory())
    program = Caller(make_staff()).program
    path = f"moderation/enforcements/{Enforcement.objects.get(decision=decision).pk}"
    first = async_to_sync(program.get)(path)
    again = async_to_sync(program.get)(path, if_none_match=first.headers["ETag"])
    assert (first.status_code, again.status_code) == (200, 304)


def test_what_its_end_has_passed_is_expired_for_programs_as_well() -> None:
    decision = make_decided(UserFactory())
    row = Enforcement.objects.get(decision=decision)
    over = {"kind": "restrict", "ends_at": timezone.now() - timedelta(hours=1)}
    Enforcement.objects.filter(pk=row.pk).update(**over)
    caller = Caller(make_staff())
    read = caller.call("GET", f"moderation/enforcements/{row.pk}")
    assert read["state"] == "expired"
    assert caller.call("GET", "moderation/enforcements")["items"][0] == read


def file_of(caller: Caller, path: str) -> tuple[Any, list[dict[str, str]]]:
    async def read() -> tuple[Any, bytes]:
        answer = await caller.program.get(path)
        assert answer.status_code == 200, answer.content
        return answer, b"".join([piece async for piece in answer.streaming_content])

    answer, text = async_to_sync(read)()
    return answer, list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))


def test_figures_leave_as_csv_on_record_and_without_formulas() -> None:
    rule, lead = make_rule(name="=HYPERLINK(1)"), Caller(make_staff("lead"))
    figures = "moderation/metrics/export?days=7&figure="
    answer, rows = file_of(lead, f"{figures}rules.rules")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="rules-rules-7-')
    assert answer.headers["Cache-Control"] == "no-store"
    assert (rows[0]["rule_id"], rows[0]["name"]) == (str(rule.pk), "'=HYPERLINK(1)")
    assert rows[0]["precision.total"] == "0"
    _, flow = file_of(lead, f"{figures}queue.flow")
    assert (len(flow), flow[0]["by_source.rule"]) == (7, "0")
    _, outcomes = file_of(lead, f"moderation/metrics/rules/{rule.pk}/export?days=7&figure=days")
    assert len(outcomes) == 7
    taken = AuditEvent.objects.filter(action="metrics.exported").order_by("id")
    assert [(event.data["figure"], event.data["rows"]) for event in taken] == [
        ("rules-rules", 1),
        ("queue-flow", 7),
        (f"rule-{rule.pk}-days", 7),
    ]


def test_figures_leave_with_nobody_who_may_not_take_them() -> None:
    path = "moderation/metrics/export?figure=queue.flow"
    assert Caller(make_staff()).call("GET", path, status=403)["code"] == "forbidden"
    wrong = Caller(make_staff("lead")).call("GET", f"{path}s", status=400)
    assert orjson.dumps(wrong["error"]).count(b"figure") >= 1
    assert not AuditEvent.objects.exists()
