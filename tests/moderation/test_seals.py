"""A case that an undo opens again long after lets nobody into its conversation; see 0203."""

import pytest
from django.test import Client

from apps.conversations.models import Conversation
from apps.moderation.constants import FlagSource, Verdict
from apps.moderation.errors import GrantRequiredError
from apps.moderation.models import Case, Notice
from apps.moderation.services.appeals import appeals
from apps.moderation.services.cases import cases, flags, grants
from apps.moderation.services.decisions import decisions, reversals
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.desk import case_texts
from apps.users.models import User
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import make_case, make_policy, make_staff

pytestmark = pytest.mark.django_db
SECRET = "Flour and water."


@pytest.fixture
def moderator() -> User:
    return make_staff()


@pytest.fixture
def conversation() -> Conversation:
    made: Conversation = MessageFactory(content=SECRET).conversation
    return made


def test_undoing_an_old_decision_lets_nobody_in_until_the_message_is_flagged_again(
    moderator: User, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = conversation.messages.get()
    MessageFactory(conversation=conversation, content="What was said next.")
    case = make_case(message)
    case = cases.claim(actor=moderator, case_id=case.pk)
    ruling = Ruling(verdict=Verdict.NO_VIOLATION)
    made = decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    monkeypatch.setattr(reversals, "UNDO_SECONDS", 0)
    reversals.undo(actor=moderator, decision_id=made.pk, reason="Once more.")
    case.refresh_from_db()
    assert not case.is_closed
    with pytest.raises(GrantRequiredError):
        grants.ensure_may_read(viewer=moderator, conversation=conversation)
    with pytest.raises(GrantRequiredError):
        case_texts.read_more(viewer=moderator, case_id=case.pk, beyond=message.pk)
    browser = Client()
    browser.force_login(moderator)
    for page in (f"moderation/case/{case.pk}/change", "conversations/message"):
        assert "What was said next." not in browser.get(f"/admin/{page}/").text
    flags.raise_flag(message=message, source=FlagSource.STAFF, reporter=make_staff())
    with pytest.raises(GrantRequiredError):
        grants.ensure_may_read(viewer=moderator, conversation=conversation)
    flags.raise_flag(message=message, source=FlagSource.USER, reporter=UserFactory())
    assert grants.ensure_may_read(viewer=moderator, conversation=conversation) is None


def test_taking_an_old_unsure_back_shuts_nobody_out(
    moderator: User, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = conversation.messages.get()
    MessageFactory(conversation=conversation, content="What was said next.")
    case = cases.claim(actor=moderator, case_id=make_case(message).pk)
    ruling = Ruling(verdict=Verdict.UNSURE)
    made = decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    monkeypatch.setattr(reversals, "UNDO_SECONDS", 0)
    browser = Client()
    browser.force_login(moderator)
    assert 'id="mod-undo-reason"' in browser.get(f"/admin/moderation/queue/{case.pk}/").text
    undo = f"/admin/moderation/queue/decisions/{made.pk}/undo/"
    browser.post(undo, {"reason": "I know it now."})
    case.refresh_from_db()
    assert (case.is_sealed, case.claimed_by_id) == (False, moderator.pk)
    after = case_texts.read_more(viewer=moderator, case_id=case.pk, beyond=message.pk).after
    assert [line.plain for line in after] == ["What was said next."]


def test_undoing_a_slip_lets_in_as_before(moderator: User, conversation: Conversation) -> None:
    case = cases.claim(actor=moderator, case_id=make_case(conversation.messages.get()).pk)
    ruling = Ruling(verdict=Verdict.NO_VIOLATION)
    made = decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    reversals.undo(actor=moderator, decision_id=made.pk, reason="")
    assert grants.ensure_may_read(viewer=moderator, conversation=conversation) is None


def test_an_appeal_lets_in_again_whoever_looks_at_it(
    moderator: User, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_policy()
    violates = Ruling(verdict=Verdict.VIOLATES, policy_code="insults", reason="An insult.")
    case = cases.claim(actor=moderator, case_id=make_case(conversation.messages.get()).pk)
    decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=violates)
    case = Case.objects.get(pk=case.pk)
    monkeypatch.setattr(reversals, "UNDO_SECONDS", 0)
    latest = decisions.latest_decision(case)
    assert latest is not None
    reversals.undo(actor=moderator, decision_id=latest.pk, reason="Once more.")
    case = cases.claim(actor=moderator, case_id=case.pk)
    decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=violates)
    assert Case.objects.get(pk=case.pk).is_sealed
    lead = make_staff("lead")
    notice = Notice.objects.filter(subject=conversation.owner, appeal_until__isnull=False).latest(
        "pk"
    )
    appeals.submit(actor=conversation.owner, notice_id=notice.pk, text="I meant the cat.")
    assert not Case.objects.get(pk=case.pk).is_sealed
    assert grants.ensure_may_read(viewer=lead, conversation=conversation) is None
