"""Groups that admins make, and those of roles that nobody changes by hand."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from apps.audit.models import AuditEvent
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.llm.constants import Period, QuotaKind, QuotaUnit
from apps.llm.models import Assistant
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from apps.users.constants import DECLARED_GROUPS, MAX_PEOPLE_AT_ONCE
from apps.users.errors import GroupInUseError, GroupNotFoundError, RoleGroupError
from apps.users.models import User
from apps.users.services import groups
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
WHY = "A new department."


@pytest.fixture
def research(admin: User) -> Group:
    return groups.create_group(actor=admin, name="  Research   lab ", reason=WHY)


def members(group: Group) -> list[int]:
    return sorted(groups.members_of(group).values_list("pk", flat=True))


def test_an_admin_makes_names_fills_and_removes_a_group_and_each_step_is_kept(
    admin: User, person: User, research: Group
) -> None:
    other = UserFactory()
    assert (research.name, research.permissions.count()) == ("Research lab", 0)
    people = [f"#{person.pk}", str(other.email).upper(), "", str(person.pk)]
    changes = {"actor": admin, "group_id": research.pk, "reason": WHY}
    assert groups.add_people(people=people, **changes) == 2
    assert groups.add_people(people=people, **changes) == 0
    assert members(research) == sorted([person.pk, other.pk])
    assert groups.remove_people(people=[other.email], **changes) == 1
    groups.rename_group(name="Science", **changes)
    groups.remove_group(**changes)
    assert not Group.objects.filter(pk=research.pk).exists()
    kept = AuditEvent.objects.filter(target_type="group", target_id=research.pk).order_by("pk")
    assert [(event.action, event.actor_id, event.reason) for event in kept] == [
        (f"group.{word}", admin.pk, WHY)
        for word in ("created", "joined", "left", "renamed", "removed")
    ]
    assert [event.data.get("people") for event in kept][1:3] == [
        sorted([person.pk, other.pk]),
        [other.pk],
    ]
    person.refresh_from_db()
    assert [group.name for group in person.groups.all()] == ["user"]


@pytest.mark.parametrize("name", sorted(DECLARED_GROUPS))
def test_a_group_of_a_role_or_duty_is_renamed_filled_and_removed_by_nobody(
    admin: User, person: User, name: str
) -> None:
    group = Group.objects.get(name=name)
    before = members(group)
    changes = {"actor": admin, "group_id": group.pk, "reason": WHY}
    with pytest.raises(RoleGroupError):
        groups.rename_group(name="Other", **changes)
    with pytest.raises(RoleGroupError):
        groups.add_people(people=[str(person.pk)], **changes)
    with pytest.raises(RoleGroupError):
        groups.remove_people(people=[str(person.pk)], **changes)
    with pytest.raises(RoleGroupError):
        groups.remove_group(**changes)
    assert (Group.objects.get(pk=group.pk).name, members(group)) == (name, before)


@pytest.mark.parametrize(
    "name", ["", " ", "x" * 81, "a\x00b", "Admin", "RULE author", "research LAB"]
)
def test_a_name_that_does_not_fit_or_is_taken_is_refused(
    admin: User, research: Group, name: str
) -> None:
    number = Group.objects.count()
    with pytest.raises(ValidationFailedError):
        groups.create_group(actor=admin, name=name, reason=WHY)
    assert Group.objects.count() == number


@pytest.mark.parametrize("lost", ["nobody@example.org", "0", "9" * 30, "#"])
def test_nobody_joins_where_one_of_the_people_is_not_there(
    admin: User, person: User, research: Group, lost: str
) -> None:
    for people in ([], [lost], [str(person.pk), lost]):
        with pytest.raises(ValidationFailedError):
            groups.add_people(actor=admin, group_id=research.pk, people=people, reason=WHY)
    assert members(research) == []


def test_only_so_many_join_at_once(admin: User, research: Group) -> None:
    crowd = [str(number) for number in range(1, MAX_PEOPLE_AT_ONCE + 2)]
    with pytest.raises(ValidationFailedError) as caught:
        groups.add_people(actor=admin, group_id=research.pk, people=crowd, reason=WHY)
    assert caught.value.details
    assert caught.value.details[0]["type"] == "people_number"


def test_a_group_that_something_names_stays(admin: User, research: Group) -> None:
    changes = {"actor": admin, "group_id": research.pk, "reason": WHY}
    assistant = Assistant.objects.create(name="Lab", audience="groups")
    assistant.groups.add(research)
    with pytest.raises(GroupInUseError):
        groups.remove_group(**changes)
    assistant.groups.clear()
    limit = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=5)
    set_quota(actor=None, subject=Subject(QuotaKind.GROUP, research.pk), limit=limit)
    with pytest.raises(GroupInUseError):
        groups.remove_group(**changes)
    assert Group.objects.filter(pk=research.pk).exists()


@pytest.mark.parametrize("who", ["moderator", "person"])
def test_only_admins_change_groups_and_only_with_a_reason(
    request: pytest.FixtureRequest, admin: User, research: Group, who: str
) -> None:
    actor: User = request.getfixturevalue(who)
    with pytest.raises(ForbiddenError):
        groups.create_group(actor=actor, name="Mine", reason=WHY)
    with pytest.raises(ForbiddenError):
        groups.add_people(actor=actor, group_id=research.pk, people=["1"], reason=WHY)
    with pytest.raises(ValidationFailedError):
        groups.create_group(actor=admin, name="Mine", reason=" ")
    with pytest.raises(GroupNotFoundError):
        groups.remove_group(actor=admin, group_id=10**9, reason=WHY)
