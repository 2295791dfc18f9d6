import hashlib
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from asgiref.sync import async_to_sync
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from apps.audit.models import AuditEvent
from apps.core.errors import ValidationFailedError
from apps.users.constants import MAX_TOKENS_PER_USER, TokenScope
from apps.users.errors import (
    AccountSuspendedError,
    EmailNotVerifiedError,
    InvalidCredentialsError,
    MissingScopeError,
    SecondFactorRequiredError,
    TokenLimitError,
    TokenNotFoundError,
)
from apps.users.models import ApiToken, User
from apps.users.services import principals, token_ends, tokens
from apps.users.services.tokens import TokenRequest
from tests.factories import PASSWORD, ApiTokenFactory, UserFactory
from tests.users.conftest import audited

pytestmark = pytest.mark.django_db
create_with_password = async_to_sync(tokens.create_with_password)
WANTED = TokenRequest(name=" a program ", scopes=("chat", "account", "chat"), expires_in_days=7)


def test_a_token_is_shown_once_and_kept_as_a_hash(person: User) -> None:
    made = create_with_password(email="UMA@example.com", password=PASSWORD, wanted=WANTED)
    row = ApiToken.objects.get()
    assert made.secret.startswith("parley_")
    assert len(made.secret) == len("parley_") + 43
    assert row.token_hash == hashlib.sha256(made.secret.encode()).hexdigest()
    assert (row.user, row.name, row.hint) == (person, "a program", made.secret[:12])
    assert row.scopes == ["chat", "account"]
    assert row.expires_at is not None
    assert timedelta(days=6.99) < row.expires_at - timezone.now() <= timedelta(days=7)
    assert made.secret not in str(ApiToken.objects.values().get())
    event = AuditEvent.objects.get()
    assert (event.action, event.target_id) == ("token.created", row.pk)
    assert event.data == {"scopes": ["chat", "account"]}


def test_a_wrong_pair_makes_nothing(person: User) -> None:
    UserFactory(email="closed@example.com", inactive=True)
    for email, password in (
        ("uma@example.com", "wrong"),
        ("nobody@example.com", PASSWORD),
        ("closed@example.com", PASSWORD),
    ):
        with pytest.raises(InvalidCredentialsError) as caught:
            create_with_password(email=email, password=password, wanted=WANTED)
        assert caught.value.message == "Invalid email or password"
    assert (ApiToken.objects.count(), audited()) == (0, [])


def test_an_unknown_address_costs_a_hash_too(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr("apps.users.services.passwords.make_password", hashed.append)
    with pytest.raises(InvalidCredentialsError):
        create_with_password(email="nobody@example.com", password="guess", wanted=WANTED)
    assert hashed == ["guess"]


def test_only_the_right_password_learns_of_a_suspension() -> None:
    UserFactory(email="sus@example.com", suspended=True)
    with pytest.raises(InvalidCredentialsError):
        create_with_password(email="sus@example.com", password="wrong", wanted=WANTED)
    with pytest.raises(AccountSuspendedError) as caught:
        create_with_password(email="sus@example.com", password=PASSWORD, wanted=WANTED)
    assert caught.value.reason == "You sent spam."
    assert ApiToken.objects.count() == 0


def test_an_address_must_be_confirmed_where_mail_is_configured(mail_configured: None) -> None:
    UserFactory(email="new@example.com", verified=False)
    with pytest.raises(EmailNotVerifiedError):
        create_with_password(email="new@example.com", password=PASSWORD, wanted=WANTED)
    assert ApiToken.objects.count() == 0
    UserFactory(email="old@example.com")
    create_with_password(email="old@example.com", password=PASSWORD, wanted=WANTED)
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("kind", [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])
def test_a_password_alone_makes_no_token_past_a_second_factor(
    admin: User, kind: Authenticator.Type
) -> None:
    Authenticator.objects.create(user=admin, type=kind, data={})
    wanted = TokenRequest(name="a", scopes=("staff", "account"))
    with pytest.raises(InvalidCredentialsError):
        create_with_password(email=admin.email, password="wrong", wanted=wanted)
    with pytest.raises(SecondFactorRequiredError):
        create_with_password(email=admin.email, password=PASSWORD, wanted=wanted)
    assert ApiToken.objects.count() == 0
    session = principals.principal_for_session(admin)
    assert tokens.create_token(actor=session, wanted=wanted).token.user == admin


def test_a_token_of_a_token_has_no_more_rights_and_no_longer_life(person: User) -> None:
    parent = ApiTokenFactory(user=person, scopes=["account", "chat"])
    caller = principals.identify_token(parent.secret)
    made = tokens.create_token(actor=caller, wanted=WANTED)
    assert made.token.expires_at == parent.expires_at
    assert (made.token.made_by, made.token.made_by_name) == (parent, parent.name)
    assert AuditEvent.objects.get().data["made_by"] == parent.pk
    with pytest.raises(MissingScopeError):
        tokens.create_token(actor=caller, wanted=TokenRequest("x", ("account", "staff")))
    assert ApiToken.objects.count() == 2


def test_a_token_without_the_scope_account_makes_none(person: User) -> None:
    parent = ApiTokenFactory(user=person, scopes=["chat"])
    with pytest.raises(MissingScopeError):
        tokens.create_token(
            actor=principals.identify_token(parent.secret), wanted=TokenRequest("x", ("chat",))
        )
    assert ApiToken.objects.count() == 1


def test_a_session_makes_tokens_of_every_scope(person: User) -> None:
    made = tokens.create_token(
        actor=principals.principal_for_session(person),
        wanted=TokenRequest("x", tuple(TokenScope.values), 365),
    )
    assert made.token.scopes == ["chat", "account", "staff"]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (TokenRequest(" ", ("chat",)), "name"),
        (TokenRequest("x" * 81, ("chat",)), "name"),
        (TokenRequest("a\x00b", ("chat",)), "name"),
        (TokenRequest("x", ()), "scopes"),
        (TokenRequest("x", ("everything",)), "scopes"),
        (TokenRequest("x", ("chat",), 0), "expires_in_days"),
        (TokenRequest("x", ("chat",), 366), "expires_in_days"),
    ],
)
def test_what_does_not_fit_is_named(person: User, wanted: TokenRequest, field: str) -> None:
    with pytest.raises(ValidationFailedError) as caught:
        create_with_password(email=person.email, password=PASSWORD, wanted=wanted)
    assert [problem["field"] for problem in caught.value.details or []] == [field]
    assert ApiToken.objects.count() == 0


def test_there_is_a_limit_for_each_person(person: User, stranger: User) -> None:
    ApiTokenFactory.create_batch(MAX_TOKENS_PER_USER, user=person)
    ApiTokenFactory(user=person, expired=True)
    with pytest.raises(TokenLimitError):
        create_with_password(email=person.email, password=PASSWORD, wanted=WANTED)
    create_with_password(email=stranger.email, password=PASSWORD, wanted=WANTED)


def test_the_list_holds_ones_own_usable_tokens(person: User, stranger: User) -> None:
    first, second = ApiTokenFactory.create_batch(2, user=person)
    ApiTokenFactory(user=person, expired=True)
    ApiTokenFactory(user=person, revoked=True)
    ApiTokenFactory(user=stranger)
    assert list(tokens.list_tokens(viewer=person)) == [second, first]


@pytest.mark.parametrize("who", ["person", "admin"])
def test_owners_and_admins_revoke(
    who: str,
    person: User,
    request: pytest.FixtureRequest,
    announced: list[tuple[int, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    token = ApiTokenFactory(user=person)
    actor: User = request.getfixturevalue(who)
    with django_capture_on_commit_callbacks(execute=True):
        token_ends.revoke_token(actor=actor, token_id=token.pk, reason="Leaked.")
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert announced == [(person.pk, "auth.revoked")]
    event = AuditEvent.objects.get()
    assert (event.actor_label, event.action, event.reason, event.data) == (
        actor.name,
        "token.revoked",
        "Leaked.",
        {"user_id": person.pk},
    )
    with pytest.raises(TokenNotFoundError):
        token_ends.revoke_token(actor=actor, token_id=token.pk)


@pytest.mark.parametrize("who", ["stranger", "moderator"])
def test_others_do_not_revoke(who: str, person: User, request: pytest.FixtureRequest) -> None:
    token = ApiTokenFactory(user=person)
    with pytest.raises(TokenNotFoundError):
        token_ends.revoke_token(actor=request.getfixturevalue(who), token_id=token.pk)
    token.refresh_from_db()
    assert (token.revoked_at, audited()) == (None, [])


def test_a_call_by_token_costs_one_query_and_a_minute_of_silence(
    person: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token = ApiTokenFactory(user=person)
    with django_assert_num_queries(2):
        principals.identify_token(token.secret)
    token.refresh_from_db()
    first_use = token.last_used_at
    assert first_use is not None
    with django_assert_num_queries(1):
        principals.identify_token(token.secret)
    token.refresh_from_db()
    assert token.last_used_at == first_use
    ApiToken.objects.update(last_used_at=first_use - timedelta(seconds=61))
    principals.identify_token(token.secret)
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_at >= first_use
