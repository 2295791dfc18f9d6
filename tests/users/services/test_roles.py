import threading

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.core.errors import AppError, ValidationFailedError
from apps.users.constants import DUTY_PERMISSIONS, ROLE_PERMISSIONS, Duty, Role
from apps.users.errors import LastAdminError, OwnRightsError, RoleRequiredError, UserNotFoundError
from apps.users.models import User
from apps.users.services import roles
from tests.factories import UserFactory
from tests.users.conftest import audited

pytestmark = pytest.mark.django_db


def groups_of(user: User) -> list[str]:
    return sorted(user.groups.values_list("name", flat=True))


def test_the_group_follows_the_role_and_the_person_is_signed_out(
    person: User,
    admin: User,
    announced: list[tuple[int, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with_a_right = Group.objects.create(name="reviewers")
    with_a_right.permissions.add(Permission.objects.all()[0])
    person.groups.add(with_a_right, Group.objects.create(name="Research"))
    person.user_permissions.add(Permission.objects.all()[0])
    with django_capture_on_commit_callbacks(execute=True):
        roles.change_role(actor=admin, user_id=person.pk, role="moderator", reason="Promoted.")
    person.refresh_from_db()
    assert (person.role, person.auth_epoch) == ("moderator", 1)
    assert groups_of(person) == ["Research", "moderator"]
    assert person.user_permissions.count() == 0
    assert person.has_perm("users.change_standing")
    assert announced == [(person.pk, "auth.revoked")]
    assert audited() == [("Ada", "user.role_changed", person.pk)]


def test_the_same_role_again_changes_nothing(person: User, admin: User) -> None:
    roles.change_role(actor=admin, user_id=person.pk, role="user")
    person.refresh_from_db()
    assert person.auth_epoch == 0
    assert audited() == []


def test_a_superuser_loses_all_with_the_role(admin: User) -> None:
    root = User.objects.create_superuser("root@example.com", "Quiet-river-7", name="Root")
    assert (groups_of(root), root.is_staff) == (["admin"], True)
    roles.change_role(actor=admin, user_id=root.pk, role="user")
    root.refresh_from_db()
    assert (root.is_superuser, root.is_staff, groups_of(root)) == (False, False, ["user"])


@pytest.mark.parametrize("who", ["stranger", "moderator"])
@pytest.mark.parametrize("role", Role.values)
def test_only_admins_change_roles(
    who: str, role: str, person: User, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(RoleRequiredError):
        roles.change_role(actor=request.getfixturevalue(who), user_id=person.pk, role=role)
    person.refresh_from_db()
    assert (person.role, groups_of(person), person.auth_epoch) == ("user", ["user"], 0)
    assert audited() == []


def test_an_admin_who_was_closed_meanwhile_changes_nothing(person: User, admin: User) -> None:
    User.objects.filter(pk=admin.pk).update(is_active=False)
    with pytest.raises(RoleRequiredError):
        roles.change_role(actor=admin, user_id=person.pk, role="admin")
    person.refresh_from_db()
    assert person.role == "user"


def test_nobody_changes_their_own_role(admin: User) -> None:
    UserFactory(admin=True)
    with pytest.raises(OwnRightsError):
        roles.change_role(actor=admin, user_id=admin.pk, role="user")
    admin.refresh_from_db()
    assert admin.role == "admin"


def test_unknown_roles_and_people_are_refused(person: User, admin: User) -> None:
    with pytest.raises(ValidationFailedError):
        roles.change_role(actor=admin, user_id=person.pk, role="king")
    for unknown in (0, 10**12):
        with pytest.raises(UserNotFoundError):
            roles.change_role(actor=admin, user_id=unknown, role="user")


def test_the_last_active_admin_keeps_the_role(admin: User) -> None:
    UserFactory(admin=True, inactive=True)
    with pytest.raises(LastAdminError):
        roles.change_role(actor=None, user_id=admin.pk, role="user")
    admin.refresh_from_db()
    assert (admin.role, groups_of(admin)) == ("admin", ["admin"])
    assert audited() == []


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_demote_each_other_leave_one() -> None:
    pair = [UserFactory(admin=True), UserFactory(admin=True)]
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def demote(actor: User, subject: User) -> None:
        try:
            start.wait(timeout=5)
            roles.change_role(actor=actor, user_id=subject.pk, role="user")
            outcomes.append("done")
        except AppError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=demote, args=(pair[0], pair[1])),
        threading.Thread(target=demote, args=(pair[1], pair[0])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(outcomes) == ["done", "role_required"]
    assert User.objects.admins().active().count() == 1


def test_migrations_made_what_is_declared() -> None:
    declared: dict[str, tuple[str, ...]] = {**ROLE_PERMISSIONS, **DUTY_PERMISSIONS}
    for name, rights in declared.items():
        held = {
            f"{p.content_type.app_label}.{p.codename}"
            for p in Group.objects.get(name=name).permissions.select_related("content_type")
        }
        assert held == set(rights), name


@pytest.mark.parametrize(("duty", "may_revoke"), [(Duty.LEAD, True), (Duty.AUDITOR, False)])
def test_a_duty_alone_shows_links_and_feedback(duty: Duty, may_revoke: bool) -> None:
    alone: User = UserFactory(duties=[duty])
    alone.groups.set(Group.objects.filter(name__in=["user", duty]))
    for right in ("conversations.view_share", "conversations.view_feedback"):
        assert alone.has_perm(right)
    assert alone.has_perm("conversations.revoke_share") is may_revoke


def test_sync_roles_mends_what_was_changed_by_hand(
    person: User, admin: User, capsys: pytest.CaptureFixture[str]
) -> None:
    Group.objects.get(name="moderator").permissions.clear()
    right = Permission.objects.get(codename="delete_user")
    Group.objects.get(name="user").permissions.add(right)
    person.groups.set([Group.objects.get(name="admin")])
    admin.groups.clear()
    call_command("sync_roles")
    assert capsys.readouterr().out == (
        "Taken away: user: users.delete_user\nRoles are as declared.\n"
    )
    assert (groups_of(person), groups_of(admin)) == (["user"], ["admin"])
    held = Group.objects.get(name="moderator").permissions.count()
    assert held == len(ROLE_PERMISSIONS[Role.MODERATOR])
    assert not Group.objects.get(name="user").permissions.exists()


def test_sync_roles_takes_away_what_was_added_by_hand_and_signs_its_holders_out(
    person: User, moderator: User, capsys: pytest.CaptureFixture[str]
) -> None:
    right = Permission.objects.get(codename="delete_user")
    Group.objects.get(name="moderator").permissions.add(right)
    own = Group.objects.create(name="our own group")
    own.permissions.add(right)
    own.user_set.add(person)
    call_command("sync_roles")
    assert capsys.readouterr().out == (
        "Taken away: moderator: users.delete_user\nRoles are as declared.\n"
    )
    changed = User.objects.get(pk=moderator.pk)
    assert changed.has_perm("users.delete_user") is False
    assert changed.auth_epoch == moderator.auth_epoch + 1
    left = User.objects.get(pk=person.pk)
    assert left.has_perm("users.delete_user") is True
    assert left.auth_epoch == person.auth_epoch


@pytest.mark.parametrize("who", ["person", "moderator"])
def test_rights_over_accounts_are_the_admins_alone(
    who: str, request: pytest.FixtureRequest
) -> None:
    user: User = request.getfixturevalue(who)
    for right in ("users.change_user", "users.change_role", "users.delete_user"):
        assert user.has_perm(right) is False


def test_a_suspended_admin_does_not_count_as_the_other_one(admin: User) -> None:
    UserFactory(admin=True, suspended=True)
    with pytest.raises(LastAdminError):
        roles.change_role(actor=None, user_id=admin.pk, role="user")
