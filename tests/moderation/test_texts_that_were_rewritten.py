"""A text that several decisions changed is always the first one with what still holds."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.conversations.constants import Author, ReplyState
from apps.conversations.errors import (
    HeldByDecisionError,
    OwnConversationError,
    ReplyInProgressError,
)
from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.services import locking, visibility
from apps.moderation.constants import CaseState, EnforcementKind, EnforcementState, Verdict
from apps.moderation.models import Case, Decision, Enforcement, Notice
from apps.moderation.services.cases import cases, snapshots
from apps.moderation.services.decisions import automatic, decisions, reversals
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.users.models import User
from apps.users.services import standing
from tests.factories import MessageFactory, ReplyFactory
from tests.moderation.factories import claimed_case, make_policy, make_staff

pytestmark = pytest.mark.django_db
TEXT = "Call 0171 234 or 0172 345."
NO_FIRST = "Call ████████ or 0172 345."
NO_SECOND = "Call 0171 234 or ████████."
FIRST, SECOND = ((5, 13),), ((17, 25),)


@pytest.fixture
def moderator() -> User:
    make_policy()
    return make_staff()


@pytest.fixture
def answer() -> Message:
    """An answer that has ended."""
    message: Message = MessageFactory(role=Author.ASSISTANT, author=None, content=TEXT)
    ReplyFactory(message=message, state=ReplyState.COMPLETE)
    return message


def rule(
    actor: User,
    message: Message,
    kind: EnforcementKind,
    *,
    spans: tuple[tuple[int, int], ...] = (),
    hours: int | None = None,
) -> Decision:
    case = claimed_case(actor, Message.objects.get(pk=message.pk))
    ruling = Ruling(
        verdict=Verdict.VIOLATES,
        policy_code="insults",
        reason="Private data.",
        measures=[Measure(kind=kind, spans=spans, hours=hours)],
    )
    return decisions.decide(actor=actor, case_id=case.pk, version=case.version, ruling=ruling)


def acquit(actor: User, decision: Decision) -> Decision:
    """Decide the case of a decision once more, the other way."""
    return decide_again(actor, decision, Ruling(verdict=Verdict.NO_VIOLATION))


def decide_again(actor: User, decision: Decision, ruling: Ruling) -> Decision:
    Case.objects.filter(pk=decision.case_id).update(state=CaseState.OPEN, closed_at=None)
    case = cases.claim(actor=actor, case_id=decision.case_id)
    return decisions.decide(actor=actor, case_id=case.pk, version=case.version, ruling=ruling)


def undo(actor: User, decision: Decision) -> None:
    reversals.undo(actor=actor, decision_id=decision.pk, reason="Ours.")


def text_of(message: Message) -> str:
    return Message.objects.get(pk=message.pk).content


def test_taking_a_redaction_back_does_not_show_an_answer_that_is_withheld(
    moderator: User, answer: Message
) -> None:
    redacted = rule(moderator, answer, EnforcementKind.REDACT_SPAN, spans=FIRST)
    withheld = rule(moderator, answer, EnforcementKind.RETRACT_ANSWER)
    undo(moderator, redacted)
    assert text_of(answer) == ""
    undo(moderator, withheld)
    assert text_of(answer) == TEXT


def test_an_answer_that_is_released_keeps_the_redactions_that_hold(
    moderator: User, answer: Message
) -> None:
    redacted = rule(moderator, answer, EnforcementKind.REDACT_SPAN, spans=FIRST)
    undo(moderator, rule(moderator, answer, EnforcementKind.RETRACT_ANSWER))
    assert text_of(answer) == NO_FIRST
    undo(moderator, redacted)
    assert text_of(answer) == TEXT


def test_a_redaction_that_was_done_again_still_knows_the_first_text(moderator: User) -> None:
    message = MessageFactory(content=TEXT)
    first = rule(moderator, message, EnforcementKind.REDACT_SPAN, spans=FIRST)
    acquitted = acquit(moderator, first)
    second = rule(moderator, message, EnforcementKind.REDACT_SPAN, spans=SECOND)
    assert text_of(message) == NO_SECOND
    undo(moderator, acquitted)
    assert text_of(message) == "Call ████████ or ████████."
    undo(moderator, second)
    assert text_of(message) == NO_FIRST


@pytest.mark.parametrize(
    ("state", "code", "notice"),
    [
        (ReplyState.COMPLETE, "", ""),
        (ReplyState.STOPPED, "", "You stopped this answer. What you saw is kept."),
        (ReplyState.FAILED, "upstream_timeout", "The model was too slow."),
    ],
)
def test_an_answer_that_is_released_has_ended_as_it_had_before(
    moderator: User, answer: Message, state: str, code: str, notice: str
) -> None:
    reply = Reply.objects.filter(pk=answer.pk)
    reply.update(state=state, error_code=code, notice=notice)
    first = rule(moderator, answer, EnforcementKind.RETRACT_ANSWER)
    second = rule(moderator, answer, EnforcementKind.RETRACT_ANSWER)
    undo(moderator, first)
    assert reply.get().state == ReplyState.WITHHELD
    undo(moderator, second)
    found = reply.get()
    assert (found.state, found.error_code, found.notice) == (state, code, notice)
    assert text_of(answer) == TEXT


def test_what_staff_had_hidden_by_another_way_stays_hidden_after_an_undo(moderator: User) -> None:
    message = MessageFactory()
    visibility.hide_message(actor=moderator, message_id=message.pk, reason="A complaint by mail.")
    first = rule(moderator, message, EnforcementKind.HIDE_MESSAGE)
    second = rule(moderator, message, EnforcementKind.HIDE_MESSAGE)
    undo(moderator, first)
    undo(moderator, second)
    assert Message.objects.get(pk=message.pk).is_hidden
    told = Notice.objects.filter(kind="reversal").values_list("body", flat=True)
    assert [" is undone" in body for body in told] == [False, False]


def test_what_staff_hid_again_by_another_way_stays_hidden_after_an_undo(moderator: User) -> None:
    message = MessageFactory()
    decision = rule(moderator, message, EnforcementKind.HIDE_MESSAGE)
    visibility.restore_message(actor=None, message_id=message.pk, reason="Shown.")
    visibility.hide_message(actor=moderator, message_id=message.pk, reason="A complaint by mail.")
    undo(moderator, decision)
    assert Message.objects.get(pk=message.pk).is_hidden


def test_what_a_decision_hides_or_locks_is_given_back_on_its_case_only(moderator: User) -> None:
    message = MessageFactory()
    hidden = rule(moderator, message, EnforcementKind.HIDE_MESSAGE)
    locked = rule(moderator, message, EnforcementKind.LOCK_CONVERSATION)
    talk = message.conversation_id
    with pytest.raises(HeldByDecisionError, match="on its case"):
        visibility.restore_message(actor=moderator, message_id=message.pk, reason="Fine.")
    with pytest.raises(HeldByDecisionError):
        locking.unlock_conversation(actor=moderator, conversation_id=talk, reason="Fine.")
    assert Message.objects.get(pk=message.pk).is_hidden
    assert Conversation.objects.get(pk=talk).locked_at is not None
    undo(moderator, hidden)
    undo(moderator, locked)
    assert not Message.objects.get(pk=message.pk).is_hidden
    assert Conversation.objects.get(pk=talk).locked_at is None


def test_what_was_given_back_meanwhile_is_done_anew_and_taken_back_again(moderator: User) -> None:
    message = MessageFactory()
    owner, talk = message.conversation.owner, message.conversation_id
    kinds = (
        EnforcementKind.HIDE_MESSAGE,
        EnforcementKind.LOCK_CONVERSATION,
        EnforcementKind.RESTRICT,
    )
    ruling = Ruling(
        verdict=Verdict.VIOLATES,
        policy_code="insults",
        reason="An insult.",
        measures=[Measure(kind=kind) for kind in kinds],
    )
    case = claimed_case(moderator, message)
    first = decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    visibility.restore_message(actor=None, message_id=message.pk, reason="Shown.")
    locking.unlock_conversation(actor=None, conversation_id=talk, reason="Opened.")
    standing.lift(actor=None, user_id=owner.pk, reason="Lifted.")

    second = decide_again(moderator, first, ruling)
    assert shown(message) == (True, True, "restricted")
    assert {one.state for one in first.enforcements.all()} == {EnforcementState.EXPIRED}
    assert {one.kind for one in second.enforcements.all()} == set(kinds)
    undo(moderator, second)
    assert shown(message) == (False, False, "good")


@pytest.mark.parametrize("kind", [EnforcementKind.HIDE_MESSAGE, EnforcementKind.LOCK_CONVERSATION])
def test_a_decision_that_does_not_hold_any_more_keeps_nothing_from_coming_back(
    moderator: User, kind: EnforcementKind
) -> None:
    message = MessageFactory()
    rule(moderator, message, kind)
    if kind == EnforcementKind.HIDE_MESSAGE:
        visibility.restore_message(actor=None, message_id=message.pk, reason="Shown.")
    else:
        talk = message.conversation_id
        locking.unlock_conversation(actor=None, conversation_id=talk, reason="Opened.")
    second = rule(moderator, message, kind)
    undo(moderator, second)
    assert shown(message) == (False, False, "good")


def test_what_staff_hid_beside_a_decision_that_does_not_hold_any_more_they_give_back(
    moderator: User,
) -> None:
    message = MessageFactory()
    rule(moderator, message, EnforcementKind.HIDE_MESSAGE)
    visibility.restore_message(actor=None, message_id=message.pk, reason="Shown.")
    visibility.hide_message(actor=moderator, message_id=message.pk, reason="A complaint by mail.")
    visibility.restore_message(actor=moderator, message_id=message.pk, reason="It was nothing.")
    assert shown(message) == (False, False, "good")


def test_an_undo_of_a_rule_does_not_show_what_staff_hid_anew(moderator: User) -> None:
    message = MessageFactory()
    visibility.hide_message(actor=None, message_id=message.pk, reason="Kept back.")
    case = claimed_case(moderator, Message.objects.get(pk=message.pk))
    snapshot = snapshots.ensure_snapshot(case=case, message=message)
    held = automatic.hold_for_a_person(
        case=case, snapshot=snapshot, failed_rule="", reason_for_user=""
    )
    visibility.restore_message(actor=None, message_id=message.pk, reason="Shown.")
    visibility.hide_message(actor=moderator, message_id=message.pk, reason="A complaint by mail.")
    acquitted = Ruling(verdict=Verdict.NO_VIOLATION)
    version = Case.objects.get(pk=case.pk).version
    decisions.decide(actor=moderator, case_id=case.pk, version=version, ruling=acquitted)
    assert held.enforcements.get().state == EnforcementState.REVERSED
    assert Message.objects.get(pk=message.pk).is_hidden


def shown(message: Message) -> tuple[bool, bool, str]:
    """Whether a message is hidden, its conversation locked, and how its owner stands."""
    found = Message.objects.select_related("conversation__owner").get(pk=message.pk)
    talk = found.conversation
    return found.is_hidden, talk.locked_at is not None, talk.owner.standing


def test_nobody_hides_or_restores_what_is_their_own(moderator: User) -> None:
    message = MessageFactory(conversation__owner=moderator)
    own = message.conversation_id
    with pytest.raises(OwnConversationError):
        visibility.hide_message(actor=moderator, message_id=message.pk, reason="Mine.")
    visibility.hide_message(actor=None, message_id=message.pk, reason="A rule.")
    locking.lock_conversation(actor=None, conversation_id=own, reason="A rule.")
    with pytest.raises(OwnConversationError):
        visibility.restore_message(actor=moderator, message_id=message.pk, reason="Mine.")
    with pytest.raises(OwnConversationError):
        locking.unlock_conversation(actor=moderator, conversation_id=own, reason="Mine.")
    assert Message.objects.get(pk=message.pk).is_hidden


@pytest.mark.parametrize("kind", [EnforcementKind.REDACT_SPAN, EnforcementKind.RETRACT_ANSWER])
def test_an_answer_that_is_still_being_written_is_not_rewritten_under_the_worker(
    moderator: User, kind: EnforcementKind
) -> None:
    answer = ReplyFactory(running=True).message
    Message.objects.filter(pk=answer.pk).update(content=TEXT)
    spans = FIRST if kind == EnforcementKind.REDACT_SPAN else ()
    with pytest.raises(ReplyInProgressError):
        rule(moderator, answer, kind, spans=spans)
    assert text_of(answer) == TEXT
    assert not Decision.objects.exists()


def test_a_restriction_whose_time_is_over_is_not_imposed_again(moderator: User) -> None:
    message = MessageFactory()
    decision = rule(moderator, message, EnforcementKind.RESTRICT, hours=1)
    acquitted = acquit(moderator, decision)
    over = timezone.now() - timedelta(minutes=1)
    Enforcement.objects.filter(decision=decision).update(ends_at=over)
    undo(moderator, acquitted)
    assert Enforcement.objects.get(decision=decision).state == EnforcementState.EXPIRED
    assert message.conversation.owner.restrictions.filter(lifted_at=None).count() == 0
