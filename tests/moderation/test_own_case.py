"""Nobody looks into the case about themself."""

import pytest

from apps.moderation.errors import OwnCaseError
from apps.moderation.models import Note
from apps.moderation.services import cases, desk
from tests.factories import ConversationFactory, MessageFactory
from tests.moderation.factories import make_case, make_staff

pytestmark = pytest.mark.django_db


def test_a_member_of_staff_does_not_see_who_reported_them() -> None:
    moderator = make_staff()
    case = make_case(MessageFactory(conversation=ConversationFactory(owner=moderator)))
    with pytest.raises(OwnCaseError):
        cases.access_case(viewer=moderator, case_id=case.pk)


def test_nobody_writes_a_note_on_the_case_about_themself_or_lists_it() -> None:
    moderator = make_staff()
    own = make_case(MessageFactory(conversation=ConversationFactory(owner=moderator)))
    other = make_case()
    with pytest.raises(OwnCaseError):
        cases.add_note(actor=moderator, case_id=own.pk, text="It was a joke.")
    assert not Note.objects.exists()
    assert list(desk.list_cases(viewer=moderator, chosen={})) == [other]
