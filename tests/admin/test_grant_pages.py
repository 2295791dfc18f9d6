"""Staff see who may read which private conversation, and end that before its time."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.conversations.models import Conversation
from apps.core.errors import ValidationFailedError
from apps.moderation.errors import GrantNotFoundError, GrantRequiredError
from apps.moderation.models import AccessGrant
from apps.moderation.services.cases import grants
from apps.users.models import User
from tests.admin.conftest import SignIn
from tests.factories import ConversationFactory
from tests.moderation.factories import make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db

GRANTS = "/admin/moderation/accessgrant/"
WHY = "The other desk does this."


@pytest.fixture
def lead() -> User:
    return make_staff("lead")


@pytest.fixture
def talk(person: User) -> Conversation:
    made: Conversation = ConversationFactory(owner=person, title="About bread")
    return made


def grant_of(reader: User, conversation: Conversation) -> AccessGrant:
    return grants.open_grant(
        actor=reader, conversation_id=conversation.pk, reason="A complaint by mail."
    )


def shown(browser: Client, query: str = "") -> list[int]:
    return [row.pk for row in browser.get(f"{GRANTS}{query}").context["cl"].result_list]


def test_leads_find_everybodys_grants_by_state_and_person_and_others_their_own(
    sign_in: SignIn, lead: User, moderator: User, talk: Conversation
) -> None:
    live, ended, expired = (
        grant_of(moderator, talk),
        grant_of(make_staff(), talk),
        grant_of(make_staff(), ConversationFactory()),
    )
    grants.revoke_grant(actor=lead, grant_id=ended.pk, reason=WHY)
    AccessGrant.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    browser = sign_in(lead)
    text = browser.get(GRANTS).content.decode()
    for words in (moderator.name, "Uma", "A complaint by mail.", f"Ended early by {lead.name}"):
        assert words in text
    assert "About bread" not in text
    assert shown(browser) == [expired.pk, ended.pk, live.pk]
    assert shown(browser, "?state=live") == [live.pk]
    assert shown(browser, "?state=ended_early") == [ended.pk]
    assert shown(browser, "?state=expired") == [expired.pk]
    assert shown(browser, f"?q=reader:{moderator.pk}") == [live.pk]
    assert shown(browser, f"?q=user:{talk.owner_id}") == [ended.pk, live.pk]
    assert shown(browser, f"?q=conversation:{talk.pk}&state=live") == [live.pk]
    assert shown(sign_in(make_staff("auditor", role="user"))) == [expired.pk, ended.pk, live.pk]
    assert shown(sign_in(moderator)) == [live.pk]


def test_a_grant_that_is_ended_lets_nobody_in_and_its_owner_reads_that_it_was(
    sign_in: SignIn, lead: User, moderator: User, talk: Conversation
) -> None:
    grant = grant_of(moderator, talk)
    page = f"{GRANTS}{grant.pk}/change/"
    browser = sign_in(lead)
    assert f"{GRANTS}{grant.pk}/end/" in browser.get(page).content.decode()
    assert browser.post(f"{GRANTS}{grant.pk}/end/", {"reason": " "}).status_code == 400
    done = browser.post(f"{GRANTS}{grant.pk}/end/", {"reason": WHY}, follow=True)
    assert f"Grant {grant.pk} is ended." in done.content.decode()
    with pytest.raises(GrantRequiredError):
        grants.ensure_may_read(viewer=moderator, conversation=talk)
    event = AuditEvent.objects.get(action="access.revoked")
    assert (event.actor_id, event.reason, event.data) == (lead.pk, WHY, {"grant_id": grant.pk})
    text = browser.get(page).content.decode()
    assert WHY in text
    assert f"{GRANTS}{grant.pk}/end/" not in text
    told = sign_in(talk.owner).get(reverse("moderation:readings")).content.decode()
    assert "ended early" in told
    assert lead.name not in told
    [reading] = Caller(talk.owner).call("GET", "notices/readings")["items"]
    assert reading["is_ended_early"] is True


def test_programs_end_grants_with_a_reason_as_the_page_does(
    lead: User, moderator: User, talk: Conversation
) -> None:
    grant = grant_of(moderator, talk)
    path = f"moderation/grants/{grant.pk}"
    assert Caller(lead).call("DELETE", path, status=400)["code"] == "validation_failed"
    ended = Caller(lead).call("POST", f"{path}/end", {"reason": WHY})
    assert (ended["state"], ended["revoked_by_id"], ended["revoke_reason"]) == (
        *("ended_early", lead.pk, WHY),
    )
    again = Caller(moderator).call("POST", f"{path}/end", {"reason": "Done."})
    assert again["revoke_reason"] == WHY
    assert AuditEvent.objects.filter(action="access.revoked").count() == 1


def test_whose_conversation_it_is_ends_no_grant_on_it_and_others_need_a_reason(
    lead: User, moderator: User
) -> None:
    own = grant_of(moderator, ConversationFactory(owner=lead))
    with pytest.raises(GrantNotFoundError):
        grants.revoke_grant(actor=lead, grant_id=own.pk, reason=WHY)
    with pytest.raises(ValidationFailedError):
        grants.revoke_grant(actor=make_staff("lead"), grant_id=own.pk, reason="")
    assert grants.revoke_grant(actor=moderator, grant_id=own.pk, reason="").revoked_at is not None
