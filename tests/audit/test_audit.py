import re
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.audit.models import AuditEvent
from apps.core.append_only import AppendOnlyError
from apps.core.correlation import set_correlation_id
from apps.users.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
DOCUMENT = Path(__file__).parents[2] / "docs" / "audit.md"


@pytest.fixture
def event() -> AuditEvent:
    return audit.record(
        actor=None, action=AuditAction.USER_UPDATED, target_type="user", target_id=7
    )


def test_an_event_names_its_actor_target_reason_and_request() -> None:
    actor = UserFactory(name="Ada")
    set_correlation_id("request-12345678")
    event = audit.record(
        actor=actor,
        action="user.suspended",
        target_type="user",
        target_id=7,
        reason="Spam.",
        data={"until": None},
    )
    event.refresh_from_db()
    assert (event.actor_id, event.actor_label, event.action) == (actor.pk, "Ada", "user.suspended")
    assert (event.target_type, event.target_id, event.reason) == ("user", 7, "Spam.")
    assert (event.data, event.correlation_id) == ({"until": None}, "request-12345678")


def test_the_product_itself_is_called_system(event: AuditEvent) -> None:
    assert (event.actor_id, event.actor_label) == (None, "system")


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(ValueError, match=r"user\.dance"):
        audit.record(actor=None, action="user.dance", target_type="user", target_id=7)
    assert AuditEvent.objects.count() == 0


def test_an_event_of_a_deed_that_failed_does_not_stay() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: PT012
        audit.record(actor=None, action="user.updated", target_type="user", target_id=7)
        AuditEvent.objects.create(actor_label="", action="", target_type="", target_id=None)
    assert AuditEvent.objects.count() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditevent SET reason = 'nothing'",
        "DELETE FROM audit_auditevent",
        "DELETE FROM audit_auditevent WHERE id = -1",
        "TRUNCATE audit_auditevent",
    ],
)
def test_the_database_refuses_every_change_by_sql(event: AuditEvent, statement: str) -> None:
    with (
        pytest.raises(IntegrityError, match=r"only ever added"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert list(AuditEvent.objects.values_list("pk", "reason")) == [(event.pk, "")]


FORGOTTEN = "actor_label = 'account ' || actor_id"
CHANGES = {
    "id": "id + 1",
    "actor_id": "actor_id + 1",
    "action": "'user.deleted'",
    "target_type": "'case'",
    "target_id": "target_id + 1",
    "reason": "'Another.'",
    "data": """'{"a": 1.0, "b": "two"}'""",
    "correlation_id": "'another'",
    "created_at": "created_at + interval '1 microsecond'",
}


@pytest.fixture
def gone() -> AuditEvent:
    """An event of somebody whose account was removed and who never was of staff."""
    person = UserFactory(name="Uma")
    event = audit.record(
        actor=person,
        action="user.updated",
        target_type="user",
        target_id=7,
        reason="So.",
        data={"a": 1, "b": "two"},
    )
    deleted(person)
    return event


def deleted(person: User, **data: Any) -> None:
    audit.record(
        actor=None,
        action="user.deleted",
        target_type="user",
        target_id=person.pk,
        data={"role": "user", "duties": [], **data},
    )
    person.delete()


def change(event: AuditEvent, assignments: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE audit_auditevent SET {assignments} WHERE id = {event.pk}")


def row_of(event: AuditEvent) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(e)::text FROM audit_auditevent e WHERE id = {event.pk}")
        return str(cursor.fetchone()[0])


def test_a_number_takes_the_place_of_the_name_of_somebody_who_is_gone(gone: AuditEvent) -> None:
    before = row_of(gone)
    assert audit.forget_name(actor_id=gone.actor_id or 0) == 1
    assert row_of(gone) == before.replace('"Uma"', f'"account {gone.actor_id}"')
    assert audit.forget_name(actor_id=gone.actor_id or 0) == 0


def test_the_list_of_what_cannot_be_changed_is_whole() -> None:
    columns = {field.column for field in AuditEvent._meta.concrete_fields}
    assert set(CHANGES) == columns - {"actor_label"}


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.parametrize("forgetting", ["", f"{FORGOTTEN}, "])
def test_nothing_else_of_an_event_is_changed_together_with_a_name(
    gone: AuditEvent, column: str, forgetting: str
) -> None:
    before = row_of(gone)
    with pytest.raises(IntegrityError, match=r"only ever added"):
        change(gone, f"{forgetting}{column} = {CHANGES[column]}")
    assert row_of(gone) == before


@pytest.mark.parametrize("label", ["''", "'Somebody'", "'account 1'", "'account'"])
def test_a_name_makes_way_for_its_own_number_only(gone: AuditEvent, label: str) -> None:
    with pytest.raises(IntegrityError, match=r"only ever added"):
        change(gone, f"actor_label = {label}")


def test_the_product_keeps_its_name(event: AuditEvent) -> None:
    for label in ("'account '", "'account ' || actor_id", "NULL"):
        with pytest.raises(IntegrityError):
            change(event, f"actor_label = {label}")


def test_whoever_is_there_or_was_of_staff_stays_named() -> None:
    there, former, lead = (UserFactory(name="Mo") for _ in range(3))
    events = [
        audit.record(actor=one, action="case.claimed", target_type="case", target_id=7)
        for one in (there, former, lead)
    ]
    audit.record(actor=None, action="user.role_changed", target_type="user", target_id=former.pk)
    deleted(former)
    deleted(lead, duties=["lead"])
    for one in events:
        with pytest.raises(IntegrityError, match=r"only ever added"):
            change(one, FORGOTTEN)
    assert set(AuditEvent.objects.filter(action="case.claimed").values_list("actor_label")) == {
        ("Mo",)
    }


def test_code_cannot_change_or_remove_an_event(event: AuditEvent) -> None:
    event.reason = "another"
    for attempt in (
        event.save,
        event.delete,
        AuditEvent.objects.all().delete,
        lambda: AuditEvent.objects.update(reason="another"),
        lambda: AuditEvent.objects.bulk_update([event], ["reason"]),
    ):
        with pytest.raises(AppendOnlyError):
            attempt()
    assert list(AuditEvent.objects.values_list("pk", "reason")) == [(event.pk, "")]


def test_events_survive_the_account_of_their_actor() -> None:
    actor = UserFactory(name="Ada")
    event = audit.record(actor=actor, action="user.updated", target_type="user", target_id=7)
    actor_id = actor.pk
    actor.delete()
    event.refresh_from_db()
    assert (event.actor_id, event.actor_label) == (actor_id, "Ada")


def test_events_about_one_thing_come_newest_first(event: AuditEvent) -> None:
    audit.record(actor=None, action="user.updated", target_type="user", target_id=8)
    later = audit.record(actor=None, action="user.deleted", target_type="user", target_id=7)
    assert list(audit.list_events_about(target_type="user", target_id=7)) == [later, event]


def test_every_action_is_one_word_of_its_own_and_documented() -> None:
    documented = re.findall(r"^\| `([a-z_.]+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    assert documented == list(dict.fromkeys(AuditAction.values))
    for action in AuditAction.values:
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", action)
