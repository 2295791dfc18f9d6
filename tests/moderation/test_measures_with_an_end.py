"""Only a restriction or a suspension ends by the clock; all else holds until it is taken back."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.http import QueryDict
from django.utils import timezone

from apps.conversations.models import Message
from apps.core.errors import ValidationFailedError
from apps.moderation.admin.rulings import ruling_of
from apps.moderation.constants import ENDED_BY_TIME, CaseState, EnforcementKind, Verdict
from apps.moderation.models import Case, Decision, Enforcement, Threshold
from apps.moderation.services.decisions import decisions
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.effects import Measure
from tests.moderation.factories import claimed_case, make_policy, make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db


def violates(*measures: Measure) -> Ruling:
    return Ruling(
        verdict=Verdict.VIOLATES, policy_code="insults", reason="An insult.", measures=measures
    )


@pytest.mark.parametrize("kind", EnforcementKind)
def test_hours_are_for_a_restriction_or_a_suspension_and_refused_with_all_else(
    kind: EnforcementKind,
) -> None:
    make_policy()
    moderator = make_staff()
    case = claimed_case(moderator)
    ruling = violates(Measure(kind=kind, spans=((0, 1),), hours=1))
    if kind in ENDED_BY_TIME:
        decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
        left = Enforcement.objects.get(kind=kind).ends_at
        assert left is not None
        assert left - timezone.now() <= timedelta(hours=1)
        return
    with pytest.raises(ValidationFailedError) as refused:
        decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    assert [one["type"] for one in refused.value.details or ()] == ["measure_without_end"]
    assert Case.objects.get(pk=case.pk).state == CaseState.CLAIMED
    assert not Decision.objects.exists()
    assert not Message.objects.get(pk=case.message_id).is_hidden


def test_a_program_that_hides_for_an_hour_is_refused_and_told_why() -> None:
    make_policy()
    moderator = make_staff()
    case = claimed_case(moderator)
    body = {
        "verdict": "violates",
        "policy": "insults",
        "reason": "An insult.",
        "version": case.version,
        "measures": [{"kind": "hide_message", "hours": 1}],
    }
    refused = Caller(moderator).call("POST", f"moderation/cases/{case.pk}/decision", body, 400)
    assert refused["error"][0]["type"] == "measure_without_end"


def test_the_form_reads_hours_only_where_it_has_a_field_for_them() -> None:
    sent = QueryDict(
        "verdict=violates&measure=hide_message&hide_message_hours=1"
        "&measure=suspend&suspend_hours=24"
    )
    assert [(one.kind, one.hours) for one in ruling_of(sent).measures] == [
        ("hide_message", None),
        ("suspend", 24),
    ]


def test_no_statement_gives_an_end_to_what_nothing_but_a_decision_gives_back() -> None:
    make_policy()
    moderator = make_staff()
    case = claimed_case(moderator)
    measure = Measure(kind=EnforcementKind.LOCK_CONVERSATION)
    decisions.decide(
        actor=moderator, case_id=case.pk, version=case.version, ruling=violates(measure)
    )
    statement = "UPDATE moderation_enforcement SET kind = %s, ends_at = now()"
    for kind in set(EnforcementKind) - set(ENDED_BY_TIME):
        with (
            pytest.raises(IntegrityError, match="only_standing_ends_by_time"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, [str(kind)])


def test_a_warning_of_a_threshold_that_names_hours_has_no_end() -> None:
    make_policy(strike_points=3)
    Threshold.objects.create(points=3, consequence=EnforcementKind.WARN, hours=24)
    moderator = make_staff()
    case = claimed_case(moderator)
    decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=violates())
    assert Enforcement.objects.get().ends_at is None
