"""Nobody looks into the case about themself."""

import pytest

from apps.moderation.errors import OwnCaseError
from apps.moderation.services import cases
from tests.factories import ConversationFactory, MessageFactory
from tests.moderation.factories import make_case, make_staff

pytestmark = pytest.mark.django_db


def test_a_member_of_staff_does_not_see_who_reported_them() -> None:
    moderator = make_staff()
    case = make_case(MessageFactory(conversation=ConversationFactory(owner=moderator)))
    with pytest.raises(OwnCaseError):
        cases.access_case(viewer=moderator, case_id=case.pk)
