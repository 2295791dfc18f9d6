"""A lead gives a case to somebody, and staff flag a message, by the plain forms of their pages."""

import pytest
from django.urls import reverse

from apps.moderation.models import Flag
from apps.users.models import User
from tests.admin.conftest import SignIn, Talk, open_case
from tests.moderation.factories import make_case, make_staff

pytestmark = pytest.mark.django_db
WHY = "She speaks Dutch."


def test_a_plain_form_of_the_page_gives_a_case_and_keeps_what_was_typed(sign_in: SignIn) -> None:
    lead = make_staff("lead")
    noor, reporter = make_staff(), make_staff()
    case = make_case(reporter=reporter)
    page = f"/admin/moderation/queue/{case.pk}/"
    browser = sign_in(lead)
    assert f"{page}reassign/" in browser.get(page).content.decode()
    assert f"{noor.name} (#{noor.pk})" in browser.get(f"{page}reassign/").content.decode()
    refused = browser.post(f"{page}reassign/", {"user_id": reporter.pk, "reason": WHY})
    assert refused.status_code == 400
    assert "They have a part in this case." in refused.content.decode()
    assert WHY in refused.content.decode()
    done = browser.post(f"{page}reassign/", {"user_id": noor.pk, "reason": WHY})
    assert (done.status_code, done["Location"]) == (302, page)
    case.refresh_from_db()
    assert case.claimed_by_id == noor.pk
    assert "reassign" not in sign_in(noor).get(page).content.decode()


def test_a_message_is_flagged_from_its_page_and_stays_as_it_is(
    talk: Talk, moderator: User, sign_in: SignIn
) -> None:
    message = talk.question
    open_case(talk.answer)
    browser = sign_in(moderator)
    url = reverse("admin:conversations_message_flag", args=[message.pk])
    page = reverse("admin:conversations_message_change", args=[message.pk])
    assert url in browser.get(page).content.decode()
    done = browser.post(url, {"policy": "", "reason": WHY}, follow=True)
    assert f"Message {message.pk} is in the queue." in done.content.decode()
    assert Flag.objects.get(message=message).comment == WHY
    again = browser.post(url, {"policy": "", "reason": WHY})
    assert again.status_code == 409
    assert "You reported this message already." in again.content.decode()
    message.refresh_from_db()
    assert not message.is_hidden
