"""A token is revoked with what was made with it, or alone."""

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from apps.audit.models import AuditEvent
from apps.users.errors import InvalidTokenError
from apps.users.models import ApiToken, User
from apps.users.services import principals, service_accounts, token_ends, tokens
from apps.users.services.tokens import TokenRequest
from tests.factories import ApiTokenFactory

pytestmark = pytest.mark.django_db
WANTED = TokenRequest(name="next", scopes=("chat", "account"))


def make_with(secret: str) -> tokens.NewToken:
    return tokens.create_token(actor=principals.identify_token(secret), wanted=WANTED)


def usable() -> set[int]:
    return set(ApiToken.objects.usable().values_list("pk", flat=True))


@pytest.fixture
def root(person: User) -> ApiToken:
    token: ApiToken = ApiTokenFactory(user=person, name="leaked")
    return token


def test_what_a_token_made_outlives_it_so_that_a_program_may_change_its_token(
    person: User, root: ApiToken
) -> None:
    made = make_with(root.secret)
    assert token_ends.revoke_token(actor=person, token_id=root.pk) == 0
    assert usable() == {made.token.pk}


def test_all_that_came_of_a_token_ends_with_it_also_behind_one_that_had_ended(
    person: User,
    root: ApiToken,
    announced: list[tuple[int, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    other = ApiTokenFactory(user=person)
    between = make_with(root.secret)
    last = make_with(between.secret)
    token_ends.revoke_token(actor=person, token_id=between.token.pk)
    with django_capture_on_commit_callbacks(execute=True):
        ended = token_ends.revoke_token(
            actor=person, token_id=root.pk, reason="Leaked.", with_made=True
        )
    assert (ended, usable()) == (1, {other.pk})
    assert announced == [(person.pk, "auth.revoked")] * 2
    events = AuditEvent.objects.filter(action="token.revoked", reason="Leaked.").order_by("id")
    assert list(events.values_list("target_id", "data")) == [
        (root.pk, {"user_id": person.pk}),
        (last.token.pk, {"user_id": person.pk, "with": root.pk}),
    ]


def test_a_token_that_was_revoked_under_a_call_makes_none(person: User, root: ApiToken) -> None:
    caller = principals.identify_token(root.secret)
    token_ends.revoke_token(actor=person, token_id=root.pk, with_made=True)
    with pytest.raises(InvalidTokenError):
        tokens.create_token(actor=caller, wanted=WANTED)
    assert usable() == set()


@pytest.mark.parametrize("is_staff_work", [True, False])
def test_tokens_of_a_service_account_end_with_an_admins_only_as_staff_work(
    admin: User, is_staff_work: bool
) -> None:
    root = ApiTokenFactory(user=admin)
    account = service_accounts.create_service_account(actor=admin, name="Bot")
    wanted = TokenRequest(name="bot", scopes=("chat",))
    made = service_accounts.create_token(
        actor=admin, account_id=account.pk, wanted=wanted, parent=root
    )
    ended = token_ends.revoke_token(
        actor=admin, token_id=root.pk, is_staff_work=is_staff_work, with_made=True
    )
    assert ended == int(is_staff_work)
    assert usable() == (set() if is_staff_work else {made.token.pk})


def test_the_name_of_the_token_that_made_one_stays_when_it_is_gone(
    person: User, root: ApiToken
) -> None:
    made = make_with(root.secret).token
    ApiToken.objects.filter(pk=root.pk).delete()
    made.refresh_from_db()
    assert (made.made_by_id, made.made_by_name) == (None, "leaked")


def test_the_own_list_counts_what_came_of_each_in_two_queries(
    person: User, root: ApiToken, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = make_with(root.secret)
    second = make_with(first.secret)
    ApiTokenFactory(user=person, made_by=second.token, expires_at=timezone.now())
    with django_assert_num_queries(2):
        listed = token_ends.list_own(viewer=person)
    assert [(one.token.pk, one.made) for one in listed] == [
        (second.token.pk, 0),
        (first.token.pk, 1),
        (root.pk, 2),
    ]
