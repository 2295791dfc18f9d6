from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.audit.models import AuditEvent
from apps.core.errors import ValidationFailedError
from apps.users.constants import Standing
from apps.users.errors import (
    AccountRestrictedError,
    AccountSuspendedError,
    OwnRightsError,
    RoleRequiredError,
    StandingConflictError,
    UserNotFoundError,
)
from apps.users.models import Restriction, User
from apps.users.services import access, standing
from tests.factories import UserFactory
from tests.users.conftest import audited

pytestmark = pytest.mark.django_db
WHY = {"reason": "Spam in three talks.", "reason_for_user": "You sent spam."}


def test_a_moderator_suspends_a_person_and_signs_them_out(
    person: User,
    moderator: User,
    announced: list[tuple[int, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    until = timezone.now() + timedelta(days=3)
    with django_capture_on_commit_callbacks(execute=True):
        row = standing.suspend(actor=moderator, user_id=person.pk, until=until, **WHY)
    person.refresh_from_db()
    assert (person.standing, person.standing_until, person.auth_epoch) == ("suspended", until, 1)
    assert (row.kind, row.reason, row.reason_for_user, row.ends_at, row.created_by) == (
        "suspension",
        "Spam in three talks.",
        "You sent spam.",
        until,
        moderator,
    )
    assert announced == [(person.pk, "auth.revoked")]
    event = AuditEvent.objects.get()
    assert (event.actor_label, event.action, event.target_id, event.reason) == (
        "Mo",
        "user.suspended",
        person.pk,
        "Spam in three talks.",
    )
    assert event.data == {
        "restriction_id": row.pk,
        "reason_for_user": "You sent spam.",
        "until": until.isoformat(),
    }


def test_a_suspension_ends_by_the_clock(person: User) -> None:
    until = timezone.now() + timedelta(days=3)
    standing.suspend(actor=None, user_id=person.pk, until=until, **WHY)
    person.refresh_from_db()
    assert person.has_standing(Standing.SUSPENDED, now=until - timedelta(seconds=1))
    assert person.has_standing(Standing.GOOD, now=until)


def test_a_suspended_person_is_told_why_and_until_when(person: User) -> None:
    until = timezone.now() + timedelta(days=3)
    standing.suspend(actor=None, user_id=person.pk, until=until, **WHY)
    person.refresh_from_db()
    with pytest.raises(AccountSuspendedError) as caught:
        access.ensure_may_write(person)
    assert (caught.value.code, caught.value.status_code) == ("account_suspended", 403)
    assert (caught.value.reason, caught.value.until) == ("You sent spam.", until)
    assert caught.value.message == (
        f"Your account is suspended until {until:%Y-%m-%d %H:%M} UTC. You sent spam."
    )


def test_a_restricted_person_reads_and_does_not_write(person: User, moderator: User) -> None:
    standing.restrict(actor=moderator, user_id=person.pk, **WHY)
    person.refresh_from_db()
    assert (person.standing, person.auth_epoch) == ("restricted", 1)
    access.ensure_not_suspended(person)
    with pytest.raises(AccountRestrictedError):
        access.ensure_may_write(person)
    assert audited() == [("Mo", "user.restricted", person.pk)]


def test_a_warning_changes_no_rights(person: User, moderator: User) -> None:
    standing.warn(actor=moderator, user_id=person.pk, **WHY)
    person.refresh_from_db()
    assert (person.standing, person.auth_epoch) == ("good", 0)
    assert audited() == [("Mo", "user.warned", person.pk)]


def test_lifting_gives_the_rights_back_and_says_who_did_it(person: User, moderator: User) -> None:
    row = standing.suspend(actor=moderator, user_id=person.pk, **WHY)
    standing.lift(actor=moderator, user_id=person.pk, reason="Appeal upheld.")
    person.refresh_from_db()
    row.refresh_from_db()
    assert (person.standing, person.standing_until, person.auth_epoch) == ("good", None, 2)
    assert (row.lifted_by, row.lift_reason) == (moderator, "Appeal upheld.")
    assert row.lifted_at is not None
    assert audited()[1:] == [("Mo", "user.lifted", person.pk)]


def test_there_must_be_something_to_lift(person: User, moderator: User) -> None:
    standing.warn(actor=moderator, user_id=person.pk, **WHY)
    with pytest.raises(StandingConflictError):
        standing.lift(actor=moderator, user_id=person.pk, reason="No reason.")
    assert audited() == [("Mo", "user.warned", person.pk)]


def test_a_later_suspension_runs_beside_the_earlier_restriction(
    person: User, moderator: User
) -> None:
    earlier = standing.restrict(actor=moderator, user_id=person.pk, **WHY)
    later = standing.suspend(actor=moderator, user_id=person.pk, **WHY)
    earlier.refresh_from_db()
    assert (earlier.lifted_at, earlier.lift_reason) == (None, "")
    assert list(Restriction.objects.filter(user=person).running()) == [later, earlier]
    assert list(standing.list_restrictions(user=person)) == [later, earlier]


def test_what_is_withdrawn_gives_way_to_what_still_runs_with_its_own_end_and_reason(
    person: User, moderator: User
) -> None:
    until = timezone.now() + timedelta(days=30)
    words = {"reason": "Threats.", "reason_for_user": "You threatened."}
    standing.suspend(actor=moderator, user_id=person.pk, until=until, **words)
    second = standing.suspend(actor=moderator, user_id=person.pk, **WHY)
    standing.withdraw(actor=moderator, restriction_id=second.pk, reason="Wrong person.")
    person.refresh_from_db()
    assert (person.standing, person.standing_until) == ("suspended", until)
    with pytest.raises(AccountSuspendedError) as caught:
        access.ensure_not_suspended(person)
    assert (caught.value.reason, caught.value.until) == ("You threatened.", until)


def test_withdrawing_what_does_not_decide_leaves_the_standing_and_the_sessions(
    person: User, moderator: User
) -> None:
    restriction = standing.restrict(actor=moderator, user_id=person.pk, **WHY)
    standing.suspend(actor=moderator, user_id=person.pk, **WHY)
    standing.withdraw(actor=moderator, restriction_id=restriction.pk, reason="Wrong person.")
    person.refresh_from_db()
    assert (person.standing, person.auth_epoch) == ("suspended", 2)


def test_behind_a_suspension_that_ended_by_the_clock_a_restriction_goes_on(
    person: User, moderator: User
) -> None:
    restriction = standing.restrict(actor=moderator, user_id=person.pk, **WHY)
    row = standing.suspend(
        actor=moderator, user_id=person.pk, until=timezone.now() + timedelta(days=1), **WHY
    )
    past = timezone.now() - timedelta(seconds=1)
    Restriction.objects.filter(pk=row.pk).update(ends_at=past)
    User.objects.filter(pk=person.pk).update(standing_until=past)
    person.refresh_from_db()
    assert access.standing_of(person) == (Standing.RESTRICTED, restriction.ends_at)
    with pytest.raises(AccountRestrictedError):
        access.ensure_may_write(person)


def test_lifting_ends_everything_that_runs(person: User, moderator: User) -> None:
    standing.restrict(actor=moderator, user_id=person.pk, **WHY)
    standing.suspend(actor=moderator, user_id=person.pk, **WHY)
    standing.lift(actor=moderator, user_id=person.pk, reason="Appeal upheld.")
    person.refresh_from_db()
    assert (person.standing, person.standing_until) == ("good", None)
    assert not Restriction.objects.filter(user=person).running().exists()


def test_a_new_suspension_follows_one_that_has_ended(person: User, moderator: User) -> None:
    row = standing.suspend(actor=moderator, user_id=person.pk, **WHY)
    past = timezone.now() - timedelta(seconds=1)
    Restriction.objects.filter(pk=row.pk).update(ends_at=past)
    User.objects.filter(pk=person.pk).update(standing_until=past)
    later = standing.restrict(actor=moderator, user_id=person.pk, **WHY)
    assert list(Restriction.objects.filter(user=person).active()) == [later]


def test_a_restriction_does_not_weaken_a_suspension(person: User, moderator: User) -> None:
    standing.suspend(actor=moderator, user_id=person.pk, **WHY)
    standing.restrict(
        actor=moderator, user_id=person.pk, until=timezone.now() + timedelta(days=1), **WHY
    )
    person.refresh_from_db()
    assert (person.standing, person.standing_until, person.auth_epoch) == ("suspended", None, 1)


@pytest.mark.parametrize("act", [standing.warn, standing.restrict, standing.suspend])
@pytest.mark.parametrize(
    ("actor", "subject", "error"),
    [
        ("stranger", "person", RoleRequiredError),
        ("moderator", "moderator", OwnRightsError),
        ("moderator", "other moderator", RoleRequiredError),
        ("moderator", "admin", RoleRequiredError),
        ("admin", "admin", OwnRightsError),
        ("admin", "other admin", RoleRequiredError),
    ],
)
def test_the_order_of_roles_holds(
    act: object, actor: str, subject: str, error: type[Exception], request: pytest.FixtureRequest
) -> None:
    role = subject.removeprefix("other ")
    target: User = (
        UserFactory(**{role: True})
        if subject.startswith("other ")
        else request.getfixturevalue(subject)
    )
    before = User.objects.values().get(pk=target.pk)
    with pytest.raises(error):
        act(actor=request.getfixturevalue(actor), user_id=target.pk, **WHY)  # type: ignore[operator]
    assert User.objects.values().get(pk=target.pk) == before
    assert (audited(), Restriction.objects.count()) == ([], 0)


def test_an_admin_suspends_a_moderator_who_may_then_do_nothing(
    person: User, moderator: User, admin: User
) -> None:
    standing.suspend(actor=admin, user_id=moderator.pk, **WHY)
    moderator.refresh_from_db()
    assert moderator.is_suspended
    with pytest.raises(RoleRequiredError):
        standing.warn(actor=moderator, user_id=person.pk, **WHY)
    assert audited() == [("Ada", "user.suspended", moderator.pk)]


def test_a_moderator_who_was_demoted_meanwhile_is_refused(person: User, moderator: User) -> None:
    assert moderator.has_perm("users.change_standing")
    moderator.groups.clear()
    with pytest.raises(RoleRequiredError):
        standing.suspend(actor=moderator, user_id=person.pk, **WHY)


def test_nobody_cannot_be_suspended(moderator: User) -> None:
    for unknown in (0, 10**12):
        with pytest.raises(UserNotFoundError):
            standing.suspend(actor=moderator, user_id=unknown, **WHY)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 2001}, "reason"),
        ({"reason": "a\x00b"}, "reason"),
        ({"reason_for_user": ""}, "reason_for_user"),
        ({"until": timezone.now() - timedelta(seconds=1)}, "until"),
    ],
)
def test_a_suspension_needs_reasons_and_a_future_end(
    person: User, moderator: User, change: dict[str, object], field: str
) -> None:
    with pytest.raises(ValidationFailedError) as caught:
        standing.suspend(actor=moderator, user_id=person.pk, **{**WHY, **change})  # type: ignore[arg-type]
    assert [problem["field"] for problem in caught.value.details or []] == [field]
    person.refresh_from_db()
    assert (person.standing, person.auth_epoch, audited()) == ("good", 0, [])
