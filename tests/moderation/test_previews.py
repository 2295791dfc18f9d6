"""What a preview says is what the decision then does."""

import pytest

from apps.moderation.constants import CaseState, EnforcementKind, Verdict
from apps.moderation.models import Case, Notice
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import decisions, previews
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.effects import Measure
from apps.users.models import User
from tests.factories import MessageFactory
from tests.moderation.factories import (
    claimed_case,
    make_policy,
    make_rule,
    make_staff,
    make_thresholds,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator() -> User:
    return make_staff()


def violates(*kinds: EnforcementKind) -> Ruling:
    return Ruling(
        verdict=Verdict.VIOLATES,
        policy_code="insults",
        reason="An insult.",
        reason_for_user="It insults somebody.",
        measures=[Measure(kind=kind) for kind in kinds],
    )


def said_and_done(
    moderator: User, case: Case, ruling: Ruling
) -> tuple[previews.Preview, Notice, list[str]]:
    """Preview a ruling, decide it, and return what was said with what was done."""
    said = previews.preview(actor=moderator, case_id=case.pk, ruling=ruling)
    decision = decisions.decide(
        actor=moderator, case_id=case.pk, version=case.version, ruling=ruling
    )
    notice = Notice.objects.get(decision=decision, subject=case.subject_id)
    kinds = decision.enforcements.order_by("id").values_list("kind", flat=True)
    return said, notice, list(kinds)


def test_a_preview_names_the_threshold_that_the_points_reach_and_shows_the_whole_notice(
    moderator: User,
) -> None:
    make_policy(strike_points=4)
    make_thresholds()
    case = claimed_case(moderator)
    said, notice, kinds = said_and_done(
        moderator, case, violates(EnforcementKind.LOCK_CONVERSATION)
    )
    assert said.effect == (
        "Locks the conversation, adds 4 points, total 4, reaches 3 points and warns the person, "
        "next threshold 6."
    )
    assert kinds == ["lock_conversation", "warn"]
    assert (notice.title, notice.body) == (said.title, said.body)


def test_staff_are_left_to_their_admin_and_a_preview_knows_it(moderator: User) -> None:
    make_policy(strike_points=4)
    make_thresholds()
    author = make_staff("rule_author")
    case = claimed_case(moderator, MessageFactory(conversation__owner=author))
    said, _, kinds = said_and_done(moderator, case, violates(EnforcementKind.HIDE_MESSAGE))
    assert said.effect == "Hides 1 message, adds 4 points, total 4, next threshold 6."
    assert kinds == ["hide_message"]


def test_a_preview_leaves_out_what_holds_already(moderator: User) -> None:
    make_policy()
    make_rule(make_policy("other", shortcut=None))
    case = claimed_case(moderator)
    said_and_done(moderator, case, violates(EnforcementKind.HIDE_MESSAGE))
    Case.objects.filter(pk=case.pk).update(state=CaseState.OPEN, closed_at=None)
    again = cases.claim(actor=moderator, case_id=case.pk)
    both = violates(EnforcementKind.HIDE_MESSAGE, EnforcementKind.LOCK_CONVERSATION)
    said, notice, kinds = said_and_done(moderator, again, both)
    assert said.effect == "Locks the conversation, adds 2 points, total 2."
    assert kinds == ["lock_conversation"]
    assert (notice.title, notice.body) == (said.title, said.body)
