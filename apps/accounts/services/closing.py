"""The end of an account: closed at once with its answers stopped, erased after the days."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.accounts.constants import ERASED_CONVERSATIONS_AT_ONCE
from apps.conversations.services import deleting, stopping
from apps.users.models import User
from apps.users.services import leaving


@transaction.atomic
def close_account(*, actor: User, now: datetime | None = None) -> User:
    """Stop all answers of the actor, sign them out everywhere and close the account.

    Whoever calls has asked for the password or another factor. It can be brought back until
    `erase_at`; `leaving.come_back` does it.

    Raises:
        LastAdminError: nobody would be left to manage people.
        ServiceAccountError: a service account does nothing to itself.
    """
    stopping.stop_all_of(actor=actor)
    user = leaving.leave(actor=actor, now=now)
    # Once more behind the commit, for a turn that began in between: answers are locked before
    # accounts.
    transaction.on_commit(lambda: stopping.stop_all_of(actor=user), robust=True)
    return user


def erase_step(*, user_id: int, now: datetime | None = None) -> bool:
    """Do one bounded step of erasing an account whose time has passed; tells whether more is left.

    First conversations, a few at a time, then the account with all the rest.
    """
    if not leaving.is_due(user_id=user_id, now=now):
        return False
    limit = ERASED_CONVERSATIONS_AT_ONCE
    if deleting.erase_some(owner_id=user_id, limit=limit) == limit:
        return True
    leaving.erase(user_id=user_id, now=now)
    return False
