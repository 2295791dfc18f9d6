"""Whether a person may act at the moment, and taking back what was opened before that changed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from apps.core.realtime.groups import announce_on_commit
from apps.users.constants import AUTH_REVOKED_EVENT, RestrictionKind, Standing
from apps.users.errors import AccountRestrictedError, AccountSuspendedError
from apps.users.models import Restriction, User


def suspension_of(user: User) -> AccountSuspendedError | None:
    """Return what a suspended person is told; None for everybody else."""
    if not user.is_suspended:
        return None
    running = Restriction.objects.of_user(user).suspensions().running()
    restriction = running.first()
    reason = restriction.reason_for_user if restriction is not None else ""
    return AccountSuspendedError(reason=reason, until=user.standing_until)


def standing_of(user: User) -> tuple[Standing, datetime | None]:
    """Return how a person stands at the moment, and until when if it ends by itself.

    The person's row tells it, but for one thing: behind a suspension that has ended by the clock a
    restriction may go on, and only the restrictions themselves say so.
    """
    if user.standing == Standing.GOOD:
        return Standing.GOOD, None
    if user.has_standing(Standing(user.standing)):
        return Standing(user.standing), user.standing_until
    return running_standing(user)


def running_standing(
    user: User, *, without: Collection[int] = ()
) -> tuple[Standing, datetime | None]:
    """Return what the restrictions that run at the moment say of a person.

    Args:
        user: who.
        without: numbers of restrictions that are about to end.
    """
    running = Restriction.objects.of_user(user).running()
    restriction = running.exclude(pk__in=without).first()
    if restriction is None:
        return Standing.GOOD, None
    is_suspended = restriction.kind == RestrictionKind.SUSPENSION
    return (Standing.SUSPENDED if is_suspended else Standing.RESTRICTED), restriction.ends_at


def ensure_not_suspended(user: User) -> None:
    """Check that the person is not kept out at the moment.

    Raises:
        AccountSuspendedError: the person is, with the reason and the end.
    """
    refusal = suspension_of(user)
    if refusal is not None:
        raise refusal


def ensure_may_write(user: User) -> None:
    """Check that the person may write messages at the moment.

    Raises:
        AccountSuspendedError: the person is suspended.
        AccountRestrictedError: the person may only read.
    """
    ensure_not_suspended(user)
    standing, _ = standing_of(user)
    if standing == Standing.RESTRICTED:
        raise AccountRestrictedError


def raise_epoch(user: User) -> None:
    """Sign a person out everywhere once the transaction is committed.

    Sessions die by the epoch, wherever they are; open sockets are told to look, so that they close
    at once. The caller holds the row's lock.
    """
    user.auth_epoch += 1
    user.save(update_fields=["auth_epoch", "updated_at"])
    announce_revoked(user.pk)


def announce_revoked(user_id: int) -> None:
    """Tell a person's open sockets, after the commit, that what they may do has changed."""
    announce_on_commit(user_id, {"type": AUTH_REVOKED_EVENT})
