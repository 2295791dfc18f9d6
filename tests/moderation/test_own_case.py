"""Nobody looks into the case about themself."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.moderation.errors import OwnCaseError
from apps.moderation.models import (
    Appeal,
    Case,
    Decision,
    Enforcement,
    Flag,
    Note,
    Notice,
    RuleHit,
    Strike,
)
from apps.moderation.services import appeals, cases, desk
from tests.factories import ConversationFactory, MessageFactory, UserFactory
from tests.moderation.factories import make_case, make_decided, make_staff

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
    assert list(desk.list_cases(viewer=moderator, filters={})) == [other]


ABOUT = {
    Appeal: "subject",
    Case: "subject",
    Decision: "case__subject",
    Enforcement: "decision__case__subject",
    Flag: "case__subject",
    Notice: "subject",
    RuleHit: "subject",
    Strike: "subject",
}


@pytest.mark.parametrize("model", ABOUT)
def test_no_record_shows_staff_what_is_about_themselves(client: Client, model: Any) -> None:
    moderator = make_staff()
    for person in (moderator, UserFactory()):
        make_decided(person)
    own = model._default_manager.get(**{ABOUT[model]: moderator})
    other = model._default_manager.exclude(pk=own.pk).get()
    client.force_login(moderator)
    name = f"admin:moderation_{model._meta.model_name}"
    found = client.get(reverse(f"{name}_changelist")).context["cl"].result_list
    assert [row.pk for row in found] == [other.pk]
    assert client.get(reverse(f"{name}_change", args=[own.pk])).status_code == 404
    assert client.get(reverse(f"{name}_change", args=[other.pk])).status_code == 200


def test_the_lists_for_programs_leave_out_what_is_about_the_viewer() -> None:
    moderator, other = make_staff(), UserFactory()
    for person in (moderator, other):
        make_decided(person)
    flags = desk.list_flags(viewer=moderator)
    assert [flag.case.subject_id for flag in flags] == [other.pk]
    found = appeals.list_appeals(viewer=moderator)
    assert [appeal.subject_id for appeal in found] == [other.pk]
