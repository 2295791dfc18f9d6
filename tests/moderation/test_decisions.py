"""A case is decided, what was decided is done, and it can be taken back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.conversations.constants import Author, ReplyState
from apps.conversations.models import Message, Reply
from apps.moderation.constants import (
    CaseState,
    EnforcementKind,
    EnforcementState,
    FlagOutcome,
    Verdict,
)
from apps.moderation.errors import CaseChangedError, CaseNotClaimedError, PolicyNotFoundError
from apps.moderation.models import Case, Decision, Notice
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import decisions, reversals, strikes
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.users.models import User
from apps.users.services import standing
from tests.factories import MessageFactory, ReplyFactory
from tests.moderation.factories import (
    claimed_case,
    make_case,
    make_policy,
    make_staff,
    make_thresholds,
)

pytestmark = pytest.mark.django_db
TEXT = "Fóol \u200b\U0001f600"


@pytest.fixture
def moderator() -> User:
    """Somebody who decides."""
    return make_staff()


def violates(*kinds: EnforcementKind, spans: tuple[tuple[int, int], ...] = ()) -> Ruling:
    """Return a ruling that does what is asked."""
    return Ruling(
        verdict=Verdict.VIOLATES,
        policy_code="insults",
        reason="An insult.",
        reason_for_user="It insults somebody.",
        measures=[Measure(kind=kind, spans=spans) for kind in kinds],
    )


def test_a_violation_hides_the_message_gives_points_tells_the_person_and_closes_the_case(
    moderator: User,
) -> None:
    make_policy()
    case = claimed_case(moderator, MessageFactory(content="You are a fool."))
    decision = decisions.decide(
        actor=moderator,
        case_id=case.pk,
        version=case.version,
        ruling=violates(EnforcementKind.HIDE_MESSAGE),
    )
    case.refresh_from_db()
    assert case.state == CaseState.CLOSED
    assert Message.objects.get(pk=case.message_id).is_hidden
    assert strikes.active_points(case.subject_id) == 2
    assert case.flags.get().outcome == FlagOutcome.AGREED
    notice = Notice.objects.get(decision=decision, subject=case.subject_id)
    assert "It insults somebody." in notice.body
    assert "2 points were added" in notice.body


@pytest.mark.parametrize(
    "kind",
    [
        EnforcementKind.HIDE_MESSAGE,
        EnforcementKind.LOCK_CONVERSATION,
        EnforcementKind.WARN,
        EnforcementKind.RESTRICT,
        EnforcementKind.SUSPEND,
    ],
)
def test_every_kind_of_enforcement_is_taken_back_by_undo(
    moderator: User, kind: EnforcementKind
) -> None:
    make_policy()
    case = claimed_case(moderator, MessageFactory(content=TEXT))
    decision = decisions.decide(
        actor=moderator, case_id=case.pk, version=case.version, ruling=violates(kind)
    )
    undone = reversals.undo(actor=moderator, decision_id=decision.pk, reason="A mistake.")
    message = Message.objects.select_related("conversation").get(pk=case.message_id)
    subject = User.objects.get(pk=case.subject_id)
    assert undone.supersedes == decision
    assert message.content == TEXT
    assert not message.is_hidden
    assert message.conversation.locked_at is None
    assert subject.standing == "good"
    assert not subject.restrictions.filter(lifted_at=None).exists()
    assert strikes.active_points(subject.pk) == 0
    assert Case.objects.get(pk=case.pk).state == CaseState.OPEN


def test_an_answer_is_redacted_and_withheld_in_one_decision_and_all_of_it_comes_back(
    moderator: User,
) -> None:
    make_policy()
    message = ReplyFactory(message__content=TEXT).message
    case = claimed_case(moderator, message)
    both = (EnforcementKind.RETRACT_ANSWER, EnforcementKind.REDACT_SPAN)
    ruling = violates(*both, spans=((0, 4),))
    made = decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    assert [one.kind for one in made.enforcements.order_by("id")] == list(reversed(both))
    assert Reply.objects.get(pk=message.pk).state == ReplyState.WITHHELD
    reversals.undo(actor=moderator, decision_id=made.pk, reason="A mistake.")
    assert Message.objects.get(pk=message.pk).content == TEXT
    assert Reply.objects.get(pk=message.pk).state == ReplyState.COMPLETE


@pytest.mark.parametrize(
    "kind", [EnforcementKind.RETRACT_ANSWER, EnforcementKind.WARN, EnforcementKind.SUSPEND]
)
def test_what_was_taken_back_is_done_again_when_that_is_taken_back_and_taken_back_once_more(
    moderator: User, kind: EnforcementKind
) -> None:
    make_policy()
    is_answer = kind == EnforcementKind.RETRACT_ANSWER
    message = ReplyFactory().message if is_answer else MessageFactory()
    Message.objects.filter(pk=message.pk).update(content=TEXT)
    subject = message.conversation.owner
    before = held_of(message)

    def decide(ruling: Ruling) -> Decision:
        case = cases.claim(actor=moderator, case_id=Case.objects.get().pk)
        return decisions.decide(
            actor=moderator, case_id=case.pk, version=case.version, ruling=ruling
        )

    case = claimed_case(moderator, Message.objects.get(pk=message.pk))
    decision = decide(violates(kind))
    done, points = held_of(message), strikes.active_points(subject.pk)
    assert done != before
    for _ in range(2):
        Case.objects.update(state=CaseState.OPEN, closed_at=None)
        acquitted = decide(Ruling(verdict=Verdict.NO_VIOLATION))
        assert (held_of(message), strikes.active_points(subject.pk)) == (before, 0)
        undone = reversals.undo(actor=moderator, decision_id=acquitted.pk, reason="Wrong file.")
        assert (held_of(message), strikes.active_points(subject.pk)) == (done, points)
        enforcement = decision.enforcements.get()
        assert (enforcement.state, enforcement.reversed_by) == (EnforcementState.ACTIVE, None)
        told = Notice.objects.get(decision=undone, subject=subject)
        assert (told.title, told.appeal_until is not None) == (
            "An earlier decision holds again",
            True,
        )
        assert Case.objects.get(pk=case.pk).state == CaseState.OPEN


def held_of(message: Message) -> tuple[str, bytes, str, list[str]]:
    """What a decision may change: the end and the text of an answer, standing, and what runs."""
    found = Message.objects.select_related("conversation__owner").get(pk=message.pk)
    reply = Reply.objects.filter(pk=message.pk).first()
    owner = found.conversation.owner
    running = owner.restrictions.filter(lifted_at=None).order_by("id")
    kinds = list(running.values_list("kind", flat=True))
    return reply.state if reply else "", found.content.encode(), owner.standing, kinds


def test_undo_of_a_suspension_leaves_an_older_restriction_with_its_own_end_and_reason(
    moderator: User,
) -> None:
    make_policy()
    case = claimed_case(moderator)
    until = timezone.now() + timedelta(days=30)
    words = {"reason": "Spam.", "reason_for_user": "You sent spam."}
    older = standing.restrict(actor=moderator, user_id=case.subject_id, until=until, **words)
    decision = decisions.decide(
        actor=moderator,
        case_id=case.pk,
        version=case.version,
        ruling=violates(EnforcementKind.SUSPEND),
    )
    reversals.undo(actor=moderator, decision_id=decision.pk, reason="A mistake.")
    subject = User.objects.get(pk=case.subject_id)
    assert (subject.standing, subject.standing_until) == ("restricted", until)
    assert list(subject.restrictions.running()) == [older]


def test_points_that_restrict_somebody_suspended_hold_when_the_suspension_is_undone(
    moderator: User,
) -> None:
    make_policy(strike_points=4)
    make_thresholds()
    first = claimed_case(moderator)
    suspension = decisions.decide(
        actor=moderator,
        case_id=first.pk,
        version=first.version,
        ruling=replace(violates(EnforcementKind.SUSPEND), gives_points=False),
    )
    owner = User.objects.get(pk=first.subject_id)
    for _ in range(2):
        case = claimed_case(moderator, MessageFactory(conversation__owner=owner))
        decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=violates())
    assert User.objects.get(pk=owner.pk).standing == "suspended"
    reversals.undo(actor=moderator, decision_id=suspension.pk, reason="A mistake.")
    assert User.objects.get(pk=owner.pk).standing == "restricted"


def test_a_redacted_passage_returns_byte_for_byte_and_others_stay(moderator: User) -> None:
    make_policy()
    message = MessageFactory(content="Call 0171 234 or 0172 345.")
    first = claimed_case(moderator, message)
    ruling = violates(EnforcementKind.REDACT_SPAN, spans=((5, 13),))
    one = decisions.decide(actor=moderator, case_id=first.pk, version=first.version, ruling=ruling)
    second = claimed_case(moderator, Message.objects.get(pk=message.pk))
    ruling = violates(EnforcementKind.REDACT_SPAN, spans=((17, 25),))
    two = decisions.decide(
        actor=moderator, case_id=second.pk, version=second.version, ruling=ruling
    )
    assert Message.objects.get(pk=message.pk).content == "Call ████████ or ████████."
    reversals.undo(actor=moderator, decision_id=one.pk, reason="Ours.")
    assert Message.objects.get(pk=message.pk).content == "Call 0171 234 or ████████."
    reversals.undo(actor=moderator, decision_id=two.pk, reason="Ours.")
    assert Message.objects.get(pk=message.pk).content == "Call 0171 234 or 0172 345."


def test_no_violation_closes_the_case_without_a_trace_for_its_subject(moderator: User) -> None:
    case = claimed_case(moderator)
    decisions.decide(
        actor=moderator,
        case_id=case.pk,
        version=case.version,
        ruling=Ruling(verdict=Verdict.NO_VIOLATION),
    )
    assert case.flags.get().outcome == FlagOutcome.DISAGREED
    assert not Notice.objects.filter(subject=case.subject_id).exists()


def test_points_that_cross_a_threshold_bring_its_consequence_once(moderator: User) -> None:
    make_policy(strike_points=4)
    make_thresholds()
    message = MessageFactory()
    for _ in range(2):
        case = claimed_case(moderator, message)
        decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=violates())
    subject = User.objects.get(pk=case.subject_id)
    kinds = list(subject.restrictions.order_by("id").values_list("kind", flat=True))
    assert kinds == ["warning", "restriction"]


def test_an_answer_never_costs_its_reader_points(moderator: User) -> None:
    make_policy()
    case = claimed_case(moderator, MessageFactory(role=Author.ASSISTANT, author=None))
    decisions.decide(
        actor=moderator,
        case_id=case.pk,
        version=case.version,
        ruling=violates(EnforcementKind.HIDE_MESSAGE),
    )
    assert strikes.active_points(case.subject_id) == 0


def test_a_stale_version_changes_nothing(moderator: User) -> None:
    make_policy()
    case = claimed_case(moderator)
    make_case(Message.objects.get(pk=case.message_id))
    with pytest.raises(CaseChangedError):
        decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=violates())
    assert not Decision.objects.exists()


def test_a_case_that_nobody_holds_is_not_decided(moderator: User) -> None:
    case = make_case()
    with pytest.raises(CaseNotClaimedError):
        decisions.decide(
            actor=moderator,
            case_id=case.pk,
            version=case.version,
            ruling=Ruling(verdict=Verdict.NO_VIOLATION),
        )


def test_an_unknown_policy_is_refused(moderator: User) -> None:
    case = claimed_case(moderator)
    with pytest.raises(PolicyNotFoundError):
        decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=violates())


def test_a_case_whose_text_is_out_of_view_already_waits_behind_one_that_is_read() -> None:
    seen = make_case(MessageFactory())
    hidden = make_case(MessageFactory(hidden=True))
    withheld = make_case(ReplyFactory(state=ReplyState.WITHHELD).message)
    reason = ["Out of view already", -30]
    for case in (hidden, withheld):
        case.refresh_from_db()
        assert (reason in case.priority_reasons, case.priority) == (True, seen.priority - 30)
    assert reason not in Case.objects.get(pk=seen.pk).priority_reasons


def test_the_next_case_is_the_most_urgent_in_which_one_has_no_part(moderator: User) -> None:
    own = make_case(reporter=moderator)
    plain = make_case()
    urgent = make_case()
    Case.objects.filter(pk=urgent.pk).update(priority=900)
    Case.objects.filter(pk=own.pk).update(priority=990)
    assert cases.take_next(actor=moderator).pk == urgent.pk
    assert cases.take_next(actor=moderator).pk == plain.pk
