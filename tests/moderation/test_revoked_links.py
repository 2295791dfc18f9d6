"""Staff revoke a shared link: decided under a policy, told to its owner, open to appeal."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.conversations.errors import HeldByDecisionError, ShareAlreadyRevokedError
from apps.conversations.models import Conversation, Share
from apps.conversations.services import deleting, shares, withdrawing
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.moderation.constants import AppealState, CaseState, EnforcementKind, Verdict
from apps.moderation.models import Appeal, Case, Decision, Enforcement, Notice, Strike
from apps.moderation.services.appeals import appeals
from apps.moderation.services.appeals.appeals import Review
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import by_hand, decisions, reversals
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.effects import Measure
from apps.moderation.services.desk import timelines
from apps.users.models import User
from tests.factories import ConversationFactory, MessageFactory, UserFactory
from tests.moderation.factories import claimed_case, make_policy, make_staff

pytestmark = pytest.mark.django_db
WHY = {"policy": "insults", "reason": "A child's address.", "reason_for_user": "It names a child."}


@pytest.fixture(autouse=True)
def _policy(db: None) -> None:
    make_policy()


@pytest.fixture
def moderator() -> User:
    return make_staff()


@pytest.fixture
def talk() -> Conversation:
    found: Conversation = ConversationFactory(owner=UserFactory(name="Uma"), title="A letter")
    MessageFactory(conversation=found, content="Dear Ms Miller")
    return found


@pytest.fixture
def link(talk: Conversation) -> Share:
    return shares.create_share(
        actor=talk.owner, conversation_id=talk.pk, expires_in_days=None
    ).share


def revoke(actor: User, link: Share, policy: str = "insults") -> Decision:
    return by_hand.revoke_share(
        actor=actor,
        share_id=link.pk,
        policy_code=policy,
        reason=WHY["reason"],
        reason_for_user=WHY["reason_for_user"],
    )


def works(link: Share) -> bool:
    link.refresh_from_db()
    return link.revoked_at is None and not link.is_revoked_by_staff


def test_revoking_a_link_from_its_page_is_a_decision_that_its_owner_can_appeal(
    talk: Conversation, link: Share, moderator: User, client: Client
) -> None:
    client.force_login(moderator)
    done = client.post(f"/admin/conversations/share/{link.pk}/revoke/", WHY, follow=True).text
    case = Case.objects.get()
    assert f"Case {case.pk}</a> keeps the decision." in done
    assert (case.state, case.is_about_person, case.subject_id) == (
        CaseState.CLOSED,
        True,
        talk.owner_id,
    )
    assert timelines.effects_on(case) == [f"Revoke the shared link #{link.pk} (active)"]
    assert not works(link)
    assert not Strike.objects.exists()
    notice = Notice.objects.get()
    assert (notice.title, notice.conversation_id) == ("A shared link of yours was revoked", talk.pk)
    assert "Policy: No insults. Do not insult people.\n\nReason: It names a child." in notice.body
    client.force_login(talk.owner)
    page = client.get("/settings/shared/").text
    assert re.findall(r'href="(/settings/notices/\d+/)"', page) == [
        f"/settings/notices/{notice.pk}/"
    ]
    sent = {"text": "It is my own child."}
    client.post(f"/settings/notices/{notice.pk}/appeal/", sent)
    assert Appeal.objects.get().case_id == case.pk


def test_an_appeal_that_is_accepted_gives_the_link_back(
    talk: Conversation, link: Share, moderator: User
) -> None:
    revoke(moderator, link)
    appeal = appeals.submit(
        actor=talk.owner, notice_id=Notice.objects.get().pk, text="It is my own child."
    )
    lead = make_staff("lead")
    case = cases.claim(actor=lead, case_id=appeal.case_id)
    review = Review(outcome=AppealState.OVERTURNED, reason="It is.", reason_for_user="It is.")
    decided = appeals.decide_appeal(
        actor=lead, appeal_id=appeal.pk, version=case.version, review=review
    )
    assert works(link)
    assert Enforcement.objects.get().state == "reversed"
    told = Notice.objects.latest("pk")
    assert told.conversation_id == talk.pk
    assert "undone: the link works again, unless something else has ended it." in told.body
    assert "text" not in told.body
    assert AuditEvent.objects.get(action="share.given_back").actor_id == lead.pk
    reversals.undo(actor=lead, decision_id=decided.outcome_id, reason="The wrong link.")
    assert not works(link)


def test_a_deleted_conversation_stays_while_an_appeal_about_its_link_waits(
    talk: Conversation, link: Share, moderator: User
) -> None:
    revoke(moderator, link)
    notice = Notice.objects.get()
    appeals.submit(actor=talk.owner, notice_id=notice.pk, text="It is my own child.")
    deleting.delete_conversation(actor=talk.owner, conversation_id=talk.pk)
    Conversation.objects.update(deleted_at=timezone.now() - timedelta(days=31))
    assert deleting.purge_some() == 0
    appeals.withdraw(actor=talk.owner, notice_id=notice.pk)
    assert deleting.purge_some() == 1


def test_a_link_that_a_decision_revoked_is_given_back_on_its_case_alone(
    link: Share, moderator: User, client: Client
) -> None:
    decision = revoke(moderator, link)
    with pytest.raises(HeldByDecisionError):
        withdrawing.give_share_back(actor=moderator, share_id=link.pk, reason="A mistake.")
    client.force_login(moderator)
    page = client.get(f"/admin/conversations/share/{link.pk}/change/").text
    assert "give-back" not in page
    assert f"/admin/moderation/queue/{decision.case_id}/" in page
    reversals.undo(actor=moderator, decision_id=decision.pk, reason="A mistake.")
    assert works(link)


def test_a_link_stays_revoked_while_another_decision_revokes_it(
    link: Share, moderator: User
) -> None:
    first = revoke(moderator, link)
    Share.objects.update(revoked_at=None, is_revoked_by_staff=False)
    revoke(moderator, link)
    reversals.undo(actor=moderator, decision_id=first.pk, reason="A mistake.")
    assert not works(link)


def test_nobody_revokes_a_link_twice_without_the_right_or_where_no_link_is(
    link: Share, moderator: User
) -> None:
    with pytest.raises(ForbiddenError):
        revoke(UserFactory(), link)
    case = claimed_case(moderator)
    ruling = Ruling(
        verdict=Verdict.VIOLATES,
        policy_code="insults",
        reason="An insult.",
        measures=[Measure(kind=EnforcementKind.REVOKE_SHARE)],
    )
    with pytest.raises(ValidationFailedError):
        decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    revoke(moderator, link)
    with pytest.raises(ShareAlreadyRevokedError):
        revoke(moderator, link)
    assert Case.objects.count() == 2
