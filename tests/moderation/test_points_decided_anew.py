"""A person decides on what a rule did: other points bring other consequences, said as they are."""

import pytest
from django.utils import timezone

from apps.conversations.models import Message
from apps.moderation.constants import EnforcementKind, Verdict
from apps.moderation.models import Case, Enforcement, Notice
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import automatic, decisions, previews
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.users.models import User
from tests.moderation.factories import (
    make_case,
    make_policy,
    make_rule,
    make_staff,
    make_thresholds,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator() -> User:
    """Somebody who decides."""
    return make_staff()


def struck_by_rule(moderator: User, points: int) -> Case:
    """Return a case whose rule withheld the message and gave points; the moderator holds it."""
    make_thresholds()
    rule = make_rule(make_policy(strike_points=points))
    assert rule.current is not None
    case = make_case()
    Message.objects.filter(pk=case.message_id).update(hidden_at=timezone.now())
    automatic.decide_by_rule(
        case=case, rule_version=rule.current, snapshot=case.snapshots.get(), gives_points=True
    )
    return cases.claim(actor=moderator, case_id=case.pk)


def confirm(*measures: Measure, policy_code: str = "insults", gives_points: bool = True) -> Ruling:
    """Return a ruling that calls it a violation."""
    return Ruling(
        verdict=Verdict.VIOLATES,
        policy_code=policy_code,
        reason="An insult.",
        measures=measures,
        gives_points=gives_points,
    )


def decide(moderator: User, case: Case, ruling: Ruling) -> Notice:
    """Decide, and return the notice, which says what the preview said."""
    seen = previews.preview(actor=moderator, case_id=case.pk, ruling=ruling)
    made = decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    notice = Notice.objects.get(decision=made, subject=case.subject_id)
    assert (seen.title, seen.body) == (notice.title, notice.body)
    return notice


def test_a_suspension_by_points_ends_with_them_and_the_notice_says_that_it_does(
    moderator: User,
) -> None:
    case = struck_by_rule(moderator, 10)
    assert User.objects.get(pk=case.subject_id).is_suspended
    notice = decide(moderator, case, confirm(gives_points=False))
    assert User.objects.get(pk=case.subject_id).standing == "good"
    assert notice.title == "A message of yours was hidden"
    assert notice.body.startswith(
        "Your message is hidden and the model does not read it. The points that had been added to "
        "your account do not count any more. Your account is not suspended any more: you can use "
        "it as before.\n"
    )
    assert "You cannot use your account" not in notice.body


def test_a_suspension_that_a_person_chooses_holds_without_the_points_that_had_brought_one(
    moderator: User,
) -> None:
    case = struck_by_rule(moderator, 10)
    chosen = Measure(kind=EnforcementKind.SUSPEND, hours=24)
    notice = decide(moderator, case, confirm(chosen, gives_points=False))
    subject = User.objects.get(pk=case.subject_id)
    held = Enforcement.objects.active().get(kind=EnforcementKind.SUSPEND)
    assert (subject.standing, subject.standing_until) == ("suspended", held.ends_at)
    assert held.decision == notice.decision
    assert notice.body.count("You cannot use your account until") == 1


def test_a_longer_restriction_takes_the_place_of_the_one_that_points_brought(
    moderator: User,
) -> None:
    case = struck_by_rule(moderator, 6)
    notice = decide(moderator, case, confirm(Measure(kind=EnforcementKind.RESTRICT, hours=720)))
    longest = Enforcement.objects.active().filter(kind=EnforcementKind.RESTRICT).latest("ends_at")
    assert longest.decision == notice.decision
    assert User.objects.get(pk=case.subject_id).standing_until == longest.ends_at
    assert notice.body.count("You can read and not write until") == 1


def test_a_restriction_that_lasts_longer_already_is_left_as_it_is(moderator: User) -> None:
    case = struck_by_rule(moderator, 6)
    before = Enforcement.objects.active().get(kind=EnforcementKind.RESTRICT)
    decide(moderator, case, confirm(Measure(kind=EnforcementKind.RESTRICT, hours=1)))
    assert Enforcement.objects.active().get(kind=EnforcementKind.RESTRICT) == before


def test_fewer_points_bring_the_lesser_consequence_in_the_place_of_the_heavier(
    moderator: User,
) -> None:
    case = struck_by_rule(moderator, 6)
    make_policy("milder", strike_points=3, shortcut=None)
    notice = decide(moderator, case, confirm(policy_code="milder"))
    subject = User.objects.get(pk=case.subject_id)
    assert subject.standing == "good"
    assert list(subject.restrictions.filter(lifted_at=None).values_list("kind", flat=True)) == [
        "warning"
    ]
    assert "This is a warning; nothing else changes." in notice.body
    assert "You can read and not write" not in notice.body
