"""Points of two cases bring a suspension; whoever takes some away says that it ends."""

import pytest
from django.utils import timezone

from apps.conversations.models import Message
from apps.core.languages import speaking
from apps.moderation.constants import AppealState, EnforcementKind, Verdict
from apps.moderation.models import Appeal, Case, Decision, Enforcement, Notice
from apps.moderation.services.appeals import appeals
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import automatic, decisions, previews, reversals
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.effects import Measure
from apps.moderation.services.decisions.previews import Preview
from apps.users.models import User
from apps.users.services import standing
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import (
    claimed_case,
    make_case,
    make_policy,
    make_rule,
    make_staff,
    make_thresholds,
)

pytestmark = pytest.mark.django_db
OPEN_AGAIN = "Your account is not suspended any more: you can use it as before."
OKAY = Ruling(verdict=Verdict.NO_VIOLATION)


@pytest.fixture
def moderator() -> User:
    return make_staff()


def violates(code: str, *kinds: EnforcementKind, gives_points: bool = True) -> Ruling:
    return Ruling(
        verdict=Verdict.VIOLATES,
        policy_code=code,
        reason="An insult.",
        measures=[Measure(kind=kind) for kind in kinds],
        gives_points=gives_points,
    )


def suspended_by_two(moderator: User, *, language: str = "", by_rule: bool = True) -> Case:
    """Return the case of the first six points; four of another one brought a suspension.

    The rule withheld the message; a person only gave the points. The moderator holds the case.
    """
    make_thresholds()
    rule = make_rule(make_policy("six", strike_points=6))
    make_policy("four", shortcut=None, strike_points=4)
    owner = UserFactory(language=language)
    first = make_case(MessageFactory(conversation__owner=owner))
    if by_rule:
        assert rule.current is not None
        Message.objects.filter(pk=first.message_id).update(hidden_at=timezone.now())
        automatic.decide_by_rule(
            case=first,
            rule_version=rule.current,
            snapshot=first.snapshots.get(),
            gives_points=True,
        )
    first = cases.claim(actor=moderator, case_id=first.pk)
    if not by_rule:
        decide(moderator, first, violates("six"))
    second = claimed_case(moderator, MessageFactory(conversation__owner=owner))
    decide(moderator, second, violates("four"))
    assert User.objects.get(pk=owner.pk).is_suspended
    return Case.objects.get(pk=first.pk)


def decide(moderator: User, case: Case, ruling: Ruling) -> Decision:
    return decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)


def said_and_done(moderator: User, case: Case, ruling: Ruling) -> tuple[Preview, Notice]:
    """Preview, decide, and return what was said with the notice, which is that word for word."""
    said = previews.preview(actor=moderator, case_id=case.pk, ruling=ruling)
    notice = Notice.objects.get(decision=decide(moderator, case, ruling), subject=case.subject_id)
    assert (said.title, said.body) == (notice.title, notice.body)
    return said, notice


def ensure_free(case: Case) -> None:
    """Check that nothing keeps the person from anything any more."""
    assert User.objects.get(pk=case.subject_id).standing == "good"
    held = Enforcement.objects.active().filter(subject=case.subject_id)
    assert not held.exists()


def test_confirming_without_points_says_that_the_other_cases_suspension_ends(
    moderator: User,
) -> None:
    case = suspended_by_two(moderator)
    said, notice = said_and_done(moderator, case, violates("six", gives_points=False))
    assert said.effect == (
        "Takes back 6 points, total 4, ends the restriction and the suspension that points brought."
    )
    assert (notice.title, notice.kind) == ("A message of yours was hidden", "decision")
    assert OPEN_AGAIN in notice.body
    ensure_free(case)


def test_where_nothing_else_changes_the_notice_is_that_the_account_is_open_again(
    moderator: User,
) -> None:
    case = suspended_by_two(moderator)
    Message.objects.filter(pk=case.message_id).update(hidden_at=None)
    _, notice = said_and_done(moderator, case, violates("six", gives_points=False))
    assert (notice.title, notice.kind) == ("Your account is open again", "reversal")
    assert notice.body == (
        "We looked again and decided otherwise.\n\nThe points that had been added to your account "
        f"do not count any more. {OPEN_AGAIN}"
    )
    assert notice.appeal_until is None
    ensure_free(case)


def test_no_violation_names_points_and_what_they_brought_and_shows_its_notice(
    moderator: User,
) -> None:
    case = suspended_by_two(moderator)
    said, notice = said_and_done(moderator, case, OKAY)
    assert said.effect == (
        "Closes the case, gives back the message, lifts the restriction, takes back 6 points, "
        "total 4, ends the suspension that points brought."
    )
    assert notice.title == "A decision was taken back"
    assert notice.body.endswith(f"its points do not count. {OPEN_AGAIN}")
    ensure_free(case)


def test_no_violation_names_what_stays_for_another_reason(moderator: User) -> None:
    case = suspended_by_two(moderator)
    admin = make_staff(role="admin")
    standing.restrict(actor=admin, user_id=case.subject_id, reason="Spam", reason_for_user="Spam")
    said, notice = said_and_done(moderator, case, OKAY)
    assert said.effect.endswith(", and leaves what holds for another reason.")
    assert notice.body.endswith(
        "Your account is not suspended any more: you can read and not write. That decision and its "
        "points do not count any more. This still holds for another reason: You can read and not "
        "write."
    )


def test_a_suspension_that_goes_on_for_another_reason_is_not_said_to_end(moderator: User) -> None:
    case = suspended_by_two(moderator)
    admin = make_staff(role="admin")
    standing.suspend(actor=admin, user_id=case.subject_id, reason="Fraud", reason_for_user="Fraud")
    _, notice = said_and_done(moderator, case, violates("six", gives_points=False))
    assert "suspended" not in notice.body
    assert User.objects.get(pk=case.subject_id).is_suspended


@pytest.mark.parametrize("is_appealed", [False, True])
def test_undo_and_an_overturned_appeal_say_that_the_account_is_open_again(
    moderator: User, *, is_appealed: bool
) -> None:
    case = suspended_by_two(moderator, by_rule=False)
    if is_appealed:
        told = Notice.objects.get(decision__case=case, subject=case.subject_id)
        overturn(appeals.submit(actor=told.subject, notice_id=told.pk, text="It was a joke."))
    else:
        decision_id = case.decisions.get().pk
        reversals.undo(actor=moderator, decision_id=decision_id, reason="A mistake.")
    assert OPEN_AGAIN in Notice.objects.filter(subject=case.subject_id).latest("id").body
    ensure_free(case)


def overturn(appeal: Appeal) -> None:
    lead = make_staff("lead")
    case = cases.claim(actor=lead, case_id=appeal.case_id)
    appeals.note_first_opinion(actor=lead, appeal_id=appeal.pk, verdict=Verdict.NO_VIOLATION)
    review = appeals.Review(outcome=AppealState.OVERTURNED, reason="A joke.")
    appeals.decide_appeal(actor=lead, appeal_id=appeal.pk, version=case.version, review=review)


@pytest.mark.parametrize(
    ("ruling", "title"),
    [
        (violates("six"), "Sie dürfen lesen, aber nicht schreiben"),
        (OKAY, "Eine Entscheidung wurde zurückgenommen"),
    ],
)
def test_a_preview_is_in_the_language_of_the_person_and_not_of_the_page(
    moderator: User, ruling: Ruling, title: str
) -> None:
    case = suspended_by_two(moderator, language="de")
    with speaking("en"):
        said, _ = said_and_done(moderator, case, ruling)
    assert said.title == title
