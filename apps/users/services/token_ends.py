"""A token is revoked: alone, or with all that was made with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.preconditions import Precondition
from apps.core.problems import clean_reason
from apps.users import statements
from apps.users.errors import TokenNotFoundError
from apps.users.models import ApiToken, User
from apps.users.querysets import ApiTokenQuerySet
from apps.users.services import access, tokens


@dataclass(frozen=True, slots=True)
class OwnToken:
    """A token as its owner sees it in the list.

    Attributes:
        token: the token.
        made: how many others end where it is revoked with all that was made with it.
    """

    token: ApiToken
    made: int


def list_own(*, viewer: User) -> list[OwnToken]:
    """Return the viewer's own tokens that are good for something, newest first."""
    found = list(tokens.list_tokens(viewer=viewer))
    made = Counter(one.root for one in _made_with(viewer, found, reaches_others=viewer.is_admin))
    return [OwnToken(token=one, made=made[one.pk]) for one in found]


def count_made(*, viewer: User, token: ApiToken) -> int:
    """Return how many usable tokens came of one, as far as an admin may end them."""
    return len(_made_with(viewer, [token], reaches_others=viewer.is_admin))


@transaction.atomic
def revoke_token(
    *,
    actor: User,
    token_id: int,
    reason: str = "",
    is_staff_work: bool = True,
    with_made: bool = False,
    precondition: Precondition | None = None,
) -> int:
    """End a token now: one's own, or as an admin's staff work anybody's.

    Args:
        actor: its owner or an admin.
        token_id: which token.
        reason: why, for the record; it may be empty.
        is_staff_work: whether an admin may reach what is not their own.
        with_made: whether what was made with it ends too, and what was made with that, as far as
            the actor could end each alone.
        precondition: what the actor has read.

    Returns:
        How many others ended with it.

    Raises:
        PreconditionFailedError: the token is not any more what the actor has read.
        TokenNotFoundError: there is no such token, it is not the actor's, or it ended before.
    """
    reaches_others = actor.is_admin and is_staff_work
    found = ApiToken.objects.all() if reaches_others else ApiToken.objects.owned_by(actor)
    token = _locked(found, token_id)
    if precondition is not None:
        precondition.check(token)
    return _revoke(actor, token, reason, with_made=with_made, reaches_others=reaches_others)


@transaction.atomic
def revoke_own_token(*, actor: User, token_id: int, with_made: bool = False) -> int:
    """End a token of one's own from a session, and as above what was made with it.

    Raises:
        TokenNotFoundError: there is no such token, it is not the actor's, or it ended before.
    """
    token = _locked(ApiToken.objects.owned_by(actor), token_id)
    return _revoke(actor, token, "", with_made=with_made, reaches_others=actor.is_admin)


def _locked(found: ApiTokenQuerySet, token_id: int) -> ApiToken:
    token = found.select_for_update().not_revoked().filter(pk=token_id).first()
    if token is None:
        raise TokenNotFoundError
    return token


def _revoke(
    actor: User, token: ApiToken, reason: str, *, with_made: bool, reaches_others: bool
) -> int:
    reason = clean_reason(reason, field="reason", is_required=False)
    _end(actor, token, reason)
    return _end_made(actor, token, reason, reaches_others=reaches_others) if with_made else 0


def _end_made(actor: User, root: ApiToken, reason: str, *, reaches_others: bool) -> int:
    """End all that came of a token, until nothing is left: one may make another meanwhile."""
    ended = 0
    while found := _made_with(actor, [root], reaches_others=reaches_others):
        numbers = [one.token_id for one in found]
        live = ApiToken.objects.not_revoked().filter(pk__in=numbers).order_by("pk")
        for token in live.select_for_update():
            _end(actor, token, reason, root=root)
            ended += 1
    return ended


def _made_with(
    viewer: User, roots: Sequence[ApiToken], *, reaches_others: bool
) -> list[statements.MadeToken]:
    numbers = [one.pk for one in roots]
    found = statements.find_made_with(token_ids=numbers, now=timezone.now())
    return [one for one in found if reaches_others or one.user_id == viewer.pk]


def _end(actor: User, token: ApiToken, reason: str, *, root: ApiToken | None = None) -> None:
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    audit.record(
        actor=actor,
        action=AuditAction.TOKEN_REVOKED,
        target_type="apitoken",
        target_id=token.pk,
        reason=reason,
        data={"user_id": token.user_id, **({"with": root.pk} if root is not None else {})},
    )
    access.announce_revoked(token.user_id)
