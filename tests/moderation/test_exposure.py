"""What staff have to see, and what they read, in figures worked out by hand."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.moderation.constants import SEVERE_A_DAY, Severity
from apps.moderation.models import AccessGrant, Case
from apps.moderation.services.cases import cases
from apps.moderation.services.figures.exposure import (
    Exposure,
    Reader,
    care_figures,
    exposures,
    readings,
)
from apps.users.models import User
from tests.factories import ConversationFactory, MessageFactory
from tests.moderation.factories import make_case, make_staff
from tests.moderation.histories import ago, at, case_at, period

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator() -> User:
    return make_staff()


def take(who: User, case_id: int, severity: int, **since: float) -> None:
    event = audit.record(
        actor=who,
        action=AuditAction.CASE_CLAIMED,
        target_type="case",
        target_id=case_id,
        data={"severity": severity},
    )
    at(event, ago(**since))


def test_severe_cases_are_counted_once_each(moderator: User) -> None:
    take(moderator, 1, Severity.HIGH, hours=1)
    take(moderator, 1, Severity.HIGH, hours=2)
    take(moderator, 2, Severity.CRITICAL, days=3)
    take(moderator, 3, Severity.HIGH, days=20)
    take(moderator, 4, Severity.MEDIUM, hours=1)
    assert exposures(period(30)) == [Exposure(moderator.name, 1, 2, 3)]
    assert exposures(period(7)) == [Exposure(moderator.name, 1, 2, 2)]


def test_claiming_and_taking_over_both_count(moderator: User) -> None:
    lead = make_staff("lead")
    case = make_case()
    Case.objects.filter(pk=case.pk).update(severity=Severity.CRITICAL)
    cases.claim(actor=moderator, case_id=case.pk)
    cases.take_over(actor=lead, case_id=case.pk, reason="Away.")
    found = exposures(period())
    assert {one.name: one.period for one in found} == {moderator.name: 1, lead.name: 1}


def test_the_soft_limit_is_passed_above_it() -> None:
    assert not Exposure("Mo", SEVERE_A_DAY, 0, 0).is_over
    assert Exposure("Mo", SEVERE_A_DAY + 1, 0, 0).is_over


def read(who: User, conversation_id: int, grant_id: int | None = None, **since: float) -> None:
    event = audit.record(
        actor=who,
        action=AuditAction.CONVERSATION_READ,
        target_type="conversation",
        target_id=conversation_id,
        data={} if grant_id is None else {"grant_id": grant_id},
    )
    at(event, ago(**since))


def test_a_reading_has_a_case_if_one_was_not_closed_then(moderator: User) -> None:
    message = MessageFactory()
    case_at(ago(hours=5), closed=ago(hours=2), message=message)
    read(moderator, message.conversation_id, hours=6)
    read(moderator, message.conversation_id, hours=3)
    read(moderator, message.conversation_id, hours=1)
    read(moderator, ConversationFactory().pk, days=1)
    days, readers = readings(period())
    assert [(day.readings, day.without_case) for day in days[-2:]] == [(1, 1), (3, 2)]
    assert readers == [Reader(moderator.name, 4, 3)]


def test_a_reading_by_a_grant_is_without_a_case_though_a_sealed_one_was_open(
    moderator: User,
) -> None:
    message = MessageFactory()
    case_at(ago(hours=5), message=message)
    Case.objects.update(is_sealed=True)
    read(moderator, message.conversation_id, grant_id=1, hours=3)
    read(moderator, message.conversation_id, hours=1)
    assert readings(period())[1] == [Reader(moderator.name, 2, 1)]


def test_grants_are_counted_by_day_and_the_live_ones_now(moderator: User) -> None:
    for hours in (1, -1):
        conversation = ConversationFactory()
        grant = AccessGrant.objects.create(
            reader=moderator,
            reader_label=moderator.name,
            conversation=conversation,
            conversation_number=conversation.pk,
            subject=conversation.owner,
            reason="A report by mail.",
            expires_at=ago(hours=0) + timedelta(days=3650 * hours),
        )
        at(grant, ago(hours=1))
    found = care_figures(period())
    assert (found.days[-1].grants, found.live_grants) == (2, 1)


def test_the_figures_of_care_take_four_queries() -> None:
    with CaptureQueriesContext(connection) as queries:
        care_figures(period(30))
    assert len(queries) == 4
