import re
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.audit.models import AuditEvent
from apps.core.append_only import AppendOnlyError
from apps.core.correlation import set_correlation_id
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
