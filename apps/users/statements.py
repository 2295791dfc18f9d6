"""SQL by hand: what every message passes, and what the ORM cannot say.

Each rule agrees with the queryset that is named beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.core.postgresql.statements import Columns, Statement
from apps.users.models import User

_PERSON = Columns(User)
_PERSON_WITH_SESSION = Statement(
    f"""
    SELECT
        EXISTS (
            SELECT FROM django_session
            WHERE session_key = %(session_key)s AND expire_date > %(now)s
        ),
        {_PERSON.of("person")}
    FROM users_user AS person
    WHERE person.id = %(user_id)s
    """  # noqa: S608  names of columns
)

_MADE_WITH = Statement(
    """
    WITH RECURSIVE made AS (
        SELECT made_by_id AS root, id FROM users_apitoken WHERE made_by_id = ANY(%(token_ids)s)
        UNION ALL
        SELECT made.root, later.id
        FROM made JOIN users_apitoken AS later ON later.made_by_id = made.id
    )
    SELECT made.root, token.id, token.user_id
    FROM made JOIN users_apitoken AS token USING (id)
    WHERE token.revoked_at IS NULL
        AND (token.expires_at IS NULL OR token.expires_at > %(now)s)
    """
)


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token that came of another one, at whatever remove.

    Attributes:
        root: the number of the one that was asked about.
        token_id: its own number.
        user_id: whose it is.
    """

    root: int
    token_id: int
    user_id: int


def find_made_with(*, token_ids: Sequence[int], now: datetime) -> list[MadeToken]:
    """Return what was made with these tokens, and with what was made so, as far as it is usable.

    Those between may have ended; `ApiTokenQuerySet.usable` is the same rule.
    """
    rows = _MADE_WITH.rows(token_ids=list(token_ids), now=now)
    return [MadeToken(*row) for row in rows]


def find_person_with_session(
    *, user_id: int, session_key: str | None, now: datetime
) -> tuple[User | None, bool]:
    """Return a person, and whether the session is there and has not expired."""
    row = _PERSON_WITH_SESSION.row(user_id=user_id, session_key=session_key, now=now)
    if row is None:
        return None, False
    has_session, *values = row
    return _PERSON.load(values), has_session
