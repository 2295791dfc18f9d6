"""What may change of a token that was made, and who may change it: never what it is good for."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.preconditions import Precondition
from apps.users.constants import TokenScope
from apps.users.errors import TokenNotFoundError
from apps.users.models import ApiToken
from apps.users.querysets import ApiTokenQuerySet
from apps.users.services import access, model_rules
from apps.users.services.principals import Principal
from apps.users.services.tokens import clean_name, end_of


@transaction.atomic
def change_token(
    *,
    actor: Principal,
    token_id: int,
    name: str | None = None,
    expires_in_days: int | None = None,
    allowed_models: Sequence[str] | None = None,
    precondition: Precondition | None = None,
) -> ApiToken:
    """Change what a token of one's own is called, how long it is good for and what it may ask.

    By a token nothing is given that it does not have itself; the scopes of a token never change.

    Args:
        actor: the owner; an admin for the token of a service account.
        token_id: which token.
        name: another name.
        expires_in_days: another end, counted from now.
        allowed_models: other models, none for all.

    Raises:
        MissingScopeError: the caller's token is not for accounts, or could do less.
        PreconditionFailedError: the token is not any more what the actor has read.
        TokenNotFoundError: there is no such token, it is not the actor's, or it ended before.
        ValidationFailedError: a value does not fit.
    """
    token = lock_manageable(actor=actor, token_id=token_id, precondition=precondition)
    changed: list[str] = []
    if name is not None:
        token.name = clean_name(name)
        changed.append("name")
    if expires_in_days is not None:
        token.expires_at, token.warned_at = end_of(expires_in_days, actor.token), None
        changed.append("expires_at")
    if allowed_models is not None:
        token.allowed_models = model_rules.clean_patterns(allowed_models)
        if actor.token is not None:
            model_rules.ensure_no_more_than(actor.token.allowed_models, token.allowed_models)
        changed.append("allowed_models")
    token.save(update_fields=["name", "expires_at", "warned_at", "allowed_models"])
    audit.record(
        actor=actor.user,
        action=AuditAction.TOKEN_CHANGED,
        target_type="apitoken",
        target_id=token.pk,
        data={"fields": changed},
    )
    access.announce_revoked(token.user_id)
    return token


def access_manageable(*, viewer: Principal, token_id: int) -> ApiToken:
    """Return a token that the viewer may change: their own, or as an admin a service account's.

    Raises:
        MissingScopeError: the viewer came by a token that is not for that.
        TokenNotFoundError: there is no such token, it is not theirs, or it ended.
    """
    return _manageable(viewer, token_id, ApiToken.objects.usable())


def lock_manageable(
    *, actor: Principal, token_id: int, precondition: Precondition | None = None
) -> ApiToken:
    """Lock and return such a token, inside the transaction that changes something about it.

    Raises:
        MissingScopeError, TokenNotFoundError: as above.
        PreconditionFailedError: the token is not any more what the actor has read.
    """
    locked = ApiToken.objects.usable().select_for_update(of=("self",))
    token = _manageable(actor, token_id, locked)
    if precondition is not None:
        precondition.check(token)
    return token


def _manageable(actor: Principal, token_id: int, rows: ApiTokenQuerySet) -> ApiToken:
    token = rows.select_related("user").filter(pk=token_id).first()
    if token is not None and token.user.is_service and actor.user.manages_people:
        actor.require_scope(TokenScope.STAFF)
        return token
    actor.require_scope(TokenScope.ACCOUNT)
    if token is None or token.user_id != actor.user.pk:
        raise TokenNotFoundError
    return token
