"""Bearer tokens: made with a password, a session or another token; kept only as a hash."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core import db
from apps.core.problems import field_problem
from apps.users import constants
from apps.users.constants import TokenScope
from apps.users.errors import (
    InvalidCredentialsError,
    InvalidTokenError,
    MissingScopeError,
    TokenLimitError,
    TokenNotFoundError,
)
from apps.users.models import ApiToken, User
from apps.users.querysets import ApiTokenQuerySet
from apps.users.services import access, credentials, model_rules
from apps.users.services.principals import Principal, hash_token


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token at the only moment at which its secret is known."""

    token: ApiToken
    secret: str


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a token is wanted for.

    Attributes:
        name: what its owner calls it.
        scopes: words of `TokenScope`.
        expires_in_days: how long it is good for, 1 to 365.
        allowed_models: names and patterns of the models that it may ask; none for all.
    """

    name: str
    scopes: tuple[str, ...]
    expires_in_days: int = constants.DEFAULT_TOKEN_DAYS
    allowed_models: tuple[str, ...] = ()


async def create_with_password(*, email: str, password: str, wanted: TokenRequest) -> NewToken:
    """Make a token for whoever knows address and password: the first one of a program.

    Raises:
        InvalidCredentialsError: the two do not belong together, or the account is closed.
        AccountSuspendedError: they do, and the person is suspended.
        EmailNotVerifiedError: the address was never confirmed.
        SecondFactorRequiredError: the account has a second factor, so a password is not enough.
        TokenLimitError: the person has too many.
        ValidationFailedError: what is wanted does not fit.
    """
    user = await credentials.find_by_credentials(email=email, password=password)
    if user is None:
        raise InvalidCredentialsError
    return await db.call(_create_first, user, wanted)


def _create_first(known: User, wanted: TokenRequest) -> NewToken:
    """Make the token as the account is now: something may have changed while it was hashed."""
    user = User.objects.active().with_password(known.password).filter(pk=known.pk).first()
    if user is None:
        raise InvalidCredentialsError
    access.ensure_not_suspended(user)
    credentials.ensure_email_verified(user)
    credentials.ensure_password_is_enough(user)
    return make_token(actor=user, user=user, wanted=wanted)


def create_token(*, actor: Principal, wanted: TokenRequest) -> NewToken:
    """Make another token for the caller; one made by a token has no more rights and no longer life.

    Raises:
        InvalidTokenError: the caller's token ended meanwhile.
        MissingScopeError: the caller's token is not for accounts, or lacks a wanted scope.
        TokenLimitError: the person has too many.
        ValidationFailedError: what is wanted does not fit.
    """
    actor.require_scope(TokenScope.ACCOUNT)
    if not set(wanted.scopes) & set(TokenScope.values) <= actor.scopes:
        raise MissingScopeError
    return make_token(actor=actor.user, user=actor.user, wanted=wanted, parent=actor.token)


def list_tokens(*, viewer: User) -> ApiTokenQuerySet:
    """Return the viewer's own tokens that are good for something, newest first."""
    return ApiToken.objects.owned_by(viewer).usable().newest_first()


def access_token(*, viewer: User, token_id: int) -> ApiToken:
    """Return one of the viewer's own tokens that is good for something.

    Raises:
        TokenNotFoundError: there is no such token, it is not theirs, or it ended.
    """
    token = list_tokens(viewer=viewer).filter(pk=token_id).first()
    if token is None:
        raise TokenNotFoundError
    return token


def read_token(*, viewer: User, token_id: int, is_staff_work: bool) -> ApiToken:
    """Return a token that is good for something: one's own, or as an admin's staff work anybody's.

    Raises:
        TokenNotFoundError: there is no such token, it is not the viewer's, or it ended.
    """
    found = ApiToken.objects.usable().filter(pk=token_id)
    token = (found if viewer.is_admin and is_staff_work else found.owned_by(viewer)).first()
    if token is None:
        raise TokenNotFoundError
    return token


def revoke_all(*, user: User) -> int:
    """End every token of a person, inside the transaction of the change that calls for it."""
    return ApiToken.objects.owned_by(user).not_revoked().update(revoked_at=timezone.now())


@transaction.atomic
def make_token(
    *, actor: User, user: User, wanted: TokenRequest, parent: ApiToken | None = None
) -> NewToken:
    """Make a token of an account, for services that have checked who asks.

    Raises:
        InvalidTokenError: the token that makes it ended meanwhile.
        MissingScopeError: it could do more than the token that makes it.
        TokenLimitError: the account has too many.
        ValidationFailedError: what is wanted does not fit.
    """
    name = clean_name(wanted.name)
    scopes = _clean_scopes(wanted.scopes)
    models = model_rules.clean_patterns(wanted.allowed_models)
    expires_at = end_of(wanted.expires_in_days, parent)
    if parent is not None:
        model_rules.ensure_no_more_than(parent.allowed_models, models)
    User.objects.locked(user.pk).get()
    maker = _locked_maker(parent)
    if ApiToken.objects.owned_by(user).usable().count() >= constants.MAX_TOKENS_PER_USER:
        raise TokenLimitError
    secret = constants.TOKEN_PREFIX + secrets.token_urlsafe(constants.TOKEN_SECRET_BYTES)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        hint=secret[: constants.TOKEN_HINT_CHARS],
        token_hash=hash_token(secret),
        scopes=scopes,
        allowed_models=models,
        expires_at=expires_at,
        made_by=maker,
        made_by_name=maker.name if maker is not None else "",
    )
    audit.record(
        actor=actor,
        action=AuditAction.TOKEN_CREATED,
        target_type="apitoken",
        target_id=token.pk,
        data={
            "scopes": scopes,
            **({"allowed_models": models} if models else {}),
            **({"made_by": maker.pk} if maker is not None else {}),
        },
    )
    return NewToken(token=token, secret=secret)


def _locked_maker(parent: ApiToken | None) -> ApiToken | None:
    """Lock the token that makes another one: whoever revokes it has made all, or sees all."""
    if parent is None:
        return None
    maker = ApiToken.objects.usable().select_for_update().filter(pk=parent.pk).first()
    if maker is None:
        raise InvalidTokenError
    return maker


def end_of(days: int, parent: ApiToken | None) -> datetime:
    """Return when a token ends that is to last so many days, and no longer than its parent.

    Raises:
        ValidationFailedError: it is to last too long.
    """
    if not 1 <= days <= constants.MAX_TOKEN_DAYS:
        message = gettext("Use 1 to %(most)d days.") % {"most": constants.MAX_TOKEN_DAYS}
        raise field_problem("expires_in_days", message, "token_days")
    expires_at = timezone.now() + timedelta(days=days)
    if parent is not None and parent.expires_at is not None:
        expires_at = min(expires_at, parent.expires_at)
    return expires_at


def clean_name(text: str) -> str:
    """Return a name as it is kept.

    Raises:
        ValidationFailedError: it is empty or too long.
    """
    name = text.strip()
    if not 1 <= len(name) <= constants.MAX_TOKEN_NAME_CHARS or "\x00" in name:
        limit = {"most": constants.MAX_TOKEN_NAME_CHARS}
        message = gettext("Use 1 to %(most)d characters.") % limit
        raise field_problem("name", message, "token_name")
    return name


def _clean_scopes(scopes: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(scopes))
    if not wanted or not set(wanted) <= set(TokenScope.values):
        message = f"Use one or more of {', '.join(TokenScope.values)}."
        raise field_problem("scopes", message, "token_scopes")
    return wanted
